/** Two ids that both have a story of their own turn out to be one payment. */
import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/core/follow-up/index.ts';
import type { NoticeOutcome, SkipRule } from '../../../src/core/notice.ts';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment } from '../../support/follow-up.ts';

const INTENT = 'stripe/pi_1';
const INVOICE = 'stripe/in_1';

const failed = (ref: string, at: number, over = {}) =>
  payment('payment.failed', at, { ref, ...over });

function link(family: Family): void {
  const fact = payment('payment.linked', MONDAY_NOON, { ref: 'in_1', aliases: ['pi_1'] });
  family.fact(fact, 'evt_link');
}

function become(family: Family, subject: string, outcome: NoticeOutcome): void {
  for (const notice of family.notices(subject)) {
    if (notice.outcome?.kind === 'sent') continue;
    family.give(subject, { kind: 'outcome', noticeId: notice.id, outcome });
  }
}

const sent = (at: number): NoticeOutcome => ({ kind: 'sent', at, messageId: '<m@x>' });
const retrying = (at: number): NoticeOutcome => ({ kind: 'retrying', at, attempt: 1, error: 'x' });
const skipped = (at: number, rule: SkipRule): NoticeOutcome => ({
  kind: 'skipped',
  at,
  rule,
  detail: null,
});

/** Both failed; on both the first reminder was decided, each as the first thing ever. */
function bothReminded(): Family {
  const family = new Family();
  family.fact(failed('in_1', MONDAY_NOON), 'evt_1');
  family.fact(failed('pi_1', MONDAY_NOON + 1000), 'evt_2');
  family.advanceTo(MONDAY_NOON + 4 * DAY);
  expect(family.told.map(({ step, generation }) => [step, generation])).toEqual([
    ['reminder-1', 1],
    ['reminder-1', 1],
  ]);
  return family;
}

function noticeOf(family: Family, subject: string): string {
  const [notice] = family.notices(subject);
  if (notice === undefined) throw new Error('no notice');
  return notice.id;
}

const steps = (family: Family): unknown => family.told.map(({ step }) => step);

describe('a step that both ids told', () => {
  it.each([
    { reached: INVOICE, waits: INTENT },
    { reached: INTENT, waits: INVOICE },
  ])('is not sent by the one that waits once it was sent by $reached', ({ reached, waits }) => {
    const family = bothReminded();
    const noticeId = noticeOf(family, waits);
    become(family, reached, sent(family.now));
    become(family, waits, retrying(family.now));
    link(family);
    expect(family.isWanted(waits, noticeId)).toMatchObject({ wanted: false, rule: 'settled' });
  });

  it('is sent by one of them where neither was sent yet', () => {
    const family = bothReminded();
    const [own, theirs] = [noticeOf(family, INVOICE), noticeOf(family, INTENT)];
    link(family);
    const wanted = [family.isWanted(INVOICE, own), family.isWanted(INTENT, theirs)];
    expect(wanted.filter((answer) => answer.wanted)).toHaveLength(1);
  });

  it('is sent by the one that may yet succeed, not by the one that failed for good', () => {
    const family = bothReminded();
    const theirs = noticeOf(family, INTENT);
    become(family, INVOICE, { kind: 'failed', at: family.now, error: 'no such user' });
    link(family);
    expect(family.isWanted(INTENT, theirs)).toMatchObject({ wanted: true });
  });

  it('is not owed again because the other one was asked about in between', () => {
    const family = bothReminded();
    const theirs = noticeOf(family, INTENT);
    become(family, INVOICE, sent(family.now));
    link(family);
    const outcome = skipped(family.now, 'joined');
    family.give(INTENT, { kind: 'outcome', noticeId: theirs, outcome });
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });
});

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
    const next = family.state(`stripe/${open}`)?.followUp?.next;
    expect(next).toBeTruthy();
    link(family);
    expect(family.state(INVOICE)?.followUp).toMatchObject({
      closedAt: null,
      ladder: { id: 'invoice-due' },
    });
    expect(family.state(INVOICE)?.followUp?.next?.step).toBe(next?.step);
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
});

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
    const before = family.state(INVOICE);
    if (before === null) throw new Error('unknown');
    family.give(INTENT, { kind: 'link', to: INVOICE });
    const { policy, now } = family;
    const call = { state: before, subject: INVOICE, kind: 'payment', now, policy } as const;
    const linked = decide({ ...call, input: { kind: 'link', to: INTENT } });
    family.states.set(INVOICE, linked.state);
    const outcome = skipped(now, 'joined');
    family.give(INVOICE, { kind: 'outcome', noticeId, outcome });
    for (const effect of linked.effects) {
      if (effect.kind === 'handOver') family.give(INTENT, effect);
    }
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
    family.give(INVOICE, { kind: 'outcome', noticeId: 'forgotten', outcome: sent(family.now) });
    expect(family.state(INVOICE)?.timeline.at(-1)?.rule).toBe('sent');
  });
});
