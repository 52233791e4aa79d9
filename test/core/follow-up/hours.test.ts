/** What is sent must not depend on the hour at which something is heard of. */
import { describe, expect, it } from 'vitest';
import { defaultCustomerCalendar } from '../../../src/core/default-ladders.ts';
import { simulate } from '../../../src/core/follow-up/index.ts';
import { DAY, HOUR, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';

const customerCalendar = defaultCustomerCalendar;

describe('a failure that is heard of after the whole ladder should have run', () => {
  it.each([12, 19, 20, 23, 24, 30])(
    'is told to the team and not to the customer, at %i:00',
    (hour) => {
      const world = new World('payment', { customerCalendar });
      world.now = MONDAY_NOON + 15 * DAY + (hour - 12) * HOUR;
      world.fact(payment('payment.failed', MONDAY_NOON));
      world.advanceTo(world.now + 2 * DAY);
      expect(world.steps()).toEqual(['escalation']);
      const skipped = world.state?.followUp?.steps.filter(({ rule }) => rule === 'collapsed');
      expect(skipped?.map(({ step }) => step)).toEqual(['reminder-1', 'reminder-final']);
    },
  );

  it('is planned in the order of the ladder', () => {
    const world = new World('payment', { customerCalendar });
    world.now = MONDAY_NOON + 15 * DAY + 11 * HOUR;
    world.fact(payment('payment.failed', MONDAY_NOON));
    const { state, now, policy } = world;
    if (state === null) throw new Error('nothing is known');
    const { steps } = simulate({ state, ladder: null, now, policy });
    const times = steps.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe('a note that an invoice is going to be due', () => {
  const firstMails = (dueAt: number, heardAt: number): readonly string[] => {
    const world = new World('payment', { customerCalendar });
    world.now = heardAt;
    const name = heardAt < dueAt ? 'payment.due' : 'payment.overdue';
    world.fact(payment(name, heardAt, { dueAt }));
    world.advanceTo(heardAt + 5 * DAY);
    return world.told.map(({ template }) => template);
  };

  it('is sent while it is not due yet', () => {
    expect(firstMails(MONDAY_NOON + 2 * HOUR, MONDAY_NOON)[0]).toBe('invoice-upcoming');
  });

  it.each([
    { case: 'an hour after it was due', heardAt: MONDAY_NOON + HOUR, dueAt: MONDAY_NOON },
    { case: 'in the moment it was due', heardAt: MONDAY_NOON, dueAt: MONDAY_NOON },
    // Nobody is written to before the morning, and then it is too late.
    { case: 'due at night', heardAt: MONDAY_NOON + 9 * HOUR, dueAt: MONDAY_NOON + 10 * HOUR },
  ])('is not sent any more: $case', ({ heardAt, dueAt }) => {
    expect(firstMails(dueAt, heardAt)).toEqual(['reminder-1']);
  });

  it('is not sent after a holiday on which it was due', () => {
    const holiday = { ...customerCalendar, holidays: ['2026-04-03', '2026-04-06'] };
    const world = new World('payment', { customerCalendar: holiday });
    const dueAt = Date.UTC(2026, 3, 6, 9);
    world.now = dueAt - 20 * DAY;
    world.fact(payment('payment.due', world.now, { dueAt }));
    world.advanceTo(dueAt + 3 * DAY);
    const upcoming = world.told.filter(({ template }) => template === 'invoice-upcoming');
    expect(upcoming.filter(({ at }) => at >= dueAt)).toEqual([]);
    expect(world.told.at(-1)?.template).toBe('reminder-1');
  });
});
