/** Which step comes next, and when; what a person is told by it. */

import type { NoticeContent, Person } from '../notice.ts';
import { planLadder, zoneOf } from '../schedule.ts';
import type { FollowUp, Policy, SubjectState } from './types.ts';

export type Planned = ReturnType<typeof planLadder>[number];

/** The whole ladder on the calendar. */
export function plan(state: SubjectState, followUp: FollowUp, policy: Policy): readonly Planned[] {
  return planLadder({
    ladder: followUp.ladder,
    anchorAt: followUp.anchorAt,
    zone: customerZone(state, policy),
    calendar: policy.customerCalendar,
    teamCalendar: policy.teamCalendar,
    teamZone: policy.teamCalendar.zone,
  });
}

export function customerZone(state: SubjectState, policy: Policy): string {
  return zoneOf(state.details.customer, policy.customerCalendar.zone);
}

export interface Target {
  readonly planned: Planned;
  readonly at: number;
  /** Steps overtaken by this one: recorded as collapsed when it fires. */
  readonly collapsed: readonly Planned[];
  /** Why an escalation comes before its time. */
  readonly urgent: 'hard_decline' | 'high_amount' | null;
}

/**
 * The step to fire next. Steps whose time has passed collapse into the newest of them: a person
 * who hears of it late hears once. Null when the ladder is done.
 */
export function targetOf(
  state: SubjectState,
  followUp: FollowUp,
  now: number,
  policy: Policy,
): Target | null {
  const done = new Set(followUp.steps.map((record) => record.step));
  const left = plan(state, followUp, policy).filter((planned) => !done.has(planned.step.id));
  const first = left[0];
  if (first === undefined) return null;
  const horizon = Math.max(now, followUp.notBefore);
  const urgent = urgentCause(state, followUp, policy);
  const escalation = left.find((planned) => planned.step.action === 'escalate');
  if (urgent !== null && escalation !== undefined && escalation.at > horizon) {
    return { planned: escalation, at: followUp.notBefore, collapsed: [], urgent };
  }
  const past = left.filter((planned) => planned.at <= horizon);
  const planned = past.at(-1) ?? first;
  return {
    planned,
    at: Math.max(planned.at, followUp.notBefore),
    collapsed: past.slice(0, -1),
    urgent: null,
  };
}

/** Trying again cannot help, or too much is at stake to wait two weeks: the team hears at once. */
function urgentCause(state: SubjectState, followUp: FollowUp, policy: Policy): Target['urgent'] {
  if (state.kind !== 'payment' || followUp.escalatedAt !== null) return null;
  if (state.status !== 'failed' && state.status !== 'action_required') return null;
  const { decline, amountMinor, currency } = state.details;
  if (policy.escalateHardDeclines && decline === 'hard') return 'hard_decline';
  const limit = currency === null ? undefined : policy.highAmountMinor[currency];
  return limit !== undefined && amountMinor !== null && amountMinor >= limit ? 'high_amount' : null;
}

/** When a customer last heard of this subject from us, or null. */
export function lastCustomerNoticeAt(state: SubjectState): number | null {
  const heard = state.notices.filter(
    ({ audience, outcome }) =>
      audience === 'customer' &&
      (outcome === null || outcome.kind === 'sent' || outcome.kind === 'retrying'),
  );
  return heard.reduce<number | null>((at, notice) => Math.max(at ?? 0, notice.at), null);
}

export function customerOf(state: SubjectState): Person | null {
  const { email, name, locale, zone } = state.details.customer;
  return email === null ? null : { address: email, name, locale, zone };
}

export function contentOf(
  state: SubjectState,
  anchorAt: number | null,
  cause: string | null,
  tier: number | null,
): NoticeContent {
  const { details } = state;
  return {
    amountMinor: details.amountMinor,
    currency: details.currency,
    number: details.number,
    payUrl: details.payUrl,
    reason: details.reason,
    anchorAt,
    dueAt: details.dueAt,
    customer: details.customer.email ?? details.customer.name,
    title: details.title,
    url: details.url,
    severity: details.severity,
    cause,
    tier,
  };
}
