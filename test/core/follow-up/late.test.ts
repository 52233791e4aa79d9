/** A ladder that begins late, or goes on late: who hears what, and whether it is true. */
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../src/core/follow-up/index.ts';
import { alert, DAY, HOUR, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';

const day = (n: number): number => MONDAY_NOON + n * DAY;

function heldUntil(until: number): World {
  const world = new World();
  world.fact(payment('payment.failed', MONDAY_NOON));
  world.give({ kind: 'hold', until, reason: 'promised', actor: 'ada' });
  return world;
}

function told(world: World): readonly unknown[] {
  return world.told.map(({ at, step, template, content }) => [
    (at - MONDAY_NOON) / DAY,
    step,
    template,
    content.cause,
  ]);
}

describe('a team that was never told', () => {
  it('hears of it as an escalation from the first tier on, however late', () => {
    const world = heldUntil(day(30));
    world.advanceTo(day(30) + HOUR);
    expect(told(world)).toEqual([[30, 'escalation', 'escalation', 'no_reminder']]);
  });

  it('hears again a day later, and once, when every further step is overdue as well', () => {
    const world = heldUntil(day(30));
    world.advanceTo(day(40));
    expect(told(world).slice(1)).toEqual([[31, 're-escalation-2', 're-escalation', 'no_reminder']]);
  });

  it('has its days to answer before the ladder ends', () => {
    const world = heldUntil(day(50));
    world.advanceTo(day(54) - 1);
    expect(world.state?.status).toBe('failed');
    world.advanceTo(day(54));
    expect(world.state?.status).toBe('exhausted');
  });

  it('is not told that it was, when what was to tell it had been skipped', () => {
    const world = new World('payment', { paused: 'source' });
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(15));
    Object.assign(world.policy, { paused: null });
    world.advanceTo(day(22));
    expect(told(world)).toEqual([[21, 're-escalation-1', 'escalation', 'no_reminder']]);
  });

  it('reads of reminders only when one went out', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(15));
    expect(world.told.at(-1)?.content.cause).toBe('ladder');
  });

  it('does not read of reminders when the only one was refused for good', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    for (const at of [day(3), day(7)]) {
      world.advanceTo(at);
      const noticeId = world.told.at(-1)?.to[0]?.noticeId ?? '';
      const outcome = { kind: 'failed', at, error: '550 no such mailbox' } as const;
      world.give({ kind: 'outcome', noticeId, outcome });
    }
    world.advanceTo(day(14));
    expect(world.told.at(-1)?.content.cause).toBe('no_reminder');
  });

  it('reads of no reminders where an alert is open', () => {
    const world = new World('alert');
    world.fact(alert('alert.opened', MONDAY_NOON));
    world.advanceTo(day(2));
    expect(world.told.map(({ content }) => content.cause)).toEqual([null, null]);
  });
});

describe('the last escalation of a ladder', () => {
  const lastOf = (world: World): readonly unknown[] =>
    world.told
      .filter(({ audience, template }) => audience === 'team' && template !== 'resolved')
      .map(({ step, content }) => [step, content.isLastEscalation]);

  it('says that it is the last; those before it say nothing of that', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(60));
    expect(lastOf(world)).toEqual([
      ['escalation', undefined],
      ['re-escalation-1', undefined],
      ['re-escalation-2', true],
    ]);
    expect(world.told.find(({ audience }) => audience === 'customer')?.content).not.toHaveProperty(
      'isLastEscalation',
    );
  });

  it('may be the first', () => {
    const world = new World('alert');
    world.fact(alert('alert.opened', MONDAY_NOON, { severity: 'low' }));
    world.advanceTo(day(60));
    expect(lastOf(world)).toEqual([['escalation', true]]);
  });

  it('is the same however late: one of three that are overdue is left out, and not the last', () => {
    const world = heldUntil(day(30));
    world.advanceTo(day(40));
    expect(lastOf(world)).toEqual([
      ['escalation', undefined],
      ['re-escalation-2', true],
    ]);
  });

  it('is not the one that comes before its time', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { decline: 'hard' }));
    world.advanceTo(day(60));
    expect(lastOf(world)).toEqual([
      ['escalation', undefined],
      ['re-escalation-1', undefined],
      ['re-escalation-2', true],
    ]);
  });

  it('is the one that is owed again after a later one was told', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(14));
    const noticeId = world.told.at(-1)?.to[0]?.noticeId ?? '';
    world.advanceTo(day(28));
    const outcome = {
      kind: 'postponed',
      at: day(28),
      until: day(29),
      rule: 'quiet_hours',
    } as const;
    world.give({ kind: 'outcome', noticeId, outcome });
    world.advanceTo(day(60));
    expect(lastOf(world).at(-1)).toEqual(['escalation', true]);
  });

  it('is not what is told when it is over', () => {
    const world = new World('alert');
    world.fact(alert('alert.opened', MONDAY_NOON, { severity: 'low' }));
    world.advanceTo(day(8));
    world.fact(alert('alert.closed', day(8)));
    expect(world.told.at(-1)?.template).toBe('resolved');
    expect(world.told.at(-1)?.content).not.toHaveProperty('isLastEscalation');
  });
});

