/**
 * The engine's invariants over random worlds: what a person relies on must hold for every order,
 * repetition and interleaving, not for the examples somebody thought of.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
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

/** What one law finds wrong after a step of a world, or null. It may remember that world's past. */
type Watch = (world: World, before: SubjectState | null) => unknown;

const OPEN = ['due', 'overdue', 'failed', 'action_required', 'disputed'];

/** Hands a watch only what was told since it last looked. */
function toldSince(look: (told: World['told'][number]) => unknown): Watch {
  let seen = 0;
  return (world) => {
    const wrong = world.told.slice(seen).map(look).filter(Boolean);
    seen = world.told.length;
    return wrong[0] ?? null;
  };
}

/** By the rule, a watch for one world. No `expect` in there: a million of them take seconds. */
const LAWS: Readonly<Record<string, (generation: number) => Watch>> = {
  'nobody is reminded of a settled or held payment': () =>
    toldSince((told) => told.audience === 'customer' && (told.held || !OPEN.includes(told.status))),

  'nothing is planned for what is settled, or held without end': () => (world) => {
    const open = world.state?.followUp?.closedAt === null;
    const held = world.state?.hold?.until === null && world.state.hold !== null;
    return (!open || held) && world.timer;
  },

  'no step of an episode is sent twice, and no notice id is ever used again': () => {
    const used = new Set<string>();
    return toldSince((told) => {
      const names = told.to.map(({ noticeId }) => noticeId);
      if (told.template !== 'resolved') names.push(`${told.episode} ${told.step}`);
      const again = names.filter((name, i) => used.has(name) || names.indexOf(name) !== i);
      for (const name of names) used.add(name);
      return again[0];
    });
  },

  'a timer of another generation changes nothing but the timeline': (generation) => (world) => {
    if (world.state === null || world.state.generation === generation) return null;
    const { state, effects } = decide({
      state: world.state,
      subject: 'stripe/in_1',
      kind: 'payment',
      input: { kind: 'timer', generation },
      now: world.now,
      policy: world.policy,
    });
    const without = (one: SubjectState | null) => JSON.stringify({ ...one, timeline: [] });
    if (effects.length > 0) return effects;
    return without(state) !== without(world.state) && state;
  },

  'generations only grow': () => (world, before) =>
    world.state !== null && world.state.generation < (before?.generation ?? 0) && world.state,

  'state stays within its bounds': () => (world) => {
    const { state } = world;
    const bounds = [
      [state?.timeline, 100],
      [state?.notices, 50],
      [state?.seen, 64],
      [state?.openings, 32],
      [state?.carried, 33],
      [state?.aliases, 16],
    ] as const;
    return bounds.find(([kept, max]) => (kept?.length ?? 0) > max);
  },

  'an open follow-up always has a next step, unless a hold without end waits for a person':
    () => (world) => {
      const { state, timer } = world;
      const open = state?.followUp?.closedAt === null;
      const waits = state?.hold !== null && state?.hold?.until === null;
      if (!open || waits) return null;
      const next = state.followUp?.next;
      const isSet = timer?.generation === state.generation && timer.at === next?.at;
      return (!isSet || timer === null) && { timer, next };
    },

  'every step not sent carries the rule that decided': () => (world) =>
    world.state?.followUp?.steps.find(({ result, rule }) => result === 'skipped' && rule === null),
};

function step(world: World, one: Act): void {
  if ('wait' in one) world.advanceTo(world.now + one.wait);
  else if ('say' in one) {
    // A provider cannot report what has not happened yet.
    const occurredAt = Math.min(one.say.fact.occurredAt ?? world.now, world.now);
    world.fact({ ...one.say.fact, occurredAt }, `${one.say.eventKey}@${occurredAt}`);
  } else world.give(one.input);
}

/** What is wrong by rule, of those that this world breaks. */
function breaks(
  rules: readonly string[],
  acts: readonly Act[],
  generation: number,
): ReadonlyMap<string, unknown> {
  const watches = rules.flatMap((rule) => {
    const watch = LAWS[rule]?.(generation);
    return watch === undefined ? [] : [[rule, watch] as const];
  });
  const found = new Map<string, unknown>();
  const world = new World();
  for (const one of acts) {
    const before = world.state;
    step(world, one);
    for (const [rule, watch] of watches) {
      const wrong = watch(world, before);
      if (wrong && !found.has(rule)) found.set(rule, wrong);
    }
  }
  return found;
}

const acts = fc.array(act, { minLength: 1, maxLength: 25 });
const generation = fc.nat({ max: 40 });

describe('whatever happens', () => {
  const RULES = Object.keys(LAWS);
  /** All laws look at the same ten thousand worlds; the one that is broken then looks alone. */
  const broken = new Set<string>();
  beforeAll(() => {
    holds(
      'all laws',
      fc.property(acts, generation, (list, another) => {
        for (const rule of breaks(RULES, list, another).keys()) broken.add(rule);
      }),
    );
  }, 180_000);

  it.each(RULES)('%s', (rule) => {
    if (broken.has(rule)) {
      const alone = fc.property(acts, generation, (list, another) => {
        expect(breaks([rule], list, another).get(rule)).toBeUndefined();
      });
      holds(rule, alone);
    }
    expect([...broken]).not.toContain(rule);
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
