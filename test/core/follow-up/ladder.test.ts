import { describe, expect, it } from 'vitest';
import { simulate, stillWanted } from '../../../src/core/follow-up/index.ts';
import { alert, DAY, HOUR, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';

const day = (n: number): number => MONDAY_NOON + n * DAY;

function failed(over: Parameters<typeof payment>[2] = {}): World {
  const world = new World();
  world.fact(payment('payment.failed', MONDAY_NOON, over));
  return world;
}

describe('the ladder of a failed payment', () => {
  it('reminds on day 3 and day 7 and escalates on day 14, once each, in order', () => {
    const world = failed();
    world.advanceTo(day(20));
    expect(world.told.map(({ step, at }) => [step, (at - MONDAY_NOON) / DAY])).toEqual([
      ['reminder-1', 3],
      ['reminder-final', 7],
      ['escalation', 14],
    ]);
  });

  it('sends nothing one millisecond before day 3', () => {
    const world = failed();
    world.advanceTo(day(3) - 1);
    expect(world.told).toEqual([]);
  });

  it('stops the moment the money arrives', () => {
    const world = failed();
    world.advanceTo(day(4));
    world.fact(payment('payment.paid', day(4)));
    world.advanceTo(day(60));
    expect(world.steps()).toEqual(['reminder-1']);
    expect(world.state?.status).toBe('paid');
    expect(world.timer).toBeNull();
  });

  it('lets a payment in the same second as the failure win', () => {
    const world = failed();
    world.fact(payment('payment.paid', MONDAY_NOON));
    expect(world.state?.followUp?.status).toBe('closed');
  });

  it('opens a new episode for a failure one second newer than the payment', () => {
    const world = failed();
    world.advanceTo(day(4));
    world.fact(payment('payment.paid', day(4)));
    world.fact(payment('payment.failed', day(4) + 1000));
    world.advanceTo(day(12));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-1', 'reminder-final']);
  });

  it('does not open for a failure older than the payment that overtook it', () => {
    const world = new World();
    world.fact(payment('payment.paid', MONDAY_NOON + 1000));
    const late = world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(60));
    expect(late.rule).toBe('stale');
    expect(world.told).toEqual([]);
  });

  it('adds no second chain when the provider retries and fails again', () => {
    const world = failed();
    for (const n of [1, 2, 5]) {
      world.advanceTo(day(n));
      world.fact(payment('payment.failed', day(n)));
    }
    world.advanceTo(day(20));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-final', 'escalation']);
  });

  it('does not set its timer anew for a fact that moves nothing', () => {
    const world = failed();
    world.fact(payment('payment.failed', MONDAY_NOON + 1000));
    world.fact(payment('payment.partially_refunded', MONDAY_NOON + 2000));
    expect(world.effects.filter(({ kind }) => kind === 'arm')).toHaveLength(1);
    expect(world.state?.generation).toBe(1);
  });

  it('re-escalates until acknowledged, then ends by itself', () => {
    const world = failed();
    world.advanceTo(day(60));
    expect(world.steps()).toEqual([
      'reminder-1',
      'reminder-final',
      'escalation',
      're-escalation-1',
      're-escalation-2',
    ]);
    expect(world.state?.status).toBe('exhausted');
    expect(world.timer).toBeNull();
  });

  it('collapses steps that are past when the follow-up opens into the newest', () => {
    const world = new World();
    world.now = day(8);
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(8) + HOUR);
    expect(world.steps()).toEqual(['reminder-final']);
    const rules = world.state?.followUp?.steps.map(({ step, rule }) => [step, rule]);
    expect(rules).toEqual([
      ['reminder-1', 'collapsed'],
      ['reminder-final', null],
    ]);
  });

  it('keeps the ladder it opened with when the config changes', () => {
    const world = failed();
    const pinned = world.state?.followUp?.ladder;
    const steps = pinned?.steps.slice(-1) ?? [];
    Object.assign(world.policy, {
      ladders: {
        ...world.policy.ladders,
        failed: { ...world.policy.ladders.failed, version: 9, steps },
      },
    });
    world.fact(payment('payment.failed', MONDAY_NOON + 1000));
    expect(world.state?.followUp?.ladder).toEqual(pinned);
  });
});

