/** Two ids that both have a story of their own turn out to be one payment. */
import { describe, expect, it } from 'vitest';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment } from '../../support/follow-up.ts';
import { become, failed, INTENT, INVOICE, link, sent, steps } from '../../support/joined.ts';

describe('a dispute', () => {
  it.each(['late', 'early'])('is told of, whoever acknowledged the failure; link %s', (when) => {
    const family = new Family();
    if (when === 'early') link(family);
    family.fact(failed('in_1', family.now, { decline: 'hard' }), 'evt_1');
    family.advanceTo(family.now + 2 * HOUR);
    become(family, INVOICE, sent(family.now));
    family.operate(INVOICE, { kind: 'acknowledge', actor: 'ada' });
    family.fact(payment('payment.disputed', family.now, { ref: 'pi_1' }), 'evt_2');
    if (when === 'late') link(family);
    const before = family.told.length;
    family.advanceTo(family.now + 2 * DAY);
    const after = family.told.slice(before);
    expect(after.map(({ step, content }) => [step, content.cause])).toEqual([
      ['escalation', 'disputed'],
      ['re-escalation-1', 'disputed'],
    ]);
  });
});

describe('what is over under one id', () => {
  it.each(['late', 'early'])('holds nothing that is open under the other; link %s', (when) => {
    const family = new Family();
    if (when === 'early') link(family);
    family.fact(failed('in_1', family.now), 'evt_1');
    family.operate(INVOICE, { kind: 'hold', until: null, reason: 'legal', actor: 'ada' });
    family.fact(payment('payment.paid', family.now + 1000), 'evt_2');
    family.advanceTo(family.now + DAY);
    family.fact(failed('pi_1', family.now), 'evt_3');
    if (when === 'late') link(family);
    expect(family.state(INVOICE)).toMatchObject({ hold: null, followUp: { status: 'active' } });
  });

  it.each([
    ['pi_1', 'in_1'],
    ['in_1', 'pi_1'],
  ])('because its ladder ended does not end the ladder of the other: %s', (ended, open) => {
    const family = new Family();
    family.fact(failed(ended, family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 30 * DAY);
    family.fact(payment('payment.overdue', family.now, { ref: open, dueAt: family.now }), 'evt_2');
    const end = (): number | null => family.state(`stripe/${ended}`)?.followUp?.closedAt ?? null;
    for (let day = 31; end() === null && day < 200; day += 1) {
      family.advanceTo(MONDAY_NOON + day * DAY);
    }
    expect(family.state(`stripe/${ended}`)?.status).toBe('exhausted');
    expect(family.state(`stripe/${open}`)?.followUp?.next).not.toBeNull();
    const [before, known] = [family.told.length, new Set(steps(family))];
    link(family);
    const ladder = { id: 'invoice-due' };
    expect(family.state(INVOICE)?.followUp).toMatchObject({ closedAt: null, ladder });
    family.advanceTo(family.now + 90 * DAY);
    expect(family.state(INVOICE)?.status).toBe('exhausted');
    expect(
      steps(family)
        .slice(before)
        .filter((step) => known.has(step)),
    ).toEqual([]);
  });

  it('because its ladder ended is not told of again on the same ladder', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 2 * DAY);
    family.fact(failed('in_1', family.now), 'evt_2');
    const ended = (): boolean => family.state(INTENT)?.status === 'exhausted';
    while (!ended()) family.advanceTo(family.now + HOUR);
    const own = family.told.filter(({ subject }) => subject === INTENT);
    expect(family.state(INVOICE)?.followUp).toMatchObject({ closedAt: null });
    const before = family.told.length;
    link(family);
    family.advanceTo(family.now + 100 * DAY);
    expect(family.state(INVOICE)?.status).toBe('exhausted');
    const known = new Set(own.map(({ step }) => step));
    expect(family.told.slice(before).filter(({ step }) => known.has(step))).toEqual([]);
  });

  it.each(['late', 'early'])(
    'because its ladder ended is told of when it fails anew; link %s',
    (when) => {
      const family = new Family();
      if (when === 'early') link(family);
      family.fact(failed('pi_1', family.now), 'evt_1');
      family.advanceTo(MONDAY_NOON + 100 * DAY);
      expect(family.state(family.rootOf(INTENT))?.status).toBe('exhausted');
      const before = family.told.length;
      family.fact(failed('in_1', family.now), 'evt_2');
      if (when === 'late') link(family);
      family.advanceTo(family.now + 100 * DAY);
      expect(family.state(INVOICE)?.status).toBe('exhausted');
      expect(family.told).toHaveLength(2 * before);
    },
  );

  it('because a part was paid leaves what it told counted for the whole', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now, { amountMinor: 10_000 }), 'evt_1');
    family.advanceTo(MONDAY_NOON + 4 * DAY);
    become(family, INTENT, sent(family.now));
    family.fact(failed('in_1', MONDAY_NOON, { amountMinor: 10_000 }), 'evt_2');
    family.fact(payment('payment.paid', family.now, { ref: 'pi_1', amountMinor: 10 }), 'evt_3');
    link(family);
    family.advanceTo(MONDAY_NOON + 8 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-final']);
  });

  it('because it was paid, and failed anew under the other id, leaves the new failure its ladder', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 4 * DAY);
    become(family, INTENT, sent(family.now));
    family.fact(payment('payment.paid', family.now, { ref: 'pi_1' }), 'evt_2');
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    family.fact(failed('in_1', family.now), 'evt_3');
    link(family);
    family.advanceTo(MONDAY_NOON + 9 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });

  it('keeps in mind that a hold of an older version, which noted no time, came after a failure', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.fact(failed('pi_1', family.now + 1000), 'evt_2');
    family.advanceTo(MONDAY_NOON + DAY);
    family.operate(INVOICE, { kind: 'hold', until: null, reason: 'legal', actor: 'ada' });
    const state = family.state(INVOICE);
    if (state === null || state.followUp === null) throw new Error('not followed up');
    const { heldAt, ...followUp } = state.followUp;
    expect(heldAt).toBe(family.now);
    family.states.set(INVOICE, { ...state, followUp });
    link(family);
    family.fact(payment('payment.paid', MONDAY_NOON + 23 * HOUR), 'evt_3');
    family.fact(failed('in_1', MONDAY_NOON + 23.5 * HOUR), 'evt_4');
    expect(family.state(INVOICE)?.hold).toMatchObject({ reason: 'legal' });
  });

  it('because the other one was paid, ends a hold that was put on the same debt', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.operate(INTENT, { kind: 'hold', until: null, reason: 'legal', actor: 'ada' });
    family.advanceTo(MONDAY_NOON + DAY);
    // Nobody told the intent.
    family.fact(payment('payment.paid', family.now), 'evt_2');
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    family.fact(failed('in_1', family.now), 'evt_3');
    link(family);
    family.advanceTo(MONDAY_NOON + 13 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-final']);
  });

  it('because the other one was paid, ends what a person acknowledged', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now, { decline: 'hard' }), 'evt_1');
    family.advanceTo(MONDAY_NOON + HOUR);
    family.operate(INTENT, { kind: 'acknowledge', actor: 'ada' });
    family.fact(payment('payment.paid', family.now + HOUR), 'evt_2');
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    family.fact(failed('in_1', family.now, { decline: 'hard' }), 'evt_3');
    family.advanceTo(MONDAY_NOON + 6 * DAY);
    link(family);
    const before = family.told.length;
    family.advanceTo(family.now + 40 * DAY);
    const toTeam = family.told.slice(before).filter(({ audience }) => audience === 'team');
    expect(toTeam.map(({ step }) => step)).toEqual(['re-escalation-1', 're-escalation-2']);
  });

  it('although the other failed between its last word and its end, is not told of again', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 35 * DAY);
    family.fact(failed('in_1', family.now), 'evt_2');
    family.advanceTo(MONDAY_NOON + 46 * DAY);
    const [before, known] = [family.told.length, new Set(steps(family))];
    link(family);
    family.advanceTo(MONDAY_NOON + 120 * DAY);
    expect(
      steps(family)
        .slice(before)
        .filter((step) => known.has(step)),
    ).toEqual([]);
  });
});

