/** Rules at the edges: each was broken by a concrete sequence of events once. */
import { describe, expect, it } from 'vitest';
import type { PaymentFact } from '../../../src/core/fact.ts';
import { simulate, stillWanted } from '../../../src/core/follow-up/index.ts';
import type { Policy, SubjectState } from '../../../src/core/follow-up/types.ts';
import type { Ladder } from '../../../src/core/ladder.ts';
import type { Notice } from '../../../src/core/notice.ts';
import { decideDelivery } from '../../../src/core/recipient.ts';
import { afterAttempt } from '../../../src/core/recipient-attempt.ts';
import { newRecipient, type RecipientState } from '../../../src/core/recipient-state.ts';
import { alert, DAY, HOUR, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';

const MINUTE = 60_000;
const day = (n: number): number => MONDAY_NOON + n * DAY;

/** The fields of a policy are read-only to the engine; a new deployment replaces them. */
function deploy(world: World, over: Partial<Policy>): void {
  Object.assign(world.policy, over);
}

/** A fact about one of an invoice's payments, as it arrives once that payment was joined. */
function ofPart(fact: PaymentFact['fact'], at: number, amountMinor: number): PaymentFact {
  return payment(fact, at, { ref: 'pi_1', amountMinor });
}

describe('a subject that was forgotten', () => {
  const lifetimes = (): readonly string[] => {
    const world = new World('alert');
    world.fact(alert('alert.opened', MONDAY_NOON));
    world.advanceTo(MONDAY_NOON + HOUR);
    world.fact(alert('alert.closed', MONDAY_NOON + HOUR));
    world.advanceTo((world.state?.expiresAt ?? 0) + 1);
    world.state = null;
    world.fact(alert('alert.opened', world.now));
    world.advanceTo(world.now + HOUR);
    return world.told
      .filter(({ step }) => step === 'escalation')
      .flatMap(({ to }) => to.map(({ noticeId }) => noticeId));
  };

  it('gives its next notices ids the recipient has not seen', () => {
    const ids = lifetimes();
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  it('gets its escalation delivered although the mailbox remembers the former one', () => {
    const kinds: string[] = [];
    let state = newRecipient();
    for (const [place, id] of lifetimes().entries()) {
      const now = day(place * 40);
      const decision = decideDelivery({
        state,
        notice: notice(id, 'team'),
        now,
        remindersPerDay: 3,
      });
      kinds.push(decision.kind);
      state = decision.state;
    }
    expect(kinds).toEqual(['send', 'send']);
  });

  it('expires no earlier than a whole tombstone after the last settling fact', () => {
    const world = new World();
    world.fact(payment('payment.paid', MONDAY_NOON));
    world.advanceTo(day(39));
    world.fact(payment('payment.refunded', day(39)));
    expect(world.state?.expiresAt).toBeGreaterThanOrEqual(day(39) + 40 * DAY);
  });
});

describe('a source that is paused for an hour', () => {
  it('does not burn the escalations of three weeks to come', () => {
    const world = new World('payment', { paused: 'source' });
    world.fact(payment('payment.failed', MONDAY_NOON, { decline: 'hard' }));
    world.advanceTo(MONDAY_NOON + HOUR);
    deploy(world, { paused: null });
    world.advanceTo(day(44));
    expect(world.steps()).toContain('re-escalation-1');
  });
});

describe('steps that are overdue all at once', () => {
  it('tell somebody when a hold outlasts the ladder', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.give({ kind: 'hold', until: day(50), reason: 'promised', actor: 'ada' });
    world.advanceTo(day(60));
    expect(world.told).not.toEqual([]);
  });

  it('tell somebody when the failure is heard of after the ladder would have ended', () => {
    const world = new World();
    world.now = day(46);
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(60));
    expect(world.told).not.toEqual([]);
  });

  it('do not undo a reopening a second after a person asked for it', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(4));
    world.give({ kind: 'resolve', reason: null, actor: 'ada' });
    world.advanceTo(day(50));
    world.give({ kind: 'reopen', actor: 'ada' });
    world.advanceTo(day(50) + MINUTE);
    expect(world.steps()).not.toEqual(['reminder-1']);
  });
});

