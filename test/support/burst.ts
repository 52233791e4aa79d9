/**
 * A burst of Stripe events and a sender that behaves as Stripe does: every event on its own, again
 * until it hears 2xx, now and then twice, not always in order. Seeded: the same seed, the same story.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildEvent } from '../../src/cli/fixtures/build-event.ts';
import type { PaymentFactName } from '../../src/core/fact.ts';
import { stripeDelivery } from './gateway.ts';

export type Random = () => number;

/** Mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface PlannedEvent {
  readonly key: string;
  /** `stripe/in_…`. */
  readonly subject: string;
  readonly fact: PaymentFactName;
  readonly createdSeconds: number;
  readonly body: string;
  readonly bodySha256: string;
  /** When each delivery begins, ms after the start of the burst: mostly one, sometimes two. */
  readonly deliveriesAt: readonly number[];
}

export interface BurstPlan {
  readonly seed: number;
  readonly events: number;
  readonly payments: number;
  readonly spanMs: number;
  /** Wall time at which the burst begins, epoch ms: `created` of the events counts from it. */
  readonly startMs: number;
}

const TYPES = [
  ['invoice.payment_failed', 'payment.failed', 0.55],
  ['invoice.payment_action_required', 'payment.action_required', 0.8],
  ['invoice.paid', 'payment.paid', 1],
] as const;
const [FAILED, , PAID] = TYPES;

/** The whole story of every payment: about half of them end paid. */
export function planBurst(plan: BurstPlan): readonly PlannedEvent[] {
  const random = randomOf(plan.seed);
  const perPayment = plan.events / plan.payments;
  if (!Number.isInteger(perPayment)) throw new Error('events must be a multiple of payments');
  return Array.from({ length: plan.payments }, (_, payment) => {
    const moments = Array.from({ length: perPayment }, () => random() * plan.spanMs).sort(
      (a, b) => a - b,
    );
    const endsPaid = random() < 0.5;
    return moments.map((at, place) => {
      const drawn = random();
      const type = TYPES.find(([, , upTo]) => drawn < upTo) ?? PAID;
      const isLast = place === perPayment - 1;
      return plannedEvent(plan, random, payment, at, isLast ? (endsPaid ? PAID : FAILED) : type);
    });
  }).flat();
}

function plannedEvent(
  { seed, startMs }: BurstPlan,
  random: Random,
  payment: number,
  atMs: number,
  [type, fact]: (typeof TYPES)[number],
): PlannedEvent {
  const invoice = `in_fault${seed}x${String(payment).padStart(3, '0')}`;
  const createdSeconds = Math.floor((startMs + atMs) / 1000);
  const event = buildEvent({
    provider: 'stripe',
    type,
    nowSeconds: createdSeconds,
    random,
    set: {
      'data.object.id': invoice,
      'data.object.customer_email': `customer${payment}@payers.test`,
      'data.object.number': `F-${payment}`,
    },
  });
  if (!event.ok) throw new Error(`no fixture: ${event.failure.reason}`);
  // One in three is overtaken by what happened up to a second later.
  const first = atMs + random() * (random() < 0.33 ? 1000 : 20);
  const again = random() < 0.2 ? [first + random() * 1500] : [];
  return {
    key: event.value.id,
    subject: `stripe/${invoice}`,
    fact,
    createdSeconds,
    body: event.value.body,
    bodySha256: createHash('sha256').update(event.value.body).digest('hex'),
    deliveriesAt: [first, ...again],
  };
}

/** One HTTP request of the sender. `status` null: no answer came. Times in epoch ms, fractional. */
export interface Attempt {
  readonly key: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly status: number | null;
  readonly retryAfter: string | null;
}

export interface RunningBurst {
  readonly attempts: readonly Attempt[];
  /** Events that heard 2xx so far. */
  acked(): number;
  untilAcked(count: number): Promise<void>;
  /** Resolves once every delivery heard 2xx; rejects when one did not within the limit. */
  readonly done: Promise<void>;
}

export interface Target {
  readonly url: string;
  readonly secret: string;
  readonly giveUpAfterMs?: number;
}

/** Epoch ms with fractions: two events in one millisecond still have an order. */
export const preciseNow = (): number => performance.timeOrigin + performance.now();

export function sendBurst(
  events: readonly PlannedEvent[],
  target: Target,
  seed: number,
): RunningBurst {
  const attempts: Attempt[] = [];
  const acked = new Set<string>();
  const random = randomOf(seed + 1);
  const startedAt = performance.now();
  const lines = createLines(IN_FLIGHT_MAX);
  const deliver = async (event: PlannedEvent, atMs: number): Promise<void> => {
    await sleep(Math.max(0, atMs - (performance.now() - startedAt)));
    const giveUpAt = performance.now() + (target.giveUpAfterMs ?? 60_000);
    for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 2_000)) {
      const attempt = await lines(() => post(event, target));
      attempts.push(attempt);
      if (attempt.status !== null && attempt.status >= 200 && attempt.status < 300) {
        acked.add(event.key);
        return;
      }
      if (performance.now() > giveUpAt) throw new Error(`${event.key}: never acknowledged`);
      await sleep(waitMs * (0.5 + random()));
    }
  };
  const done = Promise.all(
    events.flatMap((event) => event.deliveriesAt.map((atMs) => deliver(event, atMs))),
  ).then(() => undefined);
  done.catch(() => undefined); // Whoever awaits it hears; a test that failed before does not.
  return {
    attempts,
    acked: () => acked.size,
    done,
    untilAcked: async (count) => {
      while (acked.size < count) await sleep(2);
    },
  };
}

/** Stripe holds few connections to one endpoint; a slow one makes it wait, not flood. */
const IN_FLIGHT_MAX = 40;

/** Runs at most `count` at once, first come, first served. */
function createLines(count: number) {
  const waiting: (() => void)[] = [];
  let free = count;
  return async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** Signed anew at every attempt, as Stripe does. */
export async function post(
  event: Pick<PlannedEvent, 'key' | 'body'>,
  { url, secret }: Target,
): Promise<Attempt> {
  const { body, headers } = stripeDelivery(event.body, { secret });
  const sentAt = preciseNow();
  const ended = (status: number | null, retryAfter: string | null): Attempt => ({
    key: event.key,
    sentAt,
    endedAt: preciseNow(),
    status,
    retryAfter,
  });
  try {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(url, { method: 'POST', body: Buffer.from(body), headers, signal });
    await response.arrayBuffer();
    return ended(response.status, response.headers.get('retry-after'));
  } catch {
    return ended(null, null);
  }
}