describe('two ladders', () => {
  it.each([
    { other: 'of a due date', over: { dueAt: MONDAY_NOON + 3 * DAY }, name: 'payment.due' },
    { other: 'of an action', over: {}, name: 'payment.action_required' },
  ] as const)('of one payment tell no step twice: $other', ({ over, name }) => {
    const family = new Family();
    family.fact(payment(name, family.now, over), 'evt_1');
    family.fact(failed('pi_1', family.now + 1000), 'evt_2');
    family.advanceTo(MONDAY_NOON + 8 * DAY);
    become(family, INTENT, sent(family.now));
    become(family, INVOICE, sent(family.now));
    const [before, known] = [family.told.length, new Set(steps(family))];
    expect(before).toBeGreaterThan(0);
    link(family);
    family.advanceTo(MONDAY_NOON + 30 * DAY);
    expect(
      steps(family)
        .slice(before)
        .filter((step) => known.has(step)),
    ).toEqual([]);
  });
});

describe('one event that speaks of two payments of an invoice', () => {
  it('counts for each of them', () => {
    const family = new Family();
    const aliases = ['pi_1', 'pi_2'];
    family.fact(failed('in_1', family.now, { amountMinor: 100, aliases }), 'evt_1');
    const paid = (ref: string, amountMinor: number) =>
      family.fact(payment('payment.paid', family.now + 1000, { ref, amountMinor }), 'evt_2');
    paid('pi_1', 1);
    expect(family.state(INVOICE)?.status).toBe('failed');
    paid('pi_2', 100);
    expect(family.state(INVOICE)).toMatchObject({ status: 'paid', parts: [{}, {}] });
  });
});