describe('a follow-up that is closed twice in one moment', () => {
  it('tells the team once that it is over: nobody heard that it was not', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { amountMinor: 10_000 }));
    world.advanceTo(day(14));
    world.give({ kind: 'hold', until: null, reason: 'promised', actor: 'ada' });
    world.fact(ofPart('payment.paid', day(14), 10_000));
    expect(world.state?.followUp?.closedBy).toBe('paid');
    // Heard late: more was owed, so that the payment did not cover it after all.
    world.fact(payment('payment.failed', day(10), { amountMinor: 20_000 }));
    expect(world.state?.followUp?.closedBy).toBeNull();
    world.fact(ofPart('payment.paid', day(14), 20_000));
    const resolved = world.told.filter(({ template }) => template === 'resolved');
    expect(resolved).toHaveLength(1);
  });
});

describe('a storm of failures after a person resolved an earlier one', () => {
  it('still escalates a day after the first of them', () => {
    const world = new World('alert');
    const opened = () => world.fact(alert('alert.opened', world.now, { severity: 'medium' }));
    opened();
    world.advanceTo(MONDAY_NOON + MINUTE);
    world.give({ kind: 'resolve', reason: 'a flake', actor: 'ada' });
    // A busy default branch: every run fails, one each half hour.
    for (let n = 1; n <= 48 * 4; n += 1) {
      world.advanceTo(MONDAY_NOON + n * 30 * MINUTE);
      opened();
    }
    expect(world.steps()).toEqual(['escalation']);
  });
});

describe('an invoice that takes several payments', () => {
  it('is not settled by one that covers a part', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { amountMinor: 10_000 }));
    world.fact(ofPart('payment.paid', day(1), 4_000));
    expect(world.state?.status).toBe('failed');
  });

  it('is settled by one that covers what is owed', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { amountMinor: 10_000 }));
    world.fact(ofPart('payment.paid', day(1), 10_000));
    expect(world.state?.status).toBe('paid');
  });

  it('is not voided by the cancelling of one of its payments', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { amountMinor: 10_000 }));
    world.fact(ofPart('payment.voided', day(1), 10_000));
    expect(world.state?.status).toBe('failed');
  });

  it('is not settled by the refund of a part', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { amountMinor: 10_000 }));
    world.fact(ofPart('payment.refunded', day(1), 4_000));
    expect(world.state?.status).toBe('failed');
  });

  it('stays disputed when another part is paid', () => {
    const world = new World();
    world.fact(payment('payment.disputed', MONDAY_NOON, { amountMinor: 4_000 }));
    world.fact(payment('payment.paid', day(1), { amountMinor: 10_000 }));
    expect(world.state?.status).toBe('disputed');
  });

  it('is not paid because a dispute about a part was won', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { amountMinor: 10_000 }));
    world.fact(ofPart('payment.disputed', day(1), 4_000));
    world.fact(ofPart('payment.dispute_won', day(2), 4_000));
    expect(world.state?.status).toBe('failed');
  });
});

describe('what a person did', () => {
  it('does not hold an episode that opened after the held one was settled', () => {
    const world = new World('alert');
    world.fact(alert('alert.opened', MONDAY_NOON));
    world.give({ kind: 'hold', until: null, reason: 'known flake', actor: 'ada' });
    world.fact(alert('alert.closed', day(1)));
    world.advanceTo(day(2));
    world.fact(alert('alert.opened', day(2)));
    world.advanceTo(day(9));
    expect(world.steps()).toContain('escalation');
  });

  it('is refused when it would reopen what is open', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(1));
    world.give({ kind: 'resolve', reason: null, actor: 'ada' });
    world.advanceTo(day(20));
    world.fact(payment('payment.failed', day(20)));
    expect(world.give({ kind: 'reopen', actor: 'ada' }).accepted).toBe(false);
    world.advanceTo(day(21));
    expect(world.told).toEqual([]);
  });

  it('is refused when the provider has settled since', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(1));
    world.give({ kind: 'resolve', reason: null, actor: 'ada' });
    world.fact(payment('payment.paid', day(2)));
    expect(world.give({ kind: 'reopen', actor: 'ada' }).accepted).toBe(false);
  });

  it('leaves no follow-up open without a timer after the ladder has ended', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(46));
    expect(world.state?.status).toBe('exhausted');
    world.give({ kind: 'reopen', actor: 'ada' });
    const isOpen = world.state?.followUp?.closedAt === null;
    expect(isOpen && world.timer === null).toBe(false);
  });
});

