/** What people and callers see of a subject; nothing here changes it. */
import type { SubjectKind } from '../fact.ts';
import type { Ladder } from '../ladder.ts';
import type { SkipRule } from '../notice.ts';
import { decide } from './decide.ts';
import { anchorOf, episodeOf, openings } from './episode.ts';
import { quietUntil, skipRule } from './rules.ts';
import { customerOf, type Planned, plan, type Target, targetOf } from './steps.ts';
import type { Decision, FollowUp, PlannedStep, Policy, SubjectState } from './types.ts';

/**
 * The whole ladder with dates: the pinned one, or another to compare. Empty for a subject that
 * nothing asked a follow-up for.
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
  const steps = plan(state, followUp, policy).map((planned): PlannedStep => {
    const { step, nominalAt, shiftedBy } = planned;
    return {
      step: step.id,
      action: step.action,
      template: step.action === 'close' ? null : step.template,
      to: recipients(state, step, policy),
      nominalAt,
      shiftedBy,
      ...outlook(state, followUp, next, planned),
    };
  });
  return { ladder: followUp.ladder, anchorAt: followUp.anchorAt, steps };
}

/** What was done with a step, or is going to be. */
function outlook(
  state: SubjectState,
  followUp: FollowUp,
  next: Target | null,
  { step, at }: Planned,
): Pick<PlannedStep, 'at' | 'state' | 'rule'> {
  const record = followUp.steps.find((done) => done.step === step.id);
  if (record !== undefined) {
    const done = record.result === 'skipped' ? 'skipped' : 'done';
    return { at: record.at, state: done, rule: record.rule };
  }
  if (followUp.closedAt !== null) return { at, state: 'cancelled', rule: null };
  if (next?.collapsed.some((over) => over.step.id === step.id)) {
    return { at, state: 'skipped', rule: 'collapsed' };
  }
  // Held without an end: nothing is next until a person releases it.
  if (state.hold !== null && state.hold.until === null) {
    return { at, state: 'planned', rule: 'held' };
  }
  return next?.planned.step.id === step.id
    ? { at: next.at, state: 'next', rule: next.urgent }
    : { at: Math.max(at, state.hold?.until ?? at), state: 'planned', rule: null };
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

/** `until`: not now, but then; the step is owed again. Null: not at all. */
export interface Wanted {
  readonly wanted: boolean;
  readonly rule: SkipRule | null;
  readonly until: number | null;
}

/**
 * Asked just before a mail goes out: a customer who paid a second ago hears nothing, and neither
 * does anybody after a stop. `retriedAt`: the time of a later attempt, when hours may have become
 * quiet meanwhile; null for the first, which follows the decision at once.
 */
export function stillWanted(
  state: SubjectState | null,
  noticeId: string,
  policy: Policy,
  retriedAt: number | null,
  isHandedOn = false,
): Wanted {
  const not = (rule: SkipRule, until: number | null = null) => ({ wanted: false, rule, until });
  const wanted = { wanted: true, rule: null, until: null };
  const record = state?.notices.find(({ id }) => id === noticeId);
  // The hand-over it is part of has yet to arrive: then the step is owed, and asked about, anew.
  if (record === undefined && isHandedOn) return not('joined');
  if (state === null || record === undefined) return not('settled');
  if (record.template === 'resolved') return policy.paused === 'all' ? not('all_paused') : wanted;
  const followUp = state.followUp;
  if (followUp === null || followUp.closedAt !== null) return not('settled');
  const isOwed = followUp.steps.some(
    (done) => done.step === record.step && done.generation === record.generation,
  );
  const step = followUp.ladder.steps.find(({ id }) => id === record.step);
  if (!isOwed || step === undefined) return not('settled');
  if (record.audience === 'customer' && state.hold !== null) return not('held');
  const rule = skipRule(state, step, policy, retriedAt ?? record.at);
  if (rule !== null) return not(rule);
  const quiet = retriedAt === null ? null : quietUntil(state, step, policy, retriedAt);
  return quiet === null ? wanted : not(quiet.rule, quiet.until);
}

/** What a fact would change, without changing it. */
export function preview(input: Parameters<typeof decide>[0] & { readonly kind: SubjectKind }): {
  readonly decision: Decision;
  readonly changes: readonly string[];
} {
  const decision = decide(input);
  const before = input.state;
  const after = decision.state;
  const changes: string[] = [];
  if (before?.status !== after.status) {
    changes.push(`status ${before?.status ?? 'unknown'} → ${after.status}`);
  }
  const next = (state: SubjectState | null): string =>
    state?.followUp?.next
      ? `${state.followUp.next.step} at ${new Date(state.followUp.next.at).toISOString()}`
      : 'none';
  if (next(before) !== next(after)) changes.push(`next step ${next(before)} → ${next(after)}`);
  for (const effect of decision.effects) {
    if (effect.kind === 'notify') changes.push(`tells ${effect.to.length}: ${effect.template}`);
    if (effect.kind === 'link') changes.push(`joins ${effect.alias}`);
  }
  return { decision, changes };
}

/** May the tombstone be cleared now? Null: the subject is open again, keep it. */
export function expiry(
  state: SubjectState | null,
  now: number,
): { readonly kind: 'clear' } | { readonly kind: 'wait'; readonly until: number } | null {
  if (state === null) return { kind: 'clear' };
  if (state.expiresAt === null) return null;
  return state.expiresAt <= now ? { kind: 'clear' } : { kind: 'wait', until: state.expiresAt };
}
