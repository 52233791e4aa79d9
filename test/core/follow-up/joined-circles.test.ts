/** Ids that are each said to belong to the other: no provider should say so, and one may. */
import { describe, expect, it } from 'vitest';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment } from '../../support/follow-up.ts';
import {
  failed,
  INTENT,
  INVOICE,
  link,
  linkedWithoutHandOver,
  noticeOf,
  report,
  sent,
  skipped,
  steps,
} from '../../support/joined.ts';

describe('links in a circle', () => {
  const crossing = (pick: (count: number) => number): Family => {
    const family = new Family({}, pick);
    family.facts([
      { fact: failed('in_1', family.now, { aliases: ['pi_1'] }), eventKey: 'evt_1' },
      {
        fact: payment('payment.linked', family.now, { ref: 'pi_1', aliases: ['in_1'] }),
        eventKey: 'evt_2',
      },
    ]);
    return family;
  };

  it.each([[[0]], [[1]], [[2]], [[1, 0]], [[0, 1]]])(
    'that were sent at once lose no debt, whatever overtakes what: %j',
    (order) => {
      let turn = 0;
      const family = crossing((count) => (order[turn++ % order.length] ?? 0) % count);
      expect(family.state(family.rootOf(INVOICE))?.status).toBe('failed');
      family.advanceTo(MONDAY_NOON + 15 * DAY);
      expect(steps(family)).toEqual(['reminder-1', 'reminder-final', 'escalation']);
    },
  );

  it('keep each notice once, and what became of it while it was away', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 4 * DAY);
    family.give(INTENT, { kind: 'link', to: INVOICE });
    family.give(INVOICE, { kind: 'link', to: INTENT });
    expect(family.state(INVOICE)).toMatchObject({ status: 'failed', linkedTo: null });
    expect(family.notices(INVOICE)).toHaveLength(1);
    const noticeId = noticeOf(family, INVOICE);
    expect(family.isWanted(INVOICE, noticeId)).toMatchObject({ wanted: true });
    family.give(INVOICE, { kind: 'outcome', noticeId, outcome: skipped(family.now, 'held') });
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });

  it('owe again what was stopped while the follow-up was handed round', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 4 * DAY);
    const noticeId = noticeOf(family, INVOICE);
    family.give(INTENT, { kind: 'link', to: INVOICE });
    const estates = linkedWithoutHandOver(family, INVOICE, INTENT);
    const outcome = skipped(family.now, 'joined');
    family.give(INVOICE, { kind: 'outcome', noticeId, outcome });
    for (const estate of estates) family.give(INTENT, estate);
    expect(family.notices(INVOICE)).toMatchObject([{ outcome }]);
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });

  it('do not swallow a fact that went round while nobody was the subject', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.fact(payment('payment.paid', family.now + HOUR), 'evt_2');
    const state = family.state(INVOICE);
    if (state === null) throw new Error('unknown');
    family.states.set(INVOICE, { ...state, linkedTo: INTENT });
    family.fact(failed('in_1', family.now + 2 * HOUR), 'evt_3');
    expect(family.state(INTENT)?.status).toBe('failed');
    family.give(INTENT, { kind: 'link', to: INVOICE });
    expect(family.state(INVOICE)?.status).toBe('failed');
  });

  it('of a version that left nobody in charge end the way of an outcome', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.fact(failed('pi_1', family.now), 'evt_2');
    for (const [from, linkedTo] of [
      [INVOICE, INTENT],
      [INTENT, INVOICE],
    ] as const) {
      const state = family.state(from);
      if (state === null) throw new Error('unknown');
      family.states.set(from, { ...state, linkedTo, status: 'joined' });
    }
    report(family, INVOICE, 'forgotten', sent(family.now));
    expect(family.state(INVOICE)?.timeline.at(-1)?.rule).toBe('sent');
    // A fact is not dropped: it throws, and so is set aside and comes again.
    const inCircle = () => family.fact(failed('in_1', family.now + 1), 'evt_3');
    expect(inCircle).toThrow('links in a circle');
  });

  it('bring back nothing that was changed elsewhere: what a person reopened stays open', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.now += HOUR;
    family.operate(INVOICE, { kind: 'resolve', reason: null, actor: 'ada' });
    link(family, 'pi_1', 'in_1');
    family.operate(INTENT, { kind: 'reopen', actor: 'ada' });
    family.give(INTENT, { kind: 'link', to: INVOICE });
    expect(family.state(family.rootOf(INVOICE))?.status).toBe('failed');
  });

  it('bring back nothing that was changed elsewhere: what is owed again is owed', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 3 * DAY + HOUR);
    const noticeId = noticeOf(family, INVOICE);
    link(family, 'pi_1', 'in_1');
    const until = family.now + DAY;
    family.operate(INTENT, { kind: 'hold', until, reason: 'x', actor: 'ada' });
    report(family, INVOICE, noticeId, skipped(family.now, 'held'));
    family.give(INTENT, { kind: 'link', to: INVOICE });
    family.advanceTo(MONDAY_NOON + 6 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });
});