describe('details of a former episode', () => {
  it('do not call the team at once for a failure that names no decline', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { decline: 'hard' }));
    world.fact(payment('payment.paid', MONDAY_NOON + 1000));
    world.advanceTo(day(30));
    world.fact(payment('payment.failed', day(30)));
    world.advanceTo(day(31));
    expect(world.told).toEqual([]);
  });
});

describe('a config that changes while an episode is open', () => {
  it('leaves an episode on the ladder it opened with before its first step too', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    const { failed } = world.policy.ladders;
    deploy(world, { ladders: { ...world.policy.ladders, failed: { ...failed, id: 'gentle' } } });
    world.fact(payment('payment.failed', MONDAY_NOON + 1000));
    expect(world.state?.followUp?.ladder.id).toBe('payment-failed');
  });

  it('does not open a dispute anew because its ladder has another name now', () => {
    const world = new World();
    world.fact(payment('payment.disputed', MONDAY_NOON));
    world.advanceTo(day(1));
    world.give({ kind: 'acknowledge', actor: 'ada' });
    const { disputed } = world.policy.ladders;
    deploy(world, { ladders: { ...world.policy.ladders, disputed: { ...disputed, id: 'mine' } } });
    world.fact(payment('payment.partially_refunded', day(1)));
    world.advanceTo(day(2));
    expect(world.steps()).toEqual(['escalation']);
  });
});

describe('a reminder that is postponed', () => {
  const ladder: Ladder = {
    id: 'payment-failed',
    version: 1,
    anchor: 'failure',
    steps: [
      { id: 'reminder-1', after: '3d', action: 'remind', template: 'reminder-1' },
      { id: 'escalation', after: '74h', action: 'escalate', template: 'escalation', tier: 1 },
      { id: 'close', after: '45d', action: 'close' },
    ],
  };

  it('does not take an escalation along that falls due before it', () => {
    const world = new World();
    deploy(world, { ladders: { ...world.policy.ladders, failed: ladder } });
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(3));
    const noticeId = world.told[0]?.to[0]?.noticeId ?? '';
    const outcome = { kind: 'postponed', at: day(3), until: day(4), rule: 'daily_cap' } as const;
    world.give({ kind: 'outcome', noticeId, outcome });
    world.advanceTo(day(5));
    const escalation = world.told.find(({ step }) => step === 'escalation');
    expect(escalation?.at).toBe(MONDAY_NOON + 74 * HOUR);
  });
});

function notice(id: string, audience: Notice['audience']): Notice {
  return {
    id,
    subject: 'stripe/in_1',
    kind: 'payment',
    source: 'stripe',
    generation: 1,
    step: 'reminder-1',
    template: 'reminder-1',
    audience,
    to: { address: 'ada@example.com', name: null, locale: null, zone: null },
    intended: null,
    content: {
      amountMinor: null,
      currency: null,
      number: null,
      payUrl: null,
      reason: null,
      anchorAt: null,
      dueAt: null,
      customer: null,
      title: null,
      url: null,
      severity: null,
      cause: null,
      tier: null,
    },
    decidedAt: MONDAY_NOON,
  };
}

describe('a mail server that is down', () => {
  it('lets no more reminders through per day once it is back than the cap', () => {
    let state: RecipientState = newRecipient();
    const kinds = [1, 2, 3, 4, 5].map((n) => {
      const now = MONDAY_NOON + n;
      const decision = decideDelivery({
        state,
        notice: notice(`n${n}`, 'customer'),
        now,
        remindersPerDay: 2,
      });
      state = decision.state;
      if (decision.kind === 'send') {
        const down = { kind: 'retry', error: 'ECONNREFUSED', retryAfterMs: MINUTE } as const;
        ({ state } = afterAttempt(state, decision.pending, down, now));
      }
      return decision.kind;
    });
    expect(kinds).toEqual(['send', 'send', 'answer', 'answer', 'answer']);
  });

  it('does not turn a reminder that waited into one that a hold has skipped for good', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(3));
    const noticeId = world.told[0]?.to[0]?.noticeId ?? '';
    world.give({ kind: 'hold', until: day(4), reason: 'promised', actor: 'ada' });
    const { wanted, rule } = stillWanted(world.state, noticeId, world.policy, null);
    expect([wanted, rule]).toEqual([false, 'held']);
    const outcome = { kind: 'skipped', at: day(3) + HOUR, rule: 'held', detail: null } as const;
    world.give({ kind: 'outcome', noticeId, outcome });
    world.advanceTo(day(5));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-1']);
  });
});