describe('a fact that opens nothing', () => {
  const lineOf = (world: World): readonly unknown[] => {
    const { decision, rule } = world.state?.timeline.at(-1) ?? {};
    return [decision, rule];
  };

  it.each([
    ['payment.paid', 'noted; paid'],
    ['payment.voided', 'noted; voided'],
    ['payment.linked', 'noted; nothing to follow up yet'],
    ['payment.partially_refunded', 'noted; nothing to follow up yet'],
  ] as const)('belongs to no episode where there never was one: %s', (name, decision) => {
    const world = new World();
    world.fact(payment(name, MONDAY_NOON));
    expect(lineOf(world)).toEqual([decision, 'no_episode']);
  });

  it('belongs to no episode of an alert that nobody opened', () => {
    const world = new World('alert');
    world.fact(alert('alert.updated', MONDAY_NOON));
    expect(lineOf(world)).toEqual(['noted; nothing to follow up yet', 'no_episode']);
    world.fact(alert('alert.closed', MONDAY_NOON + 1000));
    expect(lineOf(world)).toEqual(['noted; closed', 'no_episode']);
  });

  it('belongs to the episode that is open', () => {
    const world = failed();
    world.fact(payment('payment.linked', MONDAY_NOON + 1000));
    expect(lineOf(world)).toEqual(['noted; failed', 'same_episode']);
  });

  it('belongs to the episode that it comes after', () => {
    const world = failed();
    world.fact(payment('payment.paid', MONDAY_NOON + 1000));
    world.fact(payment('payment.partially_refunded', MONDAY_NOON + 2000));
    expect(lineOf(world)).toEqual(['noted; paid', 'same_episode']);
  });
});

describe('what keeps a reminder from being sent, with the rule', () => {
  const ruleOfFirst = (world: World): unknown =>
    world.state?.followUp?.steps.find(({ step }) => step === 'reminder-1')?.rule;

  it('skips when the provider itself tries again within a day', () => {
    const world = failed({ nextAttemptAt: day(4) });
    world.advanceTo(day(3));
    expect(world.told).toEqual([]);
    expect(ruleOfFirst(world)).toBe('provider_retry_due');
  });

  it('sends when the provider tries again one second later than a day', () => {
    const world = failed({ nextAttemptAt: day(4) + 1000 });
    world.advanceTo(day(3));
    expect(world.steps()).toEqual(['reminder-1']);
  });

  it('skips a customer without an address, and still escalates', () => {
    const world = failed({
      customer: { email: null, name: 'Ada', locale: null, zone: null, country: null },
    });
    world.advanceTo(day(15));
    expect(ruleOfFirst(world)).toBe('no_address');
    expect(world.steps()).toEqual(['escalation']);
  });

  it('skips an excluded customer whatever the case of the address', () => {
    const world = new World('payment', { excludedCustomers: ['ada@example.com'] });
    world.fact(
      payment('payment.failed', MONDAY_NOON, {
        customer: { email: 'Ada@Example.com', name: null, locale: null, zone: null, country: null },
      }),
    );
    world.advanceTo(day(3));
    expect(ruleOfFirst(world)).toBe('customer_excluded');
  });

  it('lets the stop of everything win over every other rule', () => {
    const world = new World('payment', {
      paused: 'all',
      excludedCustomers: ['ada@example.com'],
    });
    world.fact(payment('payment.failed', MONDAY_NOON, { nextAttemptAt: day(3) + HOUR }));
    world.advanceTo(day(60));
    expect(ruleOfFirst(world)).toBe('all_paused');
    expect(world.told).toEqual([]);
  });

  it('postpones out of quiet hours and records it', () => {
    const world = new World('payment', {
      customerCalendar: {
        zone: 'UTC',
        quietHours: { from: '20:00', to: '08:00' },
        businessDays: [1, 2, 3, 4, 5],
        holidays: [],
      },
    });
    const night = Date.UTC(2026, 2, 2, 23);
    world.fact(payment('payment.failed', night));
    world.advanceTo(day(12));
    expect(world.told.map(({ step, at }) => [step, new Date(at).toISOString()])).toEqual([
      ['reminder-1', '2026-03-06T08:00:00.000Z'],
      ['reminder-final', '2026-03-10T08:00:00.000Z'],
    ]);
  });

  it('keeps the minimum gap between two mails to the customer', () => {
    const world = new World('payment', { minGapMs: 5 * DAY });
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(10));
    expect(world.told.map(({ at }) => (at - MONDAY_NOON) / DAY)).toEqual([3, 8]);
  });

  it('owes a step again that the recipient postponed, under a new notice', () => {
    const world = failed();
    world.advanceTo(day(3));
    const first = world.told[0]?.to[0]?.noticeId ?? '';
    world.give({
      kind: 'outcome',
      noticeId: first,
      outcome: { kind: 'postponed', at: day(3), until: day(4), rule: 'daily_cap' },
    });
    world.advanceTo(day(4));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-1']);
    expect(world.told[1]?.to[0]?.noticeId).not.toBe(first);
  });

  it('tells a recipient about to send that the customer has paid meanwhile', () => {
    const world = failed();
    world.advanceTo(day(3));
    const noticeId = world.told[0]?.to[0]?.noticeId ?? '';
    expect(stillWanted(world.state, noticeId, world.policy, null)).toEqual({
      wanted: true,
      rule: null,
      until: null,
    });
    world.fact(payment('payment.paid', day(3)));
    expect(stillWanted(world.state, noticeId, world.policy, null)).toEqual({
      wanted: false,
      rule: 'settled',
      until: null,
    });
  });
});

