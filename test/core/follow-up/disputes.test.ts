/** A payment may be disputed more than once: each dispute has a deadline and an end of its own. */
import { describe, expect, it } from 'vitest';
import type { PaymentFactName } from '../../../src/core/fact.ts';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';

const says = (name: PaymentFactName, at: number, dispute?: string) =>
  payment(name, at, dispute === undefined ? {} : { dispute });

const opened = (at: number, dispute?: string) => says('payment.disputed', at, dispute);
const won = (at: number, dispute?: string) => says('payment.dispute_won', at, dispute);
const lost = (at: number, dispute?: string) => says('payment.dispute_lost', at, dispute);

describe('two disputes of one payment', () => {
  it('end one by one: that one was won does not end the other', () => {
    const world = new World();
    world.fact(opened(MONDAY_NOON, 'du_1'));
    world.fact(opened(MONDAY_NOON + 1000, 'du_2'));
    world.fact(won(MONDAY_NOON + HOUR, 'du_1'));
    expect(world.state).toMatchObject({ status: 'disputed', followUp: { closedAt: null } });
    expect(world.timer).not.toBeNull();
    world.fact(lost(MONDAY_NOON + 2 * HOUR, 'du_2'));
    expect(world.state).toMatchObject({ status: 'dispute_lost', followUp: { status: 'closed' } });
  });

  it('are told of each, also when the first was acknowledged', () => {
    const world = new World();
    world.fact(opened(MONDAY_NOON, 'du_1'));
    world.advanceTo(MONDAY_NOON + HOUR);
    world.give({ kind: 'acknowledge', actor: 'ada' });
    world.advanceTo(MONDAY_NOON + DAY);
    expect(world.told).toHaveLength(1);
    world.fact(opened(world.now, 'du_2'));
    world.advanceTo(world.now + HOUR);
    expect(world.told.map(({ step, content }) => [step, content.cause])).toEqual([
      ['escalation', 'disputed'],
      ['escalation', 'disputed'],
    ]);
  });

  it('are one where the same one is told of again: who acknowledged it is left alone', () => {
    const world = new World();
    world.fact(opened(MONDAY_NOON, 'du_1'));
    world.advanceTo(MONDAY_NOON + HOUR);
    world.give({ kind: 'acknowledge', actor: 'ada' });
    world.fact(opened(world.now, 'du_1'), 'evt_again');
    world.advanceTo(MONDAY_NOON + 20 * DAY);
    expect(world.told).toHaveLength(1);
  });

  it('are both ended by a fact that names neither, as by one about the whole', () => {
    const world = new World();
    world.fact(opened(MONDAY_NOON, 'du_1'));
    world.fact(opened(MONDAY_NOON + 1000, 'du_2'));
    world.fact(won(MONDAY_NOON + HOUR));
    expect(world.state?.status).toBe('paid');
  });

  it('of which one has no id are ended by the end of the other, later, and not by an earlier one', () => {
    const world = new World();
    world.fact(opened(MONDAY_NOON));
    world.fact(won(MONDAY_NOON - HOUR, 'du_1'));
    expect(world.state?.status).toBe('disputed');
    world.fact(won(MONDAY_NOON + HOUR, 'du_1'));
    expect(world.state?.status).toBe('paid');
  });

  it('that was won opens again when its bank insists', () => {
    const world = new World();
    world.fact(opened(MONDAY_NOON, 'du_1'));
    world.fact(won(MONDAY_NOON + HOUR, 'du_1'));
    world.advanceTo(MONDAY_NOON + DAY);
    world.fact(opened(world.now, 'du_1'), 'evt_again');
    expect(world.state).toMatchObject({ status: 'disputed', followUp: { closedAt: null } });
  });

  it('are not buried by a storm of failures', () => {
    const world = new World();
    world.fact(payment('payment.failed', MONDAY_NOON - 1000), 'evt_first');
    world.fact(opened(MONDAY_NOON, 'du_1'));
    for (let nth = 1; nth <= 100; nth += 1) {
      world.fact(payment('payment.failed', MONDAY_NOON + nth), `evt_${nth}`);
    }
    expect(world.state?.status).toBe('disputed');
    expect(world.state?.openings.length).toBeLessThanOrEqual(32);
  });
});

describe('more disputes than anybody can have', () => {
  it('keep the state within its bounds, and the last of them followed up', () => {
    const world = new World();
    for (let nth = 0; nth < 60; nth += 1) {
      world.fact(opened(MONDAY_NOON + nth, `du_${nth}`));
      if (nth < 50) world.fact(won(MONDAY_NOON + 100 + nth, `du_${nth}`));
    }
    expect(world.state?.verdicts).toHaveLength(16);
    expect(world.state?.openings.length).toBeLessThanOrEqual(32);
    expect(world.state?.followUp?.disputes?.length).toBeLessThanOrEqual(32);
    expect(world.state?.status).toBe('disputed');
  });
});

describe('disputes that are told of under two ids', () => {
  const disputes = (family: Family): void => {
    family.fact(payment('payment.disputed', family.now, { dispute: 'du_1' }), 'evt_1');
    family.advanceTo(family.now + HOUR);
    family.operate('stripe/in_1', { kind: 'acknowledge', actor: 'ada' });
    family.advanceTo(family.now + DAY);
    const over = { ref: 'pi_1', dispute: 'du_2' };
    family.fact(payment('payment.disputed', family.now, over), 'evt_2');
  };
  const link = (family: Family): void => {
    const fact = payment('payment.linked', MONDAY_NOON, { aliases: ['pi_1'] });
    family.fact(fact, 'evt_link');
  };

  it.each([
    ['early', 0],
    ['before the second is told of', 0],
    ['after the second was told of', HOUR],
  ])('are told of each once, whenever the link comes: %s', (when, waitMs) => {
    const family = new Family();
    if (when === 'early') link(family);
    disputes(family);
    family.advanceTo(family.now + waitMs);
    if (when !== 'early') link(family);
    family.advanceTo(family.now + HOUR);
    expect(family.told.map(({ step }) => step)).toEqual(['escalation', 'escalation']);
  });

  it('go over with everything else although hundreds of failures came after them', () => {
    const family = new Family();
    const over = { ref: 'pi_1', dispute: 'du_1' };
    family.fact(payment('payment.failed', MONDAY_NOON - 1000, { ref: 'pi_1' }), 'evt_first');
    family.fact(payment('payment.disputed', MONDAY_NOON, over), 'evt_1');
    family.fact(
      payment('payment.disputed', MONDAY_NOON + 1, { ...over, dispute: 'du_2' }),
      'evt_2',
    );
    family.fact(
      payment('payment.dispute_won', MONDAY_NOON + 2, { ...over, dispute: 'du_2' }),
      'evt_3',
    );
    for (let nth = 3; nth <= 200; nth += 1) {
      family.fact(payment('payment.failed', MONDAY_NOON + nth, { ref: 'pi_1' }), `evt_f${nth}`);
    }
    link(family);
    const { status, openings = [] } = family.state('stripe/in_1') ?? {};
    expect(status).toBe('disputed');
    expect(openings.flatMap(({ dispute }) => dispute ?? [])).toEqual(['du_1']);
  });
});