describe('the facts carried for a later link', () => {
  it('hold each once, however often an old event is replayed', () => {
    const world = new World();
    const failed = payment('payment.failed', MONDAY_NOON);
    world.fact(failed, 'evt_first');
    for (let round = 0; round < 5; round += 1) {
      for (let n = 0; n < 64; n += 1) {
        world.fact(payment('payment.linked', MONDAY_NOON + n), `evt_${round}_${n}`);
      }
      world.fact(failed, 'evt_first');
    }
    const keys = world.state?.carried.map(({ eventKey }) => eventKey) ?? [];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('evt_first');
    expect(keys.length).toBeLessThanOrEqual(33);
  });
});

describe('a source in shadow mode', () => {
  it('writes to the first of the team and remembers whom it was meant for', () => {
    const world = new World('payment', { live: false });
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(3));
    const [addressee] = world.told[0]?.to ?? [];
    expect(addressee?.person.address).toBe('team@example.com');
    expect(addressee?.intended).toBe('ada@example.com');
    expect(world.state?.notices[0]).toMatchObject({
      to: 'team@example.com',
      intended: 'ada@example.com',
    });
  });

  it('writes what the customer would have read: their name, language and zone', () => {
    const world = new World('payment', { live: false });
    const email = 'ada@example.com';
    const customer = { email, name: 'Ada', locale: 'de-DE', zone: null, country: 'DE' };
    world.fact(payment('payment.failed', MONDAY_NOON, { customer }));
    world.advanceTo(day(3));
    expect(world.told[0]?.to[0]?.person).toEqual({
      address: 'team@example.com',
      name: 'Ada',
      locale: 'de-DE',
      zone: 'Europe/Berlin',
    });
  });

  it('does not tell the team that reminders did not help, which nobody got', () => {
    const causes = [true, false].map((live) => {
      const world = new World('payment', { live });
      world.fact(payment('payment.failed', MONDAY_NOON));
      world.advanceTo(day(14));
      return world.told.at(-1)?.content.cause;
    });
    expect(causes).toEqual(['ladder', 'no_reminder']);
  });

  it('leaves escalations as they are', () => {
    const world = new World('alert', { live: false });
    world.fact(alert('alert.opened', MONDAY_NOON));
    world.advanceTo(MONDAY_NOON + HOUR);
    expect(world.told[0]?.to[0]?.intended).toBeNull();
  });
});

describe('times that are announced', () => {
  const office: Policy['customerCalendar'] = {
    zone: 'UTC',
    quietHours: { from: '20:00', to: '08:00' },
    businessDays: [1, 2, 3, 4, 5],
    holidays: [],
  };

  it('are times at which a step may come, after a hold as well', () => {
    const world = new World('payment', { customerCalendar: office });
    world.fact(payment('payment.failed', MONDAY_NOON));
    const night = day(4) + 10 * HOUR;
    world.give({ kind: 'hold', until: night, reason: 'promised', actor: 'ada' });
    const next = world.state?.followUp?.next?.at ?? 0;
    expect(new Date(next).toISOString()).toBe('2026-03-09T08:00:00.000Z');
  });

  it('are those that simulate prints', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    const plan = () =>
      simulate({
        state: world.state as SubjectState, // a fact was given above
        ladder: null,
        now: world.now,
        policy: world.policy,
      }).steps;
    world.give({ kind: 'hold', until: day(10), reason: 'promised', actor: 'ada' });
    const next = plan().find(({ state }) => state === 'next');
    expect(next?.at).toBe(world.state?.followUp?.next?.at);
    world.give({ kind: 'hold', until: null, reason: 'longer', actor: 'ada' });
    expect(plan().map(({ state }) => state)).not.toContain('next');
    expect(plan()[0]?.rule).toBe('held');
  });
});
