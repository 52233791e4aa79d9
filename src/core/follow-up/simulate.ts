/**
 * The whole ladder with dates, told in advance: the engine itself runs on into the future, as if
 * nothing more were said. What it prints is what will happen, by construction.
 */
import type { Ladder } from '../ladder.ts';
import { decide } from './decide.ts';
import { anchorOf, episodeOf, openings } from './episode.ts';
import { customerOf, type Planned, plan, type Target, targetOf } from './steps.ts';
import type { FollowUp, PlannedStep, Policy, StepRecord, SubjectState } from './types.ts';

/** Each step may be put off a few times on its way: by a hold, the minimum gap, quiet hours. */
const TIMERS_MAX = 100;

/**
 * The pinned ladder with dates, or another to compare. Empty for a subject that nothing asked a
 * follow-up for.
 */
export function simulate(input: {
  readonly state: SubjectState;
  readonly ladder: Ladder | null;
  readonly now: number;
  readonly policy: Policy;
}): {
  readonly ladder: Ladder | null;
  readonly anchorAt: number | null;
  readonly steps: readonly PlannedStep[];
} {
  const { state, now, policy } = input;
  const followUp = followUpToSimulate(state, input.ladder, now, policy);
  if (followUp === null) return { ladder: input.ladder, anchorAt: null, steps: [] };
  const next = followUp.closedAt === null ? targetOf(state, followUp, now, policy) : null;
  const future = next === null ? [] : futureSteps({ ...state, followUp }, now, policy);
  const steps = plan(state, followUp, policy).map((planned): PlannedStep => {
    const { step, nominalAt, shiftedBy } = planned;
    return {
      step: step.id,
      action: step.action,
      template: step.action === 'close' ? null : step.template,
      to: recipients(state, step, policy),
      nominalAt,
      shiftedBy,
      ...outlook(state, followUp, { next, future }, planned),
    };
  });
  return { ladder: followUp.ladder, anchorAt: followUp.anchorAt, steps };
}

/** What becomes of the steps if nobody says anything more; a hold without an end is waited out. */
function futureSteps(state: SubjectState, now: number, policy: Policy): readonly StepRecord[] {
  let at = now;
  let run = state;
  for (let fired = 0; fired < TIMERS_MAX; fired += 1) {
    const { followUp, subject, kind, generation } = run;
    if (followUp === null || followUp.closedAt !== null) break;
    const target = targetOf(run, followUp, at, policy);
    if (target === null || run.hold?.until === null) break;
    at = Math.max(at, target.at);
    const input = { kind: 'timer', generation } as const;
    run = decide({ state: run, subject, kind, input, now: at, policy }).state;
  }
  return run.followUp?.steps ?? [];
}

interface Outlook {
  readonly next: Target | null;
  readonly future: readonly StepRecord[];
}

/** What was done with a step, or is going to be. */
function outlook(
  state: SubjectState,
  followUp: FollowUp,
  { next, future }: Outlook,
  { step, at }: Planned,
): Pick<PlannedStep, 'at' | 'state' | 'rule'> {
  const record = followUp.steps.find((done) => done.step === step.id);
  if (record !== undefined) {
    const done = record.result === 'skipped' ? 'skipped' : 'done';
    return { at: record.at, state: done, rule: record.rule };
  }
  if (followUp.closedAt !== null) return { at, state: 'cancelled', rule: null };
  // Held without an end: nothing is next until a person releases it.
  if (state.hold !== null && state.hold.until === null) {
    return { at, state: 'planned', rule: 'held' };
  }
  const to = future.find((coming) => coming.step === step.id);
  if (to?.result === 'skipped') return { at, state: 'skipped', rule: to.rule };
  return next?.planned.step.id === step.id
    ? { at: to?.at ?? next.at, state: 'next', rule: next.urgent }
    : { at: to?.at ?? at, state: 'planned', rule: null };
}

function recipients(
  state: SubjectState,
  step: Ladder['steps'][number],
  policy: Policy,
): readonly string[] {
  if (step.action === 'remind') {
    const customer = customerOf(state);
    return customer === null ? [] : [customer.address];
  }
  if (step.action === 'close') return [];
  return (policy.tiers[step.tier - 1] ?? []).map(({ address }) => address);
}

function followUpToSimulate(
  state: SubjectState,
  ladder: Ladder | null,
  now: number,
  policy: Policy,
): FollowUp | null {
  const current = state.followUp;
  if (current !== null) {
    if (ladder === null || ladder.id === current.ladder.id) return current;
    const { dueAt } = state.details;
    const anchorAt = ladder.anchor === 'due' ? (dueAt ?? current.openedAt) : current.openedAt;
    return { ...current, ladder, anchorAt, steps: [] };
  }
  const open = openings(state);
  if (open === null) return null;
  const { followUp } = episodeOf(state, open, now, policy);
  return ladder === null
    ? followUp
    : { ...followUp, ladder, anchorAt: anchorOf(state, open, ladder, followUp.role) };
}
