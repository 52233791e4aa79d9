/** That two ids are one payment may be learned in the middle of a follow-up. It must not show. */
import { describe, expect, it } from 'vitest';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment } from '../../support/follow-up.ts';
import { failed, INTENT, INVOICE, link, sent } from '../../support/joined.ts';

/** A follow-up of the intent that has run for so long; every mail was delivered. */
function under(way: number, over = {}): Family {
  const family = new Family();
  family.fact(failed('pi_1', MONDAY_NOON, over), 'evt_failed');
  family.advanceTo(MONDAY_NOON + way);
  for (const { id } of family.notices(INTENT)) {
    family.give(INTENT, { kind: 'outcome', noticeId: id, outcome: sent(family.now) });
  }
  return family;
}

describe('a link that comes late', () => {
  it('keeps the hold that a person put on the payment', () => {
    const family = under(HOUR);
    family.operate(INTENT, { kind: 'hold', until: null, reason: 'legal', actor: 'ada' });
    link(family);
    expect(family.state(INVOICE)).toMatchObject({
      hold: { reason: 'legal', actor: 'ada' },
      followUp: { status: 'held', next: null },
    });
    family.advanceTo(MONDAY_NOON + 4 * DAY);
    expect(family.told).toEqual([]);
    family.operate(INTENT, { kind: 'release', actor: 'ada' });
    family.advanceTo(family.now + DAY);
    expect(family.told).toHaveLength(1);
  });

  it('sends no reminder again that was sent under the other id, and goes on with the next', () => {
    const family = under(4 * DAY);
    expect(family.told.map(({ step }) => step)).toEqual(['reminder-1']);
    link(family);
    family.advanceTo(MONDAY_NOON + 15 * DAY);
    expect(family.told.map(({ step, subject }) => [step, subject])).toEqual([
      ['reminder-1', INTENT],
      ['reminder-final', INVOICE],
      ['escalation', INVOICE],
    ]);
  });

  it('does not escalate again what a person acknowledged', () => {
    const family = under(2 * HOUR, { decline: 'hard' });
    expect(family.told.map(({ step }) => step)).toEqual(['escalation']);
    family.operate(INTENT, { kind: 'acknowledge', actor: 'ada' });
    link(family);
    expect(family.state(INVOICE)?.followUp).toMatchObject({
      status: 'acknowledged',
      acknowledged: { by: 'ada' },
    });
    family.advanceTo(MONDAY_NOON + 90 * DAY);
    const toTeam = family.told.filter(({ audience }) => audience === 'team');
    expect(toTeam.map(({ step }) => step)).toEqual(['escalation']);
  });

  it('leaves settled what a person resolved', () => {
    const family = under(4 * DAY);
    family.operate(INTENT, { kind: 'resolve', reason: 'cash', actor: 'ada' });
    link(family);
    expect(family.state(INVOICE)).toMatchObject({
      status: 'resolved',
      manual: { kind: 'resolved', actor: 'ada' },
    });
    family.advanceTo(MONDAY_NOON + 60 * DAY);
    expect(family.told).toHaveLength(1);
  });

  it('tells those who were escalated to under the other id that it is over', () => {
    const family = under(2 * HOUR, { decline: 'hard' });
    link(family);
    family.fact(payment('payment.paid', family.now), 'evt_paid');
    expect(family.told.map(({ step, subject }) => [step, subject])).toEqual([
      ['escalation', INTENT],
      ['resolved', INVOICE],
    ]);
  });

  it('joins two follow-ups that ran side by side: one goes on, with what either of them told', () => {
    const family = under(4 * DAY);
    family.fact(failed('in_1', family.now - HOUR), 'evt_invoice');
    family.advanceTo(family.now + HOUR);
    link(family);
    family.advanceTo(MONDAY_NOON + 15 * DAY);
    expect(family.told.map(({ step }) => step)).toEqual([
      'reminder-1',
      'reminder-final',
      'escalation',
    ]);
  });

  it('lets a person who acknowledged one of two follow-ups have acknowledged both', () => {
    const family = under(2 * HOUR, { decline: 'hard' });
    family.operate(INTENT, { kind: 'acknowledge', actor: 'ada' });
    family.fact(failed('in_1', family.now), 'evt_invoice');
    link(family);
    family.advanceTo(MONDAY_NOON + 90 * DAY);
    const toTeam = family.told.filter(({ audience }) => audience === 'team');
    expect(toTeam).toHaveLength(1);
  });

  it('keeps the longer of two holds, the own of two that are alike', () => {
    const family = under(HOUR);
    family.fact(failed('in_1', family.now), 'evt_invoice');
    const until = family.now + 9 * DAY;
    family.operate(INTENT, { kind: 'hold', until: null, reason: 'theirs', actor: 'ada' });
    family.operate(INVOICE, { kind: 'hold', until, reason: 'own', actor: 'ada' });
    link(family);
    expect(family.state(INVOICE)?.hold).toMatchObject({ reason: 'theirs' });
    family.operate(INVOICE, { kind: 'hold', until, reason: 'own', actor: 'ada' });
    family.fact(failed('ch_1', family.now), 'evt_charge');
    family.operate('stripe/ch_1', { kind: 'hold', until, reason: 'theirs', actor: 'ada' });
    link(family, 'in_1', 'ch_1');
    expect(family.rootOf('stripe/ch_1')).toBe(INVOICE);
    expect(family.state(INVOICE)?.hold).toMatchObject({ reason: 'own' });
  });

  it('takes over no hold of a follow-up that is over', () => {
    const family = under(HOUR);
    family.operate(INTENT, { kind: 'hold', until: null, reason: 'legal', actor: 'ada' });
    family.fact(payment('payment.paid', family.now, { ref: 'pi_1' }), 'evt_paid');
    family.advanceTo(family.now + DAY);
    family.fact(failed('in_1', family.now), 'evt_invoice');
    link(family);
    expect(family.state(INVOICE)).toMatchObject({ hold: null, followUp: { status: 'active' } });
  });
});

