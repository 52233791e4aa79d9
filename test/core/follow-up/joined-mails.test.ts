/** Mails that are on their way while two ids are joined: none is lost, and none arrives twice. */
import { describe, expect, it } from 'vitest';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment } from '../../support/follow-up.ts';
import {
  become,
  failed,
  INTENT,
  INVOICE,
  link,
  linkedWithoutHandOver,
  noticeOf,
  report,
  retrying,
  sent,
  skipped,
  steps,
} from '../../support/joined.ts';

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

describe('a mail that was under way when two ids were joined', () => {
  it('and arrived after all keeps the other one, which waits, from being sent', () => {
    const family = bothReminded();
    const own = noticeOf(family, INVOICE);
    become(family, INVOICE, retrying(family.now));
    link(family);
    become(family, INTENT, sent(family.now));
    expect(family.isWanted(INVOICE, own)).toMatchObject({ wanted: false });
  });

  it('and arrived after all is not sent a third time because the other one was put off', () => {
    const family = bothReminded();
    const own = noticeOf(family, INVOICE);
    become(family, INVOICE, retrying(family.now));
    link(family);
    become(family, INTENT, sent(family.now));
    const until = family.now + HOUR;
    const { now: at } = family;
    report(family, INVOICE, own, { kind: 'postponed', at, until, rule: 'quiet_hours' });
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });

  it.each([
    { theirs: 'sent', outcome: sent },
    { theirs: 'waiting', outcome: retrying },
  ])('is not sent after a later reminder of the other: $theirs', ({ outcome }) => {
    const family = new Family();
    const retry = { nextAttemptAt: MONDAY_NOON + 3.5 * DAY, attemptCount: 1 };
    family.fact(failed('pi_1', family.now, retry), 'evt_1');
    family.advanceTo(MONDAY_NOON + 4 * DAY);
    family.fact(failed('in_1', family.now), 'evt_2');
    family.advanceTo(MONDAY_NOON + 7 * DAY + HOUR);
    expect(steps(family)).toEqual(['reminder-final', 'reminder-1']);
    const [own, theirs] = [noticeOf(family, INVOICE), noticeOf(family, INTENT)];
    become(family, INTENT, outcome(family.now));
    become(family, INVOICE, retrying(family.now));
    link(family);
    expect(family.isWanted(INVOICE, own)).toMatchObject({ wanted: false, rule: 'collapsed' });
    const isOnItsWay = outcome === retrying;
    expect(family.isWanted(INTENT, theirs).wanted || !isOnItsWay).toBe(true);
  });

  it('waits where the hand-over has not arrived yet, and asks again', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 3 * DAY);
    const noticeId = noticeOf(family, INTENT);
    const estates = linkedWithoutHandOver(family, INTENT, INVOICE);
    const answer = family.isWanted(INTENT, noticeId);
    expect(answer).toMatchObject({ wanted: false, rule: 'joined' });
    expect(answer.until).toBeGreaterThan(family.now);
    for (const estate of estates) family.give(INVOICE, estate);
    expect(family.isWanted(INTENT, noticeId)).toMatchObject({ wanted: true });
  });

  it('and ended before the hand-over arrived is known when it does', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 3 * DAY);
    const noticeId = noticeOf(family, INTENT);
    const estates = linkedWithoutHandOver(family, INTENT, INVOICE);
    report(family, INTENT, noticeId, skipped(family.now, 'held'));
    family.advanceTo(family.now + DAY);
    for (const estate of estates) family.give(INVOICE, estate);
    expect(family.notices(INVOICE)).toMatchObject([{ outcome: { kind: 'skipped' } }]);
    family.advanceTo(family.now + DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });

  it('and may have arrived is not sent anew because a hold stopped the repeat', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 3 * DAY);
    const noticeId = noticeOf(family, INVOICE);
    const outcome = { ...skipped(family.now, 'held'), mayHaveArrived: true } as const;
    report(family, INVOICE, noticeId, outcome);
    family.advanceTo(MONDAY_NOON + 6 * DAY);
    expect(steps(family)).toEqual(['reminder-1']);
  });

  it('to several people is not sent again to who was reached', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 14 * DAY);
    become(family, INTENT, sent(family.now));
    family.advanceTo(MONDAY_NOON + 21 * DAY);
    const [first, second] = family.told.at(-1)?.to ?? [];
    if (first === undefined || second === undefined) throw new Error('not two people');
    report(family, INTENT, first.noticeId, sent(family.now));
    link(family);
    report(family, INTENT, second.noticeId, skipped(family.now, 'joined'));
    family.advanceTo(family.now + DAY);
    expect(steps(family).filter((step) => step === 're-escalation-1')).toHaveLength(1);
  });
});

describe('a mail that was stopped', () => {
  it('because all seemed settled is owed when it turns out that it was not', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now, { amountMinor: 10_000 }), 'evt_1');
    family.advanceTo(MONDAY_NOON + 3 * DAY);
    const noticeId = noticeOf(family, INTENT);
    const part = { ref: 'pi_1', amountMinor: 10 };
    family.fact(payment('payment.paid', family.now, part), 'evt_2');
    report(family, INTENT, noticeId, skipped(family.now, 'settled'));
    link(family);
    expect(family.state(INVOICE)?.status).toBe('failed');
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });

  it('by a hold is owed after the payment was resolved and reopened', () => {
    const family = new Family();
    family.fact(failed('in_1', family.now), 'evt_1');
    family.advanceTo(MONDAY_NOON + 3 * DAY);
    const noticeId = noticeOf(family, INVOICE);
    family.operate(INVOICE, { kind: 'hold', until: null, reason: 'x', actor: 'ada' });
    family.operate(INVOICE, { kind: 'resolve', reason: null, actor: 'ada' });
    report(family, INVOICE, noticeId, skipped(family.now, 'held'));
    family.operate(INVOICE, { kind: 'reopen', actor: 'ada' });
    family.operate(INVOICE, { kind: 'release', actor: 'ada' });
    family.advanceTo(MONDAY_NOON + 5 * DAY);
    expect(steps(family)).toEqual(['reminder-1', 'reminder-1']);
  });
});

describe('that it is over', () => {
  it('is told once to who was escalated to, whatever is joined to it', () => {
    const family = new Family();
    family.fact(failed('pi_1', family.now), 'evt_1');
    family.fact(failed('in_1', family.now, { decline: 'hard' }), 'evt_2');
    family.advanceTo(MONDAY_NOON + HOUR);
    become(family, INVOICE, sent(family.now));
    family.fact(payment('payment.paid', family.now), 'evt_3');
    link(family);
    expect(steps(family)).toEqual(['escalation', 'resolved']);
  });
});
