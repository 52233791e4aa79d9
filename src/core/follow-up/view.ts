/** What people and callers see of a subject; nothing here changes it. */
import type { SubjectKind } from '../fact.ts';
import type { Ladder } from '../ladder.ts';
import type { SkipRule } from '../notice.ts';
import { decide } from './decide.ts';
import { chooseLadder, openings } from './episode.ts';
import { customerOf, plan, targetOf } from './steps.ts';
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
  const steps = plan(state, followUp, policy).map(({ step, nominalAt, at, shiftedBy }) => {
    const record = followUp.steps.find((done) => done.step === step.id);
    const isNext = next?.planned.step.id === step.id;
    const collapsed = next?.collapsed.some((over) => over.step.id === step.id) ?? false;
    const stateOf = record
      ? record.result === 'skipped'
        ? 'skipped'
        : 'done'
      : followUp.closedAt !== null
        ? 'cancelled'
        : isNext
          ? 'next'
          : collapsed
            ? 'skipped'
            : 'planned';
    const planned: PlannedStep = {
      step: step.id,
      action: step.action,
      template: step.action === 'close' ? null : step.template,
      to: recipients(state, step, policy),
      nominalAt,
      at: record?.at ?? (isNext && next !== null ? next.at : at),
      shiftedBy,
      state: stateOf,
      rule: record?.rule ?? (collapsed ? 'collapsed' : isNext ? (next?.urgent ?? null) : null),
    };
    return planned;
  });
  return { ladder: followUp.ladder, anchorAt: followUp.anchorAt, steps };
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
    const anchorAt =
      ladder.anchor === 'due' ? (state.details.dueAt ?? current.openedAt) : current.openedAt;
    return { ...current, ladder, anchorAt, steps: [] };
  }
  const open = openings(state);
  if (open === null) return null;
  const chosen = ladder ?? chooseLadder(state, open, policy);
  const openedAt = open[0].at;
  const anchorAt = chosen.anchor === 'due' ? (state.details.dueAt ?? openedAt) : openedAt;
  return {
    status: 'active',
    openedAt,
    anchorAt,
    notBefore: now,
    ladder: chosen,
    steps: [],
    next: null,
    acknowledged: null,
    escalatedAt: null,
    closedAt: null,
    closedBy: null,
  };
}

/** Asked just before a mail goes out: a customer who paid a second ago hears nothing. */
export function stillWanted(
  state: SubjectState | null,
  noticeId: string,
): { readonly wanted: boolean; readonly rule: SkipRule | null } {
  const record = state?.notices.find(({ id }) => id === noticeId);
  if (state === null || record === undefined) return { wanted: false, rule: 'settled' };
  if (record.template === 'resolved') return { wanted: true, rule: null };
  const followUp = state.followUp;
  if (followUp === null || followUp.closedAt !== null) return { wanted: false, rule: 'settled' };
  const step = followUp.steps.find(
    (done) => done.step === record.step && done.generation === record.generation,
  );
  if (step === undefined) return { wanted: false, rule: 'settled' };
  if (record.audience === 'customer' && state.hold !== null) return { wanted: false, rule: 'held' };
  if (record.audience === 'team' && followUp.acknowledged !== null) {
    return { wanted: false, rule: 'acknowledged' };
  }
  return { wanted: true, rule: null };
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
