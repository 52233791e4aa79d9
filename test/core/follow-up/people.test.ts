import { describe, expect, it } from 'vitest';
import { expiry } from '../../../src/core/follow-up/index.ts';
import { DAY, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';

const day = (n: number): number => MONDAY_NOON + n * DAY;

function escalated(): World {
  const world = new World();
  world.fact(payment('payment.failed', MONDAY_NOON));
  world.advanceTo(day(14));
  return world;
}

describe('hold', () => {
  it('sends nothing while held and collapses what was missed when it ends', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.give({ kind: 'hold', until: day(8), reason: 'promised', actor: 'ada' });
    world.advanceTo(day(8) - 1);
    expect(world.told).toEqual([]);
    world.advanceTo(day(9));
    expect(world.steps()).toEqual(['reminder-final']);
    expect(world.state?.hold).toBeNull();
  });

  it('without an end waits for release', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.give({ kind: 'hold', until: null, reason: 'dispute by phone', actor: 'ada' });
    world.advanceTo(day(100));
    expect(world.told).toEqual([]);
    world.now = day(100);
    expect(world.give({ kind: 'release', actor: 'ada' }).accepted).toBe(true);
    expect(world.timer).not.toBeNull();
  });

  it('still closes when the money arrives', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.give({ kind: 'hold', until: null, reason: 'x', actor: 'ada' });
    world.fact(payment('payment.paid', day(1)));
    expect(world.state?.status).toBe('paid');
  });

  it('refuses an end that is already past, and a subject with nothing open', () => {
    const world = new World();
    const hold = { kind: 'hold', until: MONDAY_NOON, reason: 'x', actor: 'ada' } as const;
    expect(world.give(hold).rule).toBe('unknown_subject');
    world.fact(payment('payment.failed', MONDAY_NOON));
    expect(world.give(hold).rule).toBe('until_in_past');
    world.fact(payment('payment.paid', day(1)));
    expect(world.give({ ...hold, until: day(9) }).rule).toBe('not_open');
  });
});

describe('a subject nobody ever heard of', () => {
  it.each([
    { kind: 'note', text: 'they called', actor: 'ada' },
    { kind: 'hold', until: null, reason: 'x', actor: 'ada' },
    { kind: 'release', actor: 'ada' },
    { kind: 'acknowledge', actor: 'ada' },
    { kind: 'resolve', reason: null, actor: 'ada' },
    { kind: 'reopen', actor: 'ada' },
  ] as const)('takes no $kind, and nothing is kept of it', (input) => {
    const world = new World();
    const answer = world.give(input);
    expect([answer.accepted, answer.rule, answer.effects]).toEqual([false, 'unknown_subject', []]);
    expect(answer.state.timeline).toEqual([]);
  });

  it('is another matter than one whose story says nothing of its status: that takes a note', () => {
    const world = new World();
    world.fact(payment('payment.partially_refunded', MONDAY_NOON));
    expect(world.state?.status).toBe('unknown');
    const note = { kind: 'note', text: 'they called', actor: 'ada' } as const;
    expect(world.give(note).accepted).toBe(true);
    expect(world.state?.expiresAt).not.toBeNull();
  });
});

describe('acknowledge', () => {
  it('ends the escalation, once', () => {
    const world = escalated();
    expect(world.give({ kind: 'acknowledge', actor: 'ada' }).accepted).toBe(true);
    const again = world.give({ kind: 'acknowledge', actor: 'bob' });
    expect(again.accepted).toBe(false);
    expect(again.rule).toBe('already_acknowledged');
    expect(again.decision).toContain('ada');
    world.advanceTo(day(40));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-final', 'escalation']);
  });

  it('refuses before anything was escalated', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    expect(world.give({ kind: 'acknowledge', actor: 'ada' }).rule).toBe('not_escalated');
  });

  it('records which escalations it spared', () => {
    const world = escalated();
    world.give({ kind: 'acknowledge', actor: 'ada' });
    const spared = world.state?.followUp?.steps.filter(({ rule }) => rule === 'acknowledged');
    expect(spared?.map(({ step }) => step)).toEqual(['re-escalation-1', 're-escalation-2']);
  });
});

