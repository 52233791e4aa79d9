/**
 * From one read event to what must be kept and what must be sent. Pure. A meaning that cannot be
 * read is no reason to refuse: the same bytes would come again and fail again, so the event is
 * kept with the reason beside it.
 */
import { EVENT_FLAG, type EventRecord } from '../archive/contract.ts';
import type { Clock } from '../core/clock.ts';
import type { ReceivedEvent } from '../core/event.ts';
import { type Fact, isAlertFact, isPaymentFact, type SubjectKind } from '../core/fact.ts';
import { factsOf } from '../core/fact-table.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type FactMessage, keyProblem, subjectKey } from '../durable/contract.ts';
import type { ResolvedSource } from '../gateway.ts';
import { toFollowUpTime } from './follow-up-time.ts';
import type { QuarantineReason } from './metrics.ts';

/** A delivery whose signature was good. */
export interface VerifiedDelivery {
  readonly source: ResolvedSource;
  /** As sent: what was signed is what is kept. */
  readonly sentBytes: Uint8Array;
  readonly requestHeaders: { get(name: string): string | null };
  readonly keptHeaders: Readonly<Record<string, string>>;
  readonly secretId: string;
  /** Wall time, epoch ms. */
  readonly receivedAt: number;
}

export interface PlannedSend {
  readonly kind: SubjectKind;
  readonly subject: string;
  readonly message: FactMessage;
  readonly idempotencyKey: string;
}

export interface EventPlan {
  readonly record: EventRecord;
  readonly sends: readonly PlannedSend[];
  /** Why its meaning could not be read, for counting. */
  readonly quarantine: QuarantineReason | null;
}

/**
 * One record, and one send for each fact about a payment or an alert. `clock` takes wall time to
 * follow-up time, which the sends are in; the record stays in wall time.
 */
export function planEvent(
  delivery: VerifiedDelivery,
  event: ReceivedEvent,
  clock: Clock,
): EventPlan {
  const { source } = delivery;
  const facts = subjectFactsOf(delivery, event);
  const record: EventRecord = {
    source: source.id,
    key: event.key,
    type: event.type,
    subject: null,
    providerTime: event.providerTimeMs,
    receivedAt: delivery.receivedAt,
    flags: 0,
    headers: delivery.keptHeaders,
    secretId: delivery.secretId,
    body: bytesOf(delivery, event),
    note: null,
  };
  if (!facts.ok)
    return {
      record: { ...record, flags: EVENT_FLAG.quarantined, note: facts.failure },
      sends: [],
      quarantine: 'facts',
    };
  const sends = sendsOf(delivery, event, facts.value, clock);
  const [first] = sends;
  return {
    record: {
      ...record,
      subject: first?.subject ?? null,
      flags: first === undefined ? EVENT_FLAG.untracked : 0,
    },
    sends,
    quarantine: null,
  };
}

/**
 * A verified delivery as a whole, under a key made of its bytes: when it is no readable event, when
 * it is a handshake, and when it holds several events (each of which has a record of its own).
 */
export function planWhole(
  delivery: VerifiedDelivery,
  key: string,
  what: { readonly flag: keyof typeof EVENT_FLAG; readonly note: string | null },
): EventPlan {
  return {
    record: {
      source: delivery.source.id,
      key,
      type: null,
      subject: null,
      providerTime: null,
      receivedAt: delivery.receivedAt,
      flags: EVENT_FLAG[what.flag],
      headers: delivery.keptHeaders,
      secretId: delivery.secretId,
      body: delivery.sentBytes,
      note: what.note,
    },
    sends: [],
    quarantine: what.flag === 'quarantined' ? 'event' : null,
  };
}

type SubjectFactOf = Extract<Fact, { readonly aliases: unknown } | { readonly title: unknown }>;

function subjectFactsOf(
  delivery: VerifiedDelivery,
  event: ReceivedEvent,
): Result<readonly SubjectFactOf[], string> {
  const { provider, alertLabels, id } = delivery.source;
  if (provider.facts === null) return ok([]);
  // Types decide what is followed up: without one (a proxy dropped a header) nobody may conclude
  // that nothing is to be done.
  if (event.type === null) return fail('type: the event has none that can be read');
  const facts = factsOf({
    table: provider.facts,
    event: { type: event.type, json: event.json, headers: delivery.requestHeaders },
    options: { alertLabels },
  });
  if (!facts.ok) return fail(`${facts.failure.path}: ${facts.failure.detail}`);
  // Facts about recipients are archived only; the suppression list does not read them yet.
  const subjectFacts = facts.value.filter((fact) => isPaymentFact(fact) || isAlertFact(fact));
  for (const fact of subjectFacts) {
    const problem = keyProblem(subjectKey(id, fact.ref));
    if (problem !== null) return fail(`ref: ${problem}`);
  }
  return ok(subjectFacts);
}

/**
 * An event that says several things about one subject gets `#1`, `#2`… from the second on: each is
 * a send of its own, and must not be taken for a repetition of the first.
 */
function sendsOf(
  delivery: VerifiedDelivery,
  event: ReceivedEvent,
  facts: readonly SubjectFactOf[],
  clock: Clock,
): readonly PlannedSend[] {
  const seen = new Map<string, number>();
  return facts.map((fact) => {
    const kind: SubjectKind = isPaymentFact(fact) ? 'payment' : 'alert';
    const subject = subjectKey(delivery.source.id, fact.ref);
    const nth = seen.get(`${kind}/${subject}`) ?? 0;
    seen.set(`${kind}/${subject}`, nth + 1);
    const eventKey = nth === 0 ? event.key : `${event.key}#${nth}`;
    return {
      kind,
      subject,
      idempotencyKey: `${delivery.source.id}:${eventKey}`,
      message: {
        v: 1,
        source: delivery.source.id,
        eventKey,
        fact: toFollowUpTime(fact, clock, delivery.receivedAt),
        receivedAt: clock.fromWall(delivery.receivedAt),
        via: 'webhook',
      },
    };
  });
}

/**
 * One event: the delivery's bytes. Of several in one delivery each keeps its own part, because a
 * thousand copies of a megabyte would be a gigabyte; the whole is kept once, beside them.
 */
function bytesOf(delivery: VerifiedDelivery, event: ReceivedEvent): Uint8Array {
  return event.itemCount === 1
    ? delivery.sentBytes
    : new TextEncoder().encode(JSON.stringify(event.json));
}