describe('when the team hears at once', () => {
  it('escalates a hard decline after the settling wait and still reminds the customer', () => {
    const world = failed({ decline: 'hard' });
    world.advanceTo(MONDAY_NOON + 60_000);
    expect(world.steps()).toEqual(['escalation']);
    expect(world.told[0]?.content.cause).toBe('hard_decline');
    world.advanceTo(day(8));
    expect(world.steps()).toEqual(['escalation', 'reminder-1', 'reminder-final']);
  });

  it('raises no alarm for a failure whose payment lands within the settling wait', () => {
    const world = failed({ decline: 'hard' });
    world.advanceTo(MONDAY_NOON + 59_999);
    world.fact(payment('payment.paid', MONDAY_NOON + 1000));
    world.advanceTo(day(60));
    expect(world.told).toEqual([]);
  });

  it('escalates an amount at the limit, not one minor unit below', () => {
    const over = failed({ amountMinor: 1_000_000 });
    const under = failed({ amountMinor: 999_999 });
    for (const world of [over, under]) world.advanceTo(day(1));
    expect(over.steps()).toEqual(['escalation']);
    expect(under.steps()).toEqual([]);
  });

  it('takes a dispute to the team and writes nothing to the customer', () => {
    const world = new World();
    world.fact(payment('payment.paid', MONDAY_NOON));
    world.fact(payment('payment.disputed', MONDAY_NOON + 5000));
    world.advanceTo(day(20));
    expect(world.state?.status).toBe('disputed');
    expect(world.told.every(({ audience }) => audience === 'team')).toBe(true);
    expect(world.told[0]?.content.cause).toBe('disputed');
    world.fact(payment('payment.dispute_won', day(20)));
    expect(world.state?.status).toBe('paid');
    expect(world.steps().at(-1)).toBe('resolved');
  });
});

describe('invoices with a due date', () => {
  it('reminds before and after the due date, on a ladder of its own', () => {
    const world = new World();
    world.fact(payment('payment.due', MONDAY_NOON, { dueAt: day(30) }));
    world.advanceTo(day(46));
    expect(world.told.map(({ template, at }) => [template, (at - MONDAY_NOON) / DAY])).toEqual([
      ['invoice-upcoming', 27],
      ['reminder-1', 31],
      ['reminder-2', 37],
      ['reminder-final', 44],
    ]);
  });

  it('joins the due ladder late when only the overdue notice arrives', () => {
    const world = new World();
    world.now = day(32);
    world.fact(payment('payment.overdue', day(32), { dueAt: day(30) }));
    world.advanceTo(day(33));
    expect(world.told.map(({ template }) => template)).toEqual(['reminder-1']);
  });
});

describe('alerts', () => {
  it('escalates by severity and closes when the provider says so', () => {
    const world = new World('alert');
    world.fact(alert('alert.opened', MONDAY_NOON));
    world.advanceTo(MONDAY_NOON + 2 * HOUR);
    world.fact(alert('alert.closed', MONDAY_NOON + 2 * HOUR));
    world.advanceTo(day(40));
    expect(world.steps()).toEqual(['escalation', 'resolved']);
  });

  it('is not opened by an update', () => {
    const world = new World('alert');
    world.fact(alert('alert.closed', MONDAY_NOON));
    world.fact(alert('alert.updated', MONDAY_NOON + 1000));
    expect(world.state?.status).toBe('closed');
    expect(world.timer).toBeNull();
  });
});

describe('simulate', () => {
  it('prints every step with its date, and which is next', () => {
    const world = failed();
    world.advanceTo(day(4));
    const { steps } = simulate({
      state: world.state as NonNullable<typeof world.state>, // a fact was given above
      ladder: null,
      now: world.now,
      policy: world.policy,
    });
    expect(steps.map(({ step, state, at }) => [step, state, (at - MONDAY_NOON) / DAY])).toEqual([
      ['reminder-1', 'done', 3],
      ['reminder-final', 'next', 7],
      ['escalation', 'planned', 14],
      ['re-escalation-1', 'planned', 21],
      ['re-escalation-2', 'planned', 28],
      ['close', 'planned', 45],
    ]);
  });
});
