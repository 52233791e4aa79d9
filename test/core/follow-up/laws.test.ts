/**
 * The engine's invariants over random worlds: what a person relies on must hold for every order,
 * repetition and interleaving, not for the examples somebody thought of.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { emptyState } from '../../../src/core/follow-up/decide.ts';
import { decide } from '../../../src/core/follow-up/index.ts';
import { recordFact } from '../../../src/core/follow-up/registers.ts';
import type { Input, SubjectState } from '../../../src/core/follow-up/types.ts';
import { DAY, HOUR, MONDAY_NOON, payment, policy, World } from '../../support/follow-up.ts';
import { holds, same } from '../../support/property.ts';
import { essence, type Said, said, saidOfAlert, tellings, WISHES } from '../../support/said.ts';

function deliver(kind: World['kind'], facts: readonly Said[]): World {
  const world = new World(kind);
  world.now = MONDAY_NOON + HOUR;
  for (const { fact, eventKey } of facts) world.fact(fact, eventKey);
  return world;
}

type Says = (spanMs: number) => fc.Arbitrary<Said>;
const KINDS: readonly { readonly kind: World['kind']; readonly says: Says }[] = [
  { kind: 'payment', says: said },
  { kind: 'alert', says: saidOfAlert },
];

// Ten thousand worlds take half a minute on two busy cores.
vi.setConfig({ testTimeout: 180_000 });

describe('order and repetition', () => {
  it.each(KINDS)(
    'any permutation of what is said of one $kind, with any repetition, leads to one state and one set of notices',
    ({ kind, says }) => {
      const scenario = fc.array(says(30 * 60_000), { minLength: 1, maxLength: 7 }).chain((facts) =>
        fc.record({
          facts: fc.constant(facts),
          shuffled: fc.shuffledSubarray([...facts, ...facts], {
            minLength: 2 * facts.length,
            maxLength: 2 * facts.length,
          }),
        }),
      );
      holds(
        `permutation, ${kind}`,
        fc.property(scenario, ({ facts, shuffled }) => {
          const straight = deliver(kind, facts);
          const mixed = deliver(kind, shuffled);
          same(essence(mixed.state), essence(straight.state));
          for (const world of [straight, mixed]) world.advanceTo(MONDAY_NOON + 60 * DAY);
          same(tellings(mixed.told), tellings(straight.told));
        }),
      );
    },
  );
});

type Act = { readonly wait: number } | { readonly say: Said } | { readonly input: Input };

const act = (says: Says): fc.Arbitrary<Act> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 6 * DAY }) }) },
    { weight: 5, arbitrary: says(30 * DAY).map((say) => ({ say })) },
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

const OPEN = ['due', 'overdue', 'failed', 'action_required', 'disputed', 'open'];

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
  'nobody is told anything of what is settled but that it is, and no customer of what is held':
    () =>
      toldSince(
        (told) =>
          (told.template !== 'resolved' && !OPEN.includes(told.status)) ||
          (told.audience === 'customer' && told.held),
      ),

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
      kind: world.kind,
      input: { kind: 'timer', generation },
      now: world.now,
      policy: world.policy,
    });
    if (effects.length > 0) return effects;
    const { timeline, ...kept } = world.state;
    return !isDeepStrictEqual({ ...state, timeline }, { ...kept, timeline }) && state;
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
      [state?.verdicts, 16],
      // As many as names, parts, verdicts and openings.
      [state?.carried, 13 + 16 + 16 + 32],
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
      return !isSet && { timer, next };
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
  kind: World['kind'],
  acts: readonly Act[],
  generation: number,
): ReadonlyMap<string, unknown> {
  const watches = Object.entries(LAWS)
    .filter(([rule]) => rules.includes(rule))
    .map(([rule, law]) => [rule, law(generation)] as const);
  const found = new Map<string, unknown>();
  const world = new World(kind);
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

const generation = fc.nat({ max: 40 });

describe.each(KINDS)('whatever happens to one $kind', ({ kind, says }) => {
  const acts = fc.array(act(says), { minLength: 1, maxLength: 15 });
  const RULES = Object.keys(LAWS);
  /** All laws look at the same ten thousand worlds; the one that is broken then looks alone. */
  const broken = new Set<string>();
  beforeAll(() => {
    holds(
      `all laws, ${kind}`,
      fc.property(acts, generation, (list, another) => {
        for (const rule of breaks(RULES, kind, list, another).keys()) broken.add(rule);
      }),
    );
  }, 180_000);

  it.each(RULES)('%s', (rule) => {
    if (broken.has(rule)) {
      const alone = fc.property(acts, generation, (list, another) => {
        expect(breaks([rule], kind, list, another).get(rule)).toBeUndefined();
      });
      holds(rule, alone);
    }
    expect([...broken]).not.toContain(rule);
  });
});

describe('a settled payment', () => {
  it('has no timer, of whatever generation and day, that does anything', () => {
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
        same(effects, []);
      }),
    );
  });
});

describe('many failures', () => {
  it('keeps the earliest and the newest 31, whatever the order', () => {
    holds(
      'bounded openings',
      fc.property(fc.shuffledSubarray([...Array(40).keys()], { minLength: 40 }), (order) => {
        const state = order.reduce(
          (before, n) => {
            const at = MONDAY_NOON + n * 1000;
            return recordFact(before, payment('payment.failed', at), `evt_${n}`, at);
          },
          emptyState('stripe/in_1', 'payment'),
        );
        const kept = state.openings.map(({ eventKey }) => eventKey);
        same([kept[0], kept.length, kept.at(-1)], ['evt_0', 32, 'evt_39']);
      }),
    );
  });
});