describe('a re-escalation', () => {
  it('keeps its own time when the escalation was late by less than half the way', () => {
    const world = heldUntil(day(16));
    world.advanceTo(day(29));
    expect(told(world).map((row) => [row].flat(2).slice(0, 2))).toEqual([
      [16, 'escalation'],
      [21, 're-escalation-1'],
      [28, 're-escalation-2'],
    ]);
  });

  it('leaves half its distance to who is called within hours', () => {
    const world = new World('alert');
    world.now = MONDAY_NOON + 13 * HOUR;
    world.fact(alert('alert.opened', MONDAY_NOON, { severity: 'critical' }));
    world.advanceTo(MONDAY_NOON + 20 * HOUR);
    const minutes = world.told.map(({ at }) => Math.round((at - MONDAY_NOON) / 60_000));
    expect(minutes).toEqual([13 * 60 + 1, 15 * 60 + 1, 19 * 60 + 1]);
  });
});

describe('simulate of a ladder that runs late', () => {
  it('says of each step what then happens to it', () => {
    const world = heldUntil(day(30));
    const { state, now, policy } = world;
    if (state === null) throw new Error('nothing was said');
    const { steps } = simulate({ state, ladder: null, now, policy });
    const first = steps.map(({ step, state: what, rule }) => [step, what, rule]);
    expect(first.slice(0, 3)).toEqual([
      ['reminder-1', 'skipped', 'collapsed'],
      ['reminder-final', 'skipped', 'collapsed'],
      ['escalation', 'next', null],
    ]);
  });
});

describe('what is heard late', () => {
  it('repeats no reminder because an older failure and its payment are reported after it', () => {
    const world = new World();
    world.now = day(7);
    world.fact(payment('payment.failed', day(4)));
    world.advanceTo(day(7) + HOUR);
    expect(world.steps()).toEqual(['reminder-1']);
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.fact(payment('payment.paid', MONDAY_NOON + HOUR));
    world.advanceTo(day(10));
    expect(world.steps()).toEqual(['reminder-1']);
  });

  it('begins anew for a failure that came up after everything that was done for the paid one', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(4));
    world.fact(payment('payment.failed', day(4)));
    world.fact(payment('payment.paid', day(4) - HOUR));
    world.advanceTo(day(8));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-1']);
  });

  it.each([
    ['before', ['payment.paid', 'payment.failed']],
    ['after', ['payment.failed', 'payment.paid']],
  ] as const)(
    'tells the team that it is over when the payment is heard %s the next failure',
    (_, order) => {
      const world = new World();
      world.fact(payment('payment.failed', MONDAY_NOON));
      world.advanceTo(day(15));
      const said = {
        'payment.paid': payment('payment.paid', day(15) - HOUR),
        'payment.failed': payment('payment.failed', day(15)),
      };
      for (const name of order) world.fact(said[name]);
      const last = world.told.at(-1);
      expect(last?.template).toBe('resolved');
      expect(last?.content.cause).toBe('paid');
    },
  );
});

describe('a mail that waits', () => {
  function waiting(): { readonly world: World; readonly noticeId: string } {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(3));
    const noticeId = world.told[0]?.to[0]?.noticeId ?? '';
    const outcome = { kind: 'retrying', at: day(3), attempt: 1, error: '451' } as const;
    world.give({ kind: 'outcome', noticeId, outcome });
    return { world, noticeId };
  }

  it('keeps its distance from the next, counted from when it went', () => {
    const { world, noticeId } = waiting();
    world.advanceTo(day(7) - 2 * HOUR);
    const outcome = { kind: 'sent', at: world.now, messageId: '<m@x>' } as const;
    world.give({ kind: 'outcome', noticeId, outcome });
    world.advanceTo(day(7) + 18 * HOUR - 1);
    expect(world.steps()).toEqual(['reminder-1']);
    world.advanceTo(day(7) + 18 * HOUR);
    expect(world.steps()).toEqual(['reminder-1', 'reminder-final']);
  });

  it('lets no second one set out while it may still arrive', () => {
    const { world } = waiting();
    world.advanceTo(day(10));
    expect(world.steps()).toEqual(['reminder-1']);
  });

  it('does not stop the ladder when nothing is ever heard of it', () => {
    const { world } = waiting();
    world.advanceTo(day(13));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-final']);
  });
});

describe('a payment that is reported late', () => {
  const heard = (how: (world: World) => void, name: 'payment.paid' | 'payment.refunded') => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    how(world);
    const decision = world.fact(payment(name, MONDAY_NOON + HOUR));
    return { decision, world };
  };

  it('counts although the ladder had ended before it was heard of', () => {
    const { decision, world } = heard((one) => one.advanceTo(day(60)), 'payment.paid');
    expect(world.state?.status).toBe('paid');
    expect(decision).toMatchObject({ decision: 'now paid', rule: 'paid' });
    expect(world.timer).toBeNull();
  });

  it('says more than what a person resolved meanwhile, and cannot be reopened', () => {
    const { world } = heard((one) => {
      one.advanceTo(day(1));
      one.give({ kind: 'resolve', reason: null, actor: 'ada' });
    }, 'payment.refunded');
    expect(world.state?.status).toBe('refunded');
    expect(world.give({ kind: 'reopen', actor: 'ada' }).accepted).toBe(false);
  });

  it('changes nothing of what failed after it and was resolved', () => {
    const { decision, world } = heard((one) => {
      one.fact(payment('payment.failed', MONDAY_NOON + 2 * HOUR));
      one.advanceTo(day(1));
      one.give({ kind: 'resolve', reason: null, actor: 'ada' });
    }, 'payment.paid');
    expect(world.state?.status).toBe('resolved');
    expect(decision.rule).toBe('stale');
  });
});
