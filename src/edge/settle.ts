/** The end of a delivery's way: durable or not, and the answer that says so. */
import type { Verified } from '../core/verification.ts';
import { acceptEvents } from './accept.ts';
import type { Arrival, Receiver } from './arrival.ts';
import type { BodyReservation } from './body-budget.ts';
import { errorText } from './log.ts';
import type { EventPlan } from './plan-event.ts';
import type { DeliveryPlan } from './read-delivery.ts';
import { acknowledge, type EventReceipt, refuse } from './respond.ts';
import { within } from './within.ts';

/** Makes a read delivery durable, counts and logs its events, and answers. */
export async function settle(
  receiver: Receiver,
  arrival: Arrival,
  plan: DeliveryPlan,
  verified: Verified,
  reservation: BodyReservation,
): Promise<Response> {
  const { deps } = receiver;
  const { source } = arrival;
  const all = plan.whole === null ? plan.events : [plan.whole, ...plan.events];
  const receipts = await makeDurable(receiver, arrival, all, reservation);
  if (receipts === null) return refuse({ kind: 'unavailable' });
  const events = plan.whole === null ? receipts : receipts.slice(1);
  const tookMs = deps.wallNow() - arrival.startedAt;
  for (const [index, { record, sends, quarantine }] of plan.events.entries()) {
    const duplicate = events[index]?.duplicate ?? false;
    deps.metrics.accepted(source.id);
    if (duplicate) deps.metrics.duplicate(source.id);
    if (quarantine !== null) deps.metrics.quarantined(source.id, quarantine);
    deps.log[quarantine === null ? 'info' : 'error'](
      quarantine === null ? 'accepted' : 'quarantined',
      {
        source: source.id,
        key: record.key,
        type: record.type,
        subject: record.subject,
        facts: sends.length,
        duplicate,
        secret: verified.secretId,
        tookMs,
        ...(record.note === null ? {} : { note: record.note }),
      },
    );
  }
  deps.metrics.acknowledged(source.id, tookMs);
  return acknowledge(source.provider.delivery.successStatus, events);
}

/** The receipts, or null when something is not durable in time: then the provider must come back. */
export async function makeDurable(
  receiver: Receiver,
  arrival: Arrival,
  plans: readonly EventPlan[],
  reservation: BodyReservation,
): Promise<readonly EventReceipt[] | null> {
  const { deps, limits, flight } = receiver;
  if (flight.count >= limits.inFlightMax) {
    deps.metrics.unavailable(arrival.source.id, 'overloaded');
    return null;
  }
  flight.count += 1;
  // Counted until the work ends, not until the answer: what is late still takes its share.
  const work = acceptEvents(deps, limits, reservation, plans).finally(() => {
    flight.count -= 1;
  });
  const outcome = await within(work, limits.answerMs);
  if (outcome.kind === 'done' && outcome.value.ok) return outcome.value.value;
  const reason =
    outcome.kind === 'late'
      ? 'deadline'
      : outcome.kind === 'failed' || outcome.value.ok
        ? 'bug'
        : outcome.value.failure.reason;
  deps.metrics.unavailable(arrival.source.id, reason);
  deps.log.error('unavailable', {
    source: arrival.source.id,
    reason,
    key: plans[0]?.record.key ?? null,
    ...(outcome.kind === 'failed' ? { error: errorText(outcome.error) } : {}),
  });
  return null;
}
