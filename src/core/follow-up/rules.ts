/** What keeps a step from being sent, each rule in one place, in the order of precedence. */
import type { Step } from '../ladder.ts';
import type { SkipRule } from '../notice.ts';
import { allowedAt, customerOf, lastCustomerNoticeAt } from './steps.ts';
import type { Policy, SubjectState } from './types.ts';

export interface Postponement {
  readonly until: number;
  readonly rule: SkipRule;
}

/** The first rule that forbids this step for good, or null. */
export function skipRule(
  state: SubjectState,
  step: Step,
  policy: Policy,
  now: number,
): SkipRule | null {
  if (policy.paused === 'all') return 'all_paused';
  if (policy.paused === 'source') return 'source_paused';
  if (step.action === 'escalate') {
    return state.followUp?.acknowledged === null ? null : 'acknowledged';
  }
  const customer = customerOf(state);
  if (customer !== null && policy.excludedCustomers.includes(customer.address.toLowerCase())) {
    return 'customer_excluded';
  }
  if (customer === null) return 'no_address';
  const { dueAt } = state.details;
  // "Nothing is wrong yet" must not be said when it is.
  const isAheadOfTime = step.action === 'remind' && step.template === 'invoice-upcoming';
  if (isAheadOfTime && dueAt !== null && dueAt <= now) return 'past_due';
  const { nextAttemptAt } = state.details;
  const retriesSoon =
    state.status === 'failed' &&
    nextAttemptAt !== null &&
    nextAttemptAt > now &&
    nextAttemptAt - now <= policy.providerRetryWithinMs;
  return retriesSoon ? 'provider_retry_due' : null;
}

/** Not now, but later: the gap between two mails, and hours in which nobody wants any. */
export function postponement(
  state: SubjectState,
  step: Step,
  policy: Policy,
  now: number,
): Postponement | null {
  if (step.action === 'remind') {
    const last = lastCustomerNoticeAt(state, now);
    const free = last === null ? now : last + policy.minGapMs;
    if (free > now) return { until: free, rule: 'min_gap' };
  }
  return quietUntil(state, step, policy, now);
}

/** The end of the quiet hours or closed days that `now` lies in, or null. */
export function quietUntil(
  state: SubjectState,
  step: Step,
  policy: Policy,
  now: number,
): Postponement | null {
  const until = allowedAt(state, step, policy, now);
  return until > now ? { until, rule: 'quiet_hours' } : null;
}
