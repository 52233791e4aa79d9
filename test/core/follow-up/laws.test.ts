/**
 * The engine's invariants over random worlds: what a person relies on must hold for every order,
 * repetition and interleaving, not for the examples somebody thought of.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decide } from '../../../src/core/follow-up/index.ts';
import type { Input, SubjectState } from '../../../src/core/follow-up/types.ts';
import { DAY, HOUR, MONDAY_NOON, payment, policy, World } from '../../support/follow-up.ts';
import { holds } from '../../support/property.ts';
import { essence, type Said, said, WISHES } from '../../support/said.ts';

function deliver(facts: readonly Said[]): World {
  const world = new World();
  world.now = MONDAY_NOON + HOUR;
  for (const { fact, eventKey } of facts) world.fact(fact, eventKey);
  return world;
}

// Ten thousand worlds take half a minute on two busy cores.
vi.setConfig({ testTimeout: 180_000 });

describe('order and repetition', () => {
  it('any permutation with any repetition leads to one state and one set of notices', () => {
    const scenario = fc.array(said(30 * 60_000), { minLength: 1, maxLength: 7 }).chain((facts) =>
      fc.record({
        facts: fc.constant(facts),
        shuffled: fc.shuffledSubarray([...facts, ...facts], {
          minLength: 2 * facts.length,
          maxLength: 2 * facts.length,
        }),
      }),
    );
    holds(
      'permutation',
      fc.property(scenario, ({ facts, shuffled }) => {
        const straight = deliver(facts);
        const mixed = deliver(shuffled);
        expect(essence(mixed.state)).toEqual(essence(straight.state));
        for (const world of [straight, mixed]) world.advanceTo(MONDAY_NOON + 60 * DAY);
        const notices = (world: World): unknown =>
          world.told.map(({ at, step, template, audience, to, content }) => [
            [at, step, template, audience, content],
            to.map(({ person }) => person.address),
          ]);
        expect(notices(mixed)).toEqual(notices(straight));
      }),
    );
  });
});

type Act = { readonly wait: number } | { readonly say: Said } | { readonly input: Input };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 6 * DAY }) }) },
  { weight: 5, arbitrary: said(30 * DAY).map((say) => ({ say })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Input>(
        ...WISHES,
        { kind: 'timer', generation: 0 },
        { kind: 'timer', generation: 1 },
        { kind: 'timer', generation: 3 },
      )
      .map((input) => ({ input })),
  },
);

function run(
  acts: readonly Act[],
  check: (world: World, before: SubjectState | null) => void,
): void {
  const world = new World();
  for (const one of acts) {
    const before = world.state;
    if ('wait' in one) world.advanceTo(world.now + one.wait);
    else if ('say' in one) {
      // A provider cannot report what has not happened yet.
      const occurredAt = Math.min(one.say.fact.occurredAt ?? world.now, world.now);
      world.fact({ ...one.say.fact, occurredAt }, `${one.say.eventKey}@${occurredAt}`);
    } else world.give(one.input);
    check(world, before);
  }
}

const acts = fc.array(act, { minLength: 1, maxLength: 25 });

const OPEN = ['due', 'overdue', 'failed', 'action_required', 'disputed'];

describe('whatever happens', () => {
  it('nobody is reminded of a settled or held payment', () => {
    holds(
      'never after settlement',
      fc.property(acts, (list) => {
        let seen = 0;
        run(list, (world) => {
          for (const told of world.told.slice(seen)) {
            if (told.audience !== 'customer') continue;
            expect(OPEN).toContain(told.status);
            expect(told.held).toBe(false);
          }
          seen = world.told.length;
          const open = world.state?.followUp?.closedAt === null;
          const held = world.state?.hold?.until === null && world.state.hold !== null;
          if (!open || held) expect(world.timer).toBeNull();
        });
      }),
    );
  });

  it('no decision on a settled subject tells a customer anything', () => {
    const settled = new World();
    settled.fact(payment('payment.failed', MONDAY_NOON));
    settled.advanceTo(MONDAY_NOON + 4 * DAY);
    settled.fact(payment('payment.paid', MONDAY_NOON + 4 * DAY));
    holds(
      'settled and silent',
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 90 }), (generation, days) => {
        const { effects } = decide({
          state: settled.state,
          subject: 'stripe/in_1',
          kind: 'payment',
          input: { kind: 'timer', generation },
          now: MONDAY_NOON + days * DAY,
          policy: policy(),
        });
        expect(effects).toEqual([]);
      }),
    );
  });

  it('no step of an episode is sent twice, and no notice id is ever used again', () => {
    holds(
      'once each',
      fc.property(acts, (list) => {
        const ids = new Set<string>();
        const steps = new Set<string>();
        let seen = 0;
        run(list, (world) => {
          for (const told of world.told.slice(seen)) {
            for (const { noticeId } of told.to) {
              expect(ids.has(noticeId)).toBe(false);
              ids.add(noticeId);
            }
            if (told.template === 'resolved') continue;
            const step = `${told.episode} ${told.step}`;
            expect(steps.has(step)).toBe(false);
            steps.add(step);
          }
          seen = world.told.length;
        });
      }),
    );
  });

  it('a timer of another generation changes nothing but the timeline', () => {
    holds(
      'generation safety',
      fc.property(acts, fc.nat({ max: 40 }), (list, generation) => {
        run(list, (world) => {
          if (world.state === null || world.state.generation === generation) return;
          const { state, effects } = decide({
            state: world.state,
            subject: 'stripe/in_1',
            kind: 'payment',
            input: { kind: 'timer', generation },
            now: world.now,
            policy: world.policy,
          });
          expect(effects).toEqual([]);
          expect({ ...state, timeline: [] }).toEqual({ ...world.state, timeline: [] });
        });
      }),
    );
  });

  it('generations only grow, and state stays within its bounds', () => {
    holds(
      'bounds',
      fc.property(acts, (list) => {
        run(list, (world, before) => {
          const { state } = world;
          if (state === null) return;
          expect(state.generation).toBeGreaterThanOrEqual(before?.generation ?? 0);
          expect(state.timeline.length).toBeLessThanOrEqual(100);
          expect(state.notices.length).toBeLessThanOrEqual(50);
          expect(state.seen.length).toBeLessThanOrEqual(64);
          expect(state.openings.length).toBeLessThanOrEqual(32);
          expect(state.carried.length).toBeLessThanOrEqual(33);
          expect(state.aliases.length).toBeLessThanOrEqual(16);
        });
      }),
    );
  });

  it('an open follow-up always has a next step, unless a hold without end waits for a person', () => {
    holds(
      'liveness',
      fc.property(acts, (list) => {
        run(list, (world) => {
          const { state } = world;
          const open = state?.followUp?.closedAt === null;
          const waits = state?.hold !== null && state?.hold?.until === null;
          if (open && !waits) {
            expect(world.timer?.generation).toBe(state?.generation);
            expect(world.timer?.at).toBe(state?.followUp?.next?.at);
          }
        });
      }),
    );
  });

  it('every step not sent carries the rule that decided', () => {
    holds(
      'rules recorded',
      fc.property(acts, (list) => {
        run(list, (world) => {
          for (const record of world.state?.followUp?.steps ?? []) {
            if (record.result === 'skipped') expect(record.rule).not.toBeNull();
          }
        });
      }),
    );
  });
});

describe('many failures', () => {
  it('keeps the earliest and the newest 31, whatever the order', () => {
    holds(
      'bounded openings',
      fc.property(fc.shuffledSubarray([...Array(40).keys()], { minLength: 40 }), (order) => {
        const world = new World();
        world.now = MONDAY_NOON + HOUR;
        for (const n of order) {
          world.fact(payment('payment.failed', MONDAY_NOON + n * 1000), `evt_${n}`);
        }
        const kept = world.state?.openings.map(({ eventKey }) => eventKey);
        expect(kept?.[0]).toBe('evt_0');
        expect(kept).toHaveLength(32);
        expect(kept?.at(-1)).toBe('evt_39');
      }),
      500,
    );
  });
});
