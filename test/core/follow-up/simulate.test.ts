/** What `simulate` prints is what then happens, as long as nobody says anything more. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { defaultCustomerCalendar } from '../../../src/core/default-ladders.ts';
import { emptyState } from '../../../src/core/follow-up/decide.ts';
import { simulate } from '../../../src/core/follow-up/index.ts';
import type { OperatorInput } from '../../../src/core/follow-up/types.ts';
import { ALWAYS, DAY, HOUR, MONDAY_NOON, payment, World } from '../../support/follow-up.ts';
import { holds, same } from '../../support/property.ts';
import { type Said, said, WISHES } from '../../support/said.ts';

const plan = ({ state, now, policy }: World) =>
  simulate({ state: state ?? emptyState('stripe/in_1', 'payment'), ladder: null, now, policy })
    .steps;

interface Moment {
  readonly waitMs: number;
  readonly says: Said | null;
  readonly wish: OperatorInput | null;
}

const moment: fc.Arbitrary<Moment> = fc.record({
  waitMs: fc.integer({ min: 0, max: 9 * DAY }),
  says: fc.option(said(30 * DAY)),
  wish: fc.constantFrom(null, null, ...WISHES),
});

function lived(moments: readonly Moment[], calendar: typeof ALWAYS): World {
  const world = new World('payment', { customerCalendar: calendar });
  for (const { waitMs, says, wish } of moments) {
    world.advanceTo(world.now + waitMs);
    if (says !== null) world.fact(says.fact, says.eventKey);
    if (wish !== null && world.state !== null) world.give(wish);
  }
  return world;
}

vi.setConfig({ testTimeout: 180_000 });

describe('simulate', () => {
  it('names every mail that follows, with its time, and none that does not', () => {
    const scenario = fc.tuple(
      fc.array(moment, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(ALWAYS, defaultCustomerCalendar),
    );
    holds(
      'simulate',
      fc.property(scenario, ([moments, calendar]) => {
        const world = lived(moments, calendar);
        const coming = plan(world).filter(
          ({ action, state, rule }) =>
            action !== 'close' && (state === 'next' || state === 'planned') && rule !== 'held',
        );
        const before = world.told.length;
        world.advanceTo(world.now + 400 * DAY);
        const told = world.told.slice(before).map(({ step, at }) => `${step} ${at}`);
        same(coming.map(({ step, at }) => `${step} ${at}`).sort(), [...told].sort());
      }),
    );
  });

  it('says of steps that are overdue when a hold ends that one goes out and the others collapse', () => {
    const world = new World('payment', { customerCalendar: defaultCustomerCalendar });
    world.fact(payment('payment.failed', MONDAY_NOON));
    world.advanceTo(MONDAY_NOON + HOUR);
    const until = MONDAY_NOON + 20 * DAY;
    world.give({ kind: 'hold', until, reason: 'promised', actor: 'ada' });
    const steps = plan(world).map(({ step, state, rule }) => [step, state, rule]);
    expect(steps.slice(0, 3)).toEqual([
      ['reminder-1', 'skipped', 'collapsed'],
      ['reminder-final', 'skipped', 'collapsed'],
      ['escalation', 'next', null],
    ]);
  });

  it('says of a reminder that the provider will make needless that it will be skipped', () => {
    const world = new World();
    const nextAttemptAt = MONDAY_NOON + 3.5 * DAY;
    world.fact(payment('payment.failed', MONDAY_NOON, { attemptCount: 1, nextAttemptAt }));
    expect(plan(world)[0]).toMatchObject({ state: 'skipped', rule: 'provider_retry_due' });
  });
});