describe('resolve and reopen', () => {
  it('resolves, ignores an older failure, opens for a newer one', () => {
    const world = escalated();
    world.give({ kind: 'resolve', reason: 'paid by wire', actor: 'ada' });
    expect(world.state?.status).toBe('resolved');
    world.fact(payment('payment.failed', day(13)));
    expect(world.state?.status).toBe('resolved');
    world.fact(payment('payment.failed', day(14) + 1));
    expect(world.state?.status).toBe('failed');
  });

  it('goes on where it was when reopened, and repeats no step', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(4));
    world.give({ kind: 'resolve', reason: null, actor: 'ada' });
    world.advanceTo(day(5));
    expect(world.give({ kind: 'reopen', actor: 'ada' }).accepted).toBe(true);
    world.advanceTo(day(8));
    expect(world.steps()).toEqual(['reminder-1', 'reminder-final']);
  });

  it('cannot reopen what the provider settled', () => {
    const world = escalated();
    world.fact(payment('payment.paid', day(14)));
    expect(world.give({ kind: 'reopen', actor: 'ada' }).rule).toBe('not_resolved');
  });
});

describe('joining two ids of one payment', () => {
  it('tells each alias once', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON, { aliases: ['pi_1', 'ch_1'] }));
    world.fact(payment('payment.failed', day(1), { aliases: ['pi_1', 'in_1'] }));
    const links = world.effects.filter(({ kind }) => kind === 'link');
    expect(links).toEqual([
      { kind: 'link', alias: 'pi_1' },
      { kind: 'link', alias: 'ch_1' },
    ]);
  });

  it('hands its facts on when the link arrives after them, and everything later', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON), 'evt_a');
    world.fact(payment('payment.disputed', day(1)), 'evt_b');
    world.give({ kind: 'link', to: 'stripe/in_9' });
    world.fact(payment('payment.dispute_won', day(2)), 'evt_c');
    const handed = world.effects.flatMap((effect) => {
      if (effect.kind === 'forward') return [[effect.to, effect.eventKey]];
      if (effect.kind !== 'handOver') return [];
      return effect.estate.facts.map(({ eventKey }) => [effect.to, eventKey]);
    });
    expect(handed).toEqual([
      ['stripe/in_9', 'evt_a'],
      ['stripe/in_9', 'evt_b'],
      ['stripe/in_9', 'evt_c'],
    ]);
    expect(world.state?.status).toBe('joined');
    expect(world.timer).toBeNull();
  });

  it('stops a circle of links at the second visit', () => {
    const world = new World();
    world.give({ kind: 'link', to: 'stripe/in_9' });
    world.fact(payment('payment.failed', MONDAY_NOON), 'evt_a');
    const back = world.fact(payment('payment.failed', MONDAY_NOON), 'evt_a');
    expect(back.rule).toBe('duplicate');
    expect(back.effects).toEqual([]);
  });

  it('never joins a subject to itself', () => {
    const world = new World();
    world.give({ kind: 'link', to: 'stripe/in_1' });
    expect(world.state?.linkedTo).toBeNull();
  });
});

describe('several people', () => {
  it('joins the outcomes of one escalation into one line', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(day(21));
    const tier2 = world.told.find(({ step }) => step === 're-escalation-1');
    expect(tier2?.to).toHaveLength(2);
    const [first, second] = tier2?.to ?? [];
    const at = day(21);
    world.give({
      kind: 'outcome',
      noticeId: first?.noticeId ?? '',
      outcome: { kind: 'sent', at, messageId: '<a@x>' },
    });
    world.give({
      kind: 'outcome',
      noticeId: second?.noticeId ?? '',
      outcome: { kind: 'failed', at, error: '550 no such user' },
    });
    expect(world.state?.timeline.at(-1)?.decision).toBe('re-escalation-1 reached 1 of 2');
  });
});

describe('the tombstone', () => {
  it('outlives the resend horizon and is cleared after it, not before', () => {
    const world = new World();
    world.fact(payment('payment.paid', MONDAY_NOON));
    const expires = world.state?.expiresAt ?? 0;
    expect(expires - MONDAY_NOON).toBe(40 * DAY);
    expect(expiry(world.state, expires - 1)).toEqual({ kind: 'wait', until: expires });
    expect(expiry(world.state, expires)).toEqual({ kind: 'clear' });
  });

  it('is not cleared while the subject is open again', () => {
    const world = new World();
    world.fact(payment('payment.paid', MONDAY_NOON));
    world.fact(payment('payment.failed', MONDAY_NOON + 1000));
    expect(expiry(world.state, day(500))).toBeNull();
  });
});
