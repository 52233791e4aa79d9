/** A world for the engine alone: a clock, one pending timer, and everything it was told to do. */

import { defaultLadders } from '../../src/core/default-ladders.ts';
import type { AlertFact, PaymentFact, PaymentFactName } from '../../src/core/fact.ts';
import { type DecideInput, decide } from '../../src/core/follow-up/index.ts';
import type {
  Decision,
  Effect,
  Input,
  Policy,
  SubjectState,
} from '../../src/core/follow-up/types.ts';
import type { Calendar, Ladder } from '../../src/core/ladder.ts';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
/** Monday 2026-03-02 12:00 UTC: far from weekends, quiet hours and clock changes. */
export const MONDAY_NOON = Date.UTC(2026, 2, 2, 12);

export const ALWAYS: Calendar = {
  zone: 'UTC',
  quietHours: null,
  businessDays: [1, 2, 3, 4, 5, 6, 7],
  holidays: [],
};

function ladder(id: string): Ladder {
  const found = defaultLadders.get(id);
  if (found === undefined) throw new Error(`no ladder ${id}`);
  return found;
}

export function policy(over: Partial<Policy> = {}): Policy {
  return {
    paused: null,
    live: true,
    excludedCustomers: [],
    ladders: {
      failed: ladder('payment-failed'),
      actionRequired: ladder('action-required'),
      due: ladder('invoice-due'),
      disputed: ladder('payment-disputed'),
      alert: {
        critical: ladder('alert-critical'),
        high: ladder('alert-high'),
        medium: ladder('alert-medium'),
        low: ladder('alert-low'),
      },
    },
    customerCalendar: ALWAYS,
    teamCalendar: ALWAYS,
    tiers: [
      [{ address: 'team@example.com', name: null, locale: null, zone: null }],
      [
        { address: 'lead@example.com', name: null, locale: null, zone: null },
        { address: 'team@example.com', name: null, locale: null, zone: null },
      ],
    ],
    highAmountMinor: { USD: 1_000_000 },
    escalateHardDeclines: true,
    providerRetryWithinMs: DAY,
    minGapMs: 20 * HOUR,
    settleMs: 60_000,
    tombstoneMs: 40 * DAY,
    ...over,
  };
}

export function payment(
  name: PaymentFactName,
  occurredAt: number | null,
  over: Partial<PaymentFact> = {},
): PaymentFact {
  return {
    fact: name,
    ref: 'in_1',
    aliases: [],
    amountMinor: 4900,
    currency: 'USD',
    customer: { email: 'ada@example.com', name: 'Ada', locale: null, zone: null, country: null },
    number: null,
    payUrl: null,
    reason: null,
    decline: null,
    attemptCount: null,
    nextAttemptAt: null,
    dueAt: null,
    occurredAt,
    ...over,
  };
}

export function alert(
  fact: AlertFact['fact'],
  occurredAt: number | null,
  over: Partial<AlertFact> = {},
): AlertFact {
  return {
    fact,
    ref: 'octo/repo/dependabot/1',
    severity: 'high',
    title: 'Prototype pollution',
    url: null,
    assigneeLogins: [],
    occurredAt,
    ...over,
  };
}

type Notify = Effect & { kind: 'notify' };

/** A telling, with how the subject stood at that moment and in which episode. */
export interface Told extends Notify {
  readonly at: number;
  readonly status: SubjectState['status'];
  readonly held: boolean;
  readonly episode: number;
}

/** Erasable TypeScript has no parameter properties, so fields are spelt out. */
export class World {
  state: SubjectState | null = null;
  now = MONDAY_NOON;
  timer: { at: number; generation: number } | null = null;
  readonly told: Told[] = [];
  readonly effects: Effect[] = [];
  readonly kind: DecideInput['kind'];
  readonly policy: Policy;
  private events = 0;
  private episodes = 0;

  constructor(kind: DecideInput['kind'] = 'payment', over: Partial<Policy> = {}) {
    this.kind = kind;
    this.policy = policy(over);
  }

  give(input: Input): Decision {
    const decision = decide({
      state: this.state,
      subject: 'stripe/in_1',
      kind: this.kind,
      input,
      now: this.now,
      policy: this.policy,
    });
    this.state = decision.state;
    if (decision.rule === 'opened') this.episodes += 1;
    for (const effect of decision.effects) this.apply(effect);
    return decision;
  }

  fact(fact: PaymentFact | AlertFact, eventKey = `evt_${++this.events}`): Decision {
    return this.give({ kind: 'fact', fact, eventKey, via: 'webhook' });
  }

  /** Lets time pass; timers fire when they are due, as a correct scheduler would. */
  advanceTo(at: number): void {
    for (let fired = 0; this.timer !== null && this.timer.at <= at; fired += 1) {
      if (fired > 1000) throw new Error('timers never come to rest');
      const { generation } = this.timer;
      this.now = Math.max(this.now, this.timer.at);
      this.timer = null;
      this.give({ kind: 'timer', generation });
    }
    this.now = Math.max(this.now, at);
  }

  steps(): readonly string[] {
    return this.told.map(({ step }) => step);
  }

  private apply(effect: Effect): void {
    this.effects.push(effect);
    if (effect.kind === 'arm') this.timer = { at: effect.at, generation: effect.generation };
    if (effect.kind === 'disarm') this.timer = null;
    if (effect.kind === 'notify') {
      const { status, hold } = this.state ?? { status: 'unknown', hold: null };
      const episode = this.episodes;
      this.told.push({ ...effect, at: this.now, status, held: hold !== null, episode });
    }
  }
}
