/**
 * Makes events durable: the bytes in the archive and the facts in Restate, in parallel. Only when
 * both hold may the answer be 2xx; nothing is acknowledged first and done later.
 */
import type { EventRecord } from '../archive/contract.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Accepted, IngressFailure } from '../durable/ingress-contract.ts';
import type { BodyReservation } from './body-budget.ts';
import type { EdgeDeps, EdgeLimits } from './deps.ts';
import { errorText } from './log.ts';
import type { EventPlan, PlannedSend } from './plan-event.ts';
import type { EventReceipt } from './respond.ts';
import { within } from './within.ts';

/** Why the sender must come back: the arm is for log and metrics. */
export type Unavailable =
  | { readonly reason: 'restate'; readonly failure: IngressFailure }
  | { readonly reason: 'archive_and_park'; readonly failure: IngressFailure };

/** Events of one delivery written at once: a batch of a thousand must not open a thousand sockets. */
const PARALLEL_MAX = 32;

/** All or nothing for the sender: one event that is not durable makes the whole delivery come again. */
export async function acceptEvents(
  deps: EdgeDeps,
  limits: EdgeLimits,
  reservation: BodyReservation,
  plans: readonly EventPlan[],
): Promise<Result<readonly EventReceipt[], Unavailable>> {
  const receipts: EventReceipt[] = [];
  for (let start = 0; start < plans.length; start += PARALLEL_MAX) {
    const chunk = plans.slice(start, start + PARALLEL_MAX);
    const outcomes = await Promise.all(
      chunk.map((plan) => acceptEvent(deps, limits, reservation, plan)),
    );
    for (const outcome of outcomes) {
      if (!outcome.ok) return outcome;
      receipts.push(outcome.value);
    }
  }
  return ok(receipts);
}

async function acceptEvent(
  deps: EdgeDeps,
  limits: EdgeLimits,
  reservation: BodyReservation,
  plan: EventPlan,
): Promise<Result<EventReceipt, Unavailable>> {
  const { record } = plan;
  // The archive knowing the event is no reason not to send: the first try may have died between.
  const [kept, ...sent] = await Promise.all([
    keep(deps, limits, reservation, record),
    ...plan.sends.map((send) => sendFact(deps, send)),
  ]);
  for (const answer of sent)
    if (!answer.ok) return fail({ reason: 'restate', failure: answer.failure });
  return kept.ok
    ? ok({ key: record.key, duplicate: kept.value.duplicate })
    : fail({ reason: 'archive_and_park', failure: kept.failure });
}

type Kept = Result<{ readonly duplicate: boolean }, IngressFailure>;

/**
 * In the archive, or in Restate when the archive fails or is late. One that is only late may still
 * be first, and an event that comes to it both ways is known to it by its key.
 */
async function keep(
  deps: EdgeDeps,
  limits: EdgeLimits,
  reservation: BodyReservation,
  record: EventRecord,
): Promise<Kept> {
  const put = startPut(deps, record);
  reservation.keepUntil(put);
  const stored = await within(put, patienceMs(limits, record.body.length));
  if (stored.kind === 'done') return ok(stored.value);
  const isLate = stored.kind === 'late';
  deps.log[isLate ? 'warn' : 'error']('archive_failed', {
    operation: 'put',
    source: record.source,
    key: record.key,
    error: isLate ? `late after ${stored.afterMs} ms` : errorText(stored.error),
  });
  const parking = park(deps, record);
  reservation.keepUntil(parking);
  const storedLate = within(put, limits.answerMs).then((late): Kept | Promise<Kept> =>
    late.kind === 'done' ? ok(late.value) : parking,
  );
  const parkedFirst = parking.then((parked): Kept | Promise<Kept> =>
    parked.ok ? parked : storedLate,
  );
  return Promise.race([storedLate, parkedFirst]);
}

/**
 * Restate takes 25 MiB in one to two seconds. Waiting for the archive first left too little of the
 * time for an answer (3.5 to 4 s in all, measured on two cores; with this 2.6 s).
 */
const PARK_MS_PER_MIB = 40;

/** The larger a body, the earlier its way to Restate must begin. */
function patienceMs(limits: EdgeLimits, bytes: number): number {
  return Math.max(0, Math.round(limits.archiveMs - (bytes / 2 ** 20) * PARK_MS_PER_MIB));
}

/** Async, so that an archive that throws at once fails like one that rejects. */
async function startPut(deps: EdgeDeps, record: EventRecord) {
  return deps.archive.put(record);
}

async function sendFact(
  deps: EdgeDeps,
  send: PlannedSend,
): Promise<Result<Accepted, IngressFailure>> {
  const { kind, subject, message, idempotencyKey } = send;
  const answer = await deps.ingress.sendFact(kind, subject, message, idempotencyKey);
  if (!answer.ok) reportIngress(deps, 'sendFact', message.source, answer.failure);
  return answer;
}

async function park(
  deps: EdgeDeps,
  record: EventRecord,
): Promise<Result<Accepted, IngressFailure>> {
  const answer = await deps.ingress.park({ v: 2, record }, `${record.source}:${record.key}`);
  if (answer.ok) deps.metrics.parked(record.source);
  else reportIngress(deps, 'park', record.source, answer.failure);
  return answer;
}

/** `refused` is our own fault (a handler that is not registered, say): loud, and still 503. */
function reportIngress(
  deps: EdgeDeps,
  operation: string,
  source: string,
  failure: IngressFailure,
): void {
  deps.metrics.ingressFailed(operation, failure.reason);
  const detail = 'detail' in failure ? failure.detail : null;
  const fields = { operation, source, reason: failure.reason, detail };
  if (failure.reason === 'refused' || failure.reason === 'handler')
    deps.log.error('ingress_refused', fields);
  else deps.log.warn('ingress_failed', fields);
}
