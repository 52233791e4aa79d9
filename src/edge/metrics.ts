/**
 * What the gateway counts. `source` is a configured name or `unknown`; reasons are the arms of
 * failure unions. On Workers each isolate counts for itself: sum over scrapes is not a total there.
 */
import type { CommitListener } from '../archive/contract.ts';
import type { VerifyFailure } from '../core/verify-failure.ts';
import { createRegistry, type Registry } from './prometheus.ts';

/** Why a delivery to a configured source was refused. */
export type RejectionReason =
  | VerifyFailure['reason']
  | 'content_encoding'
  | 'too_large'
  | 'handshake_malformed';

/** What could not be read of a verified delivery: the event in it, or the facts in the event. */
export type QuarantineReason = 'event' | 'facts';

export interface Metrics {
  accepted(source: string): void;
  duplicate(source: string): void;
  rejected(source: string, reason: RejectionReason): void;
  rejectedUnknownSource(): void;
  quarantined(source: string, reason: QuarantineReason): void;
  parked(source: string): void;
  /** Answered 503: `reason` says which part could not take it. */
  unavailable(source: string, reason: string): void;
  /** From the first byte seen to the answer, for deliveries that were acknowledged. */
  acknowledged(source: string, tookMs: number): void;
  /** Which of the source's secrets matched: shows when an old one may be retired. */
  secretMatched(source: string, secretId: string): void;
  ingressFailed(operation: string, reason: string): void;
  rejectionLost(): void;
  operatorRefused(): void;
  readonly archiveCommitted: CommitListener;
  render(): string;
}

const ACK_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const COMMIT_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** A record, so that the compiler misses no reason. */
const REJECTION_REASONS: Readonly<Record<RejectionReason, true>> = {
  no_secret: true,
  signature_missing: true,
  signature_malformed: true,
  signature_mismatch: true,
  header_duplicated: true,
  timestamp_missing: true,
  timestamp_malformed: true,
  timestamp_too_old: true,
  timestamp_in_future: true,
  signed_part_missing: true,
  signed_part_malformed: true,
  key_id_missing: true,
  key_id_unknown: true,
  requirement_unmet: true,
  token_malformed: true,
  claim_mismatch: true,
  unsupported: true,
  content_encoding: true,
  too_large: true,
  handshake_malformed: true,
};
const QUARANTINE_REASONS: Readonly<Record<QuarantineReason, true>> = { event: true, facts: true };

/** Counted per event; each of these `sources` stands at 0 from the start, so that a rate sees its first. */
function eventCounters(registry: Registry, sources: Iterable<string>) {
  const known = Array.from(sources, (source) => ({ source }));
  const knownBy = (reasons: Readonly<Record<string, true>>) =>
    known.flatMap((labels) => Object.keys(reasons).map((reason) => ({ ...labels, reason })));
  return {
    accepted: registry.counter('hookline_accepted_total', 'Events acknowledged with 2xx.', known),
    duplicate: registry.counter('hookline_duplicate_total', 'Events seen before.', known),
    rejected: registry.counter(
      'hookline_rejected_total',
      'Deliveries refused, by reason.',
      knownBy(REJECTION_REASONS),
    ),
    quarantined: registry.counter(
      'hookline_quarantined_total',
      'Verified deliveries whose meaning could not be read; their bytes are kept.',
      knownBy(QUARANTINE_REASONS),
    ),
    parked: registry.counter(
      'hookline_parked_total',
      'Events whose bytes went to Restate because the archive was down or late.',
      known,
    ),
  };
}

/**
 * `sources`: the names in the config. Times come in as milliseconds and are printed in seconds, the
 * base unit of https://prometheus.io/docs/practices/naming/.
 */
export function createMetrics(sources: Iterable<string>): Metrics {
  const registry = createRegistry();
  const { accepted, duplicate, rejected, quarantined, parked } = eventCounters(registry, sources);
  const unavailable = registry.counter('hookline_unavailable_total', 'Answers 503, by reason.');
  const ack = registry.histogram(
    'hookline_ack_seconds',
    'Time to the acknowledgement of a delivery.',
    ACK_SECONDS,
  );
  const secret = registry.counter('hookline_secret_matched_total', 'Deliveries by secret id.');
  const ingress = registry.counter('hookline_ingress_failed_total', 'Failed calls to Restate.');
  const lost = registry.counter(
    'hookline_rejection_unrecorded_total',
    'Refusals that could not be written to the archive.',
  );
  const operator = registry.counter('hookline_operator_refused_total', 'Wrong operator tokens.');
  const batch = registry.histogram(
    'hookline_archive_batch_size',
    'Records that shared one commit.',
    BATCH_SIZES,
  );
  const commit = registry.histogram(
    'hookline_archive_commit_seconds',
    'Time of one commit, fsync included.',
    COMMIT_SECONDS,
  );
  return {
    accepted: (source) => accepted({ source }),
    duplicate: (source) => duplicate({ source }),
    rejected: (source, reason) => rejected({ source, reason }),
    rejectedUnknownSource: () => rejected({ source: 'unknown', reason: 'unknown_source' }),
    quarantined: (source, reason) => quarantined({ source, reason }),
    parked: (source) => parked({ source }),
    unavailable: (source, reason) => unavailable({ source, reason }),
    acknowledged: (source, tookMs) => ack({ source }, tookMs / 1000),
    secretMatched: (source, secretId) => secret({ source, secret: secretId }),
    ingressFailed: (operation, reason) => ingress({ operation, reason }),
    rejectionLost: () => lost(),
    operatorRefused: () => operator(),
    archiveCommitted: (batchSize, tookMs) => {
      batch({}, batchSize);
      commit({}, tookMs / 1000);
    },
    render: () => registry.render(),
  };
}
