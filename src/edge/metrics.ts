/**
 * What the gateway counts. `source` is a configured name or `unknown`; reasons are the arms of
 * failure unions. On Workers each isolate counts for itself: sum over scrapes is not a total there.
 */
import type { CommitListener } from '../archive/contract.ts';
import { createRegistry } from './prometheus.ts';

export interface Metrics {
  accepted(source: string): void;
  duplicate(source: string): void;
  rejected(source: string, reason: string): void;
  quarantined(source: string, reason: string): void;
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

export function createMetrics(): Metrics {
  const registry = createRegistry();
  const accepted = registry.counter('hookline_accepted_total', 'Events acknowledged with 2xx.');
  const duplicate = registry.counter('hookline_duplicate_total', 'Events seen before.');
  const rejected = registry.counter('hookline_rejected_total', 'Deliveries refused, by reason.');
  const quarantined = registry.counter(
    'hookline_quarantined_total',
    'Verified deliveries whose meaning could not be read; their bytes are kept.',
  );
  const parked = registry.counter(
    'hookline_parked_total',
    'Events whose bytes went to Restate because the archive was down.',
  );
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