describe('a notice on its way while the link arrives', () => {
  const onItsWay = () => {
    const family = new Family();
    family.fact(failed('pi_1', MONDAY_NOON), 'evt_failed');
    family.advanceTo(MONDAY_NOON + 3 * DAY);
    const [notice] = family.notices(INTENT);
    if (notice === undefined) throw new Error('no notice');
    link(family);
    return { family, noticeId: notice.id };
  };

  it('is still wanted, and what became of it is known to the subject', () => {
    const { family, noticeId } = onItsWay();
    expect(family.isWanted(INTENT, noticeId)).toMatchObject({ wanted: true });
    family.give(INTENT, { kind: 'outcome', noticeId, outcome: sent(family.now) });
    expect(family.notices(INVOICE)).toMatchObject([{ id: noticeId, outcome: { kind: 'sent' } }]);
    expect(family.notices(INTENT)).toMatchObject([{ id: noticeId, outcome: { kind: 'sent' } }]);
  });

  it('is not wanted any more once the subject was paid', () => {
    const { family, noticeId } = onItsWay();
    family.fact(payment('payment.paid', family.now), 'evt_paid');
    expect(family.isWanted(INTENT, noticeId)).toMatchObject({ wanted: false, rule: 'settled' });
  });

  it('is owed again when the recipient asked before the hand-over arrived', () => {
    const { family, noticeId } = onItsWay();
    const outcome = { kind: 'skipped', at: family.now, rule: 'joined', detail: null } as const;
    family.give(INTENT, { kind: 'outcome', noticeId, outcome });
    family.advanceTo(family.now + HOUR);
    expect(family.told.map(({ step, subject }) => [step, subject])).toEqual([
      ['reminder-1', INTENT],
      ['reminder-1', INVOICE],
    ]);
  });

  it('that nobody knows is settled', () => {
    const { family } = onItsWay();
    expect(family.isWanted(INTENT, 'unheard')).toMatchObject({ wanted: false, rule: 'settled' });
    expect(family.isWanted(INVOICE, 'unheard')).toMatchObject({ wanted: false, rule: 'settled' });
  });
});

describe('a hand-over', () => {
  it('goes on to where its heir belongs', () => {
    const family = new Family();
    family.fact(failed('ch_1', MONDAY_NOON), 'evt_failed');
    family.operate('stripe/ch_1', { kind: 'hold', until: null, reason: 'legal', actor: 'ada' });
    link(family);
    link(family, 'pi_1', 'ch_1');
    expect(family.state(INVOICE)).toMatchObject({ hold: { reason: 'legal' }, status: 'failed' });
    expect(family.state(INTENT)).toMatchObject({ status: 'joined', hold: null });
  });

  it('is not sent for an id that nothing is known of', () => {
    const family = new Family();
    link(family);
    expect(family.state(INVOICE)?.timeline.map(({ cause }) => cause)).toEqual([
      'event evt_link_pi_1_in_1 payment.linked',
    ]);
  });

  it('ends in a circle of links at its first member, who is then the subject', () => {
    const family = new Family();
    family.fact(failed('pi_1', MONDAY_NOON), 'evt_failed');
    link(family, 'pi_1', 'in_1');
    family.give(INTENT, { kind: 'link', to: INVOICE });
    expect(family.rootOf(INTENT)).toBe(INVOICE);
    expect(family.rootOf(INVOICE)).toBe(INVOICE);
    expect(family.state(INVOICE)).toMatchObject({
      status: 'failed',
      followUp: { status: 'active' },
    });
  });
});

describe('an id that was joined', () => {
  it('still belongs there while the invoice is followed up', () => {
    const family = new Family();
    const dueAt = MONDAY_NOON + 30 * DAY;
    family.fact(payment('payment.due', MONDAY_NOON, { dueAt, aliases: ['pi_1'] }), 'evt_1');
    family.now = MONDAY_NOON + 45 * DAY;
    family.expire(INTENT);
    expect(family.state(INVOICE)?.status).toBe('due');
    family.fact(failed('pi_1', family.now), 'evt_2');
    expect(family.state(INTENT)?.status).toBe('joined');
  });

  it.each(['payment.paid', 'payment.refunded'] as const)(
    'takes along a %s that was said of a part before the link came',
    (fact) => {
      const family = new Family();
      family.fact(payment(fact, MONDAY_NOON, { ref: 'pi_1', ofPart: true }), 'evt_1');
      link(family);
      family.now += 60_000;
      family.fact(failed('pi_1', MONDAY_NOON - HOUR), 'evt_3');
      expect(family.state(INVOICE)?.status).toBe(fact.replace('payment.', ''));
    },
  );

  it('takes a fact without a time along at the time it was first heard', () => {
    const family = new Family();
    family.fact(payment('payment.failed', null, { ref: 'pi_1' }), 'evt_1');
    family.now += DAY;
    family.fact(payment('payment.paid', null), 'evt_2');
    family.now += DAY;
    link(family);
    expect(family.state(INVOICE)?.status).toBe('paid');
  });
});
