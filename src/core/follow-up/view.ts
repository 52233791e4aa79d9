/** What people and callers see of a subject; nothing here changes it. */
import type { SubjectKind } from '../fact.ts';
import type { SkipRule } from '../notice.ts';
import { decide } from './decide.ts';
import { quietUntil, skipRule } from './rules.ts';
import { stepOf } from './telling.ts';
import type { Decision, Policy, SubjectState } from './types.ts';

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
  if (record === undefined && isHandedOn) return not('joined');
  if (state === null || record === undefined) return not('settled');
  if (record.template === 'resolved') return policy.paused === 'all' ? not('all_paused') : wanted;
  const followUp = state.followUp;
  if (followUp === null || followUp.closedAt !== null) return not('settled');
  const told = stepOf(state, record);
  const step = followUp.ladder.steps.find(({ id }) => id === told?.step);
  if (told === undefined || step === undefined) return not('settled');
  if (told.result !== 'notified') return not(told.rule ?? 'settled');
  if (record.audience === 'customer' && state.hold !== null) return not('held');
  const rule = skipRule(state, step, policy, retriedAt ?? record.at);
  if (rule !== null) return not(rule);
  const quiet = retriedAt === null ? null : quietUntil(state, step, policy, retriedAt);
  return quiet === null ? wanted : not(quiet.rule, quiet.until);
}

const HAND_OVER_MS = 10 * 60_000;
/** A hand-over that could not be handled comes again each day, until somebody has seen to it. */
const HAND_OVER_MAX_MS = 7 * 86_400_000;

/**
 * The subject that the id of a notice belongs to has not heard of it: what was handed over has yet
 * to arrive there, so the mail waits and asks again. `state`: of the id that decided the notice.
 */
export function whileHandedOver(
  state: SubjectState,
  noticeId: string,
  retriedAt: number | null,
  answer: Wanted,
): Wanted {
  if (answer.wanted || answer.rule !== 'joined') return answer;
  const record = state.notices.find(({ id }) => id === noticeId);
  const waited = (retriedAt ?? 0) - (record?.at ?? 0);
  if (record === undefined || waited > HAND_OVER_MAX_MS) return { ...answer, rule: 'settled' };
  return { ...answer, until: (retriedAt ?? record.at) + HAND_OVER_MS };
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
