/** Which step comes next, and when; what a person is told by it. */

import { nextAllowed } from '../calendar.ts';
import type { Ladder, Step } from '../ladder.ts';
import type { NoticeContent, Person } from '../notice.ts';
import { knownZoneOf, planLadder, zoneOf } from '../schedule.ts';
import { toldBy } from './telling.ts';
import type { FollowUp, Policy, StepRecord, SubjectState } from './types.ts';

export type Planned = ReturnType<typeof planLadder>[number];

interface Placed {
  readonly anchorAt: number;
  readonly zone: string;
  readonly calendars: Pick<Policy, 'customerCalendar' | 'teamCalendar'>;
  readonly steps: readonly Planned[];
}

/** One decision asks several times for the same plan, and the calendar is the dearest part of it. */
const lastPlaced = new WeakMap<Ladder, Placed>();

/** The whole ladder on the calendar. */
export function plan(state: SubjectState, followUp: FollowUp, policy: Policy): readonly Planned[] {
  const { ladder, anchorAt } = followUp;
  const zone = customerZone(state, policy);
  const last = lastPlaced.get(ladder);
  const { customerCalendar, teamCalendar } = policy;
  const isSame =
    last?.anchorAt === anchorAt &&
    last.zone === zone &&
    last.calendars.customerCalendar === customerCalendar &&
    last.calendars.teamCalendar === teamCalendar;
  if (isSame) return last.steps;
  const steps = planLadder({
    ladder,
    anchorAt,
    zone,
    calendar: customerCalendar,
    teamCalendar,
    teamZone: teamCalendar.zone,
  });
  lastPlaced.set(ladder, { anchorAt, zone, calendars: { customerCalendar, teamCalendar }, steps });
  return steps;
}

/** An IANA zone: what `zoneOf` makes of what is known, else that of the customer calendar. */
export function customerZone(state: SubjectState, policy: Policy): string {
  return zoneOf(state.details.customer, policy.customerCalendar.zone);
}

/** The first moment from `at` on at which this step may reach whom it is for. */
export function allowedAt(state: SubjectState, step: Step, policy: Policy, at: number): number {
  if (step.action === 'close') return at;
  const toTeam = step.action === 'escalate';
  const calendar = toTeam ? policy.teamCalendar : policy.customerCalendar;
  const zone = toTeam ? calendar.zone : customerZone(state, policy);
  return nextAllowed({ at, zone, calendar }).at;
}

export interface Target {
  readonly planned: Planned;
  readonly at: number;
  /** Steps overtaken by this one: recorded as collapsed when it fires. */
  readonly collapsed: readonly Planned[];
  /** Why an escalation comes before its time. */
  readonly urgent: 'hard_decline' | 'high_amount' | null;
}

const DAY_MS = 86_400_000;
/** Between the last word to anybody and the end of a ladder that ran late: time to answer. */
const CLOSE_GRACE_MS = 3 * DAY_MS;
/** After an escalation that came late, at most this long until the next; see `answerBy`. */
const ANSWER_MS = DAY_MS;

/**
 * The step to fire next. Steps whose time has passed collapse into the newest of them that tells
 * somebody: a person who hears of it late hears once. A team that was never told hears of it by the
 * first of its steps, not by the repetition of a mail it never got. Null when the ladder is done.
 */
export function targetOf(
  state: SubjectState,
  followUp: FollowUp,
  now: number,
  policy: Policy,
): Target | null {
  const done = new Set(followUp.steps.map((record) => record.step));
  const all = plan(state, followUp, policy);
  const left = all
    .filter(({ step }) => !done.has(step.id))
    .map((planned) => {
      const earliest = earliestOf(state, followUp, planned, all);
      const late = earliest > planned.at;
      return { planned, at: late ? allowedAt(state, planned.step, policy, earliest) : planned.at };
    });
  const urgent = urgencyOf(state, followUp, policy);
  const firstEscalation = followUp.ladder.steps.find(({ action }) => action === 'escalate');
  const pulled = left.find(({ planned }) => planned.step.id === firstEscalation?.id);
  if (urgent !== null && pulled !== undefined && pulled.at > urgent.at) {
    return { planned: pulled.planned, at: urgent.at, collapsed: [], urgent: urgent.cause };
  }
  const soonest = left.reduce<number | null>((at, one) => Math.min(at ?? one.at, one.at), null);
  if (soonest === null) return null;
  const ready = left.filter(({ at }) => at <= Math.max(soonest, now));
  const newest = ready.findLast(({ planned }) => planned.step.action !== 'close') ?? ready.at(-1);
  const isFirstWord = newest?.planned.step.action === 'escalate' && followUp.escalatedAt === null;
  const chosen = isFirstWord
    ? ready.find(({ planned }) => planned.step.action === 'escalate')
    : newest;
  if (chosen === undefined) return null;
  // Those, too, that may not come at this hour: at night a team hears first, and the customer would
  // get "last reminder" the next morning.
  const overtaken = left.slice(0, left.indexOf(chosen));
  return {
    planned: chosen.planned,
    at: chosen.at,
    collapsed: overtaken.map(({ planned }) => planned),
    urgent: null,
  };
}

/**
 * No step before: a hold, a postponement, the settling wait. The end of a ladder and the next
 * escalation wait for answers to what was told before.
 */
function earliestOf(
  state: SubjectState,
  followUp: FollowUp,
  planned: Planned,
  all: readonly Planned[],
): number {
  const { action } = planned.step;
  const told = followUp.steps.filter(({ result }) => result === 'notified');
  const waits = told.map((record) =>
    action === 'close' ? record.at + CLOSE_GRACE_MS : answerBy(record, planned, all),
  );
  return Math.max(floorOf(state, followUp, action === 'close' ? 'escalate' : action), ...waits);
}

/**
 * Who was escalated to may answer before it is repeated: half the distance the ladder puts between
 * the two steps, a day at most. An escalation on time, or late by less, moves nothing.
 */
function answerBy(record: StepRecord, planned: Planned, all: readonly Planned[]): number {
  const before = all.find(({ step }) => step.id === record.step);
  if (planned.step.action !== 'escalate' || before?.step.action !== 'escalate') return 0;
  return record.at + Math.min(ANSWER_MS, (planned.at - before.at) / 2);
}

function floorOf(state: SubjectState, followUp: FollowUp, kind: keyof FollowUp['notBefore']) {
  return Math.max(state.hold?.until ?? 0, followUp.notBefore[kind]);
}

interface Urgency {
  readonly cause: NonNullable<Target['urgent']>;
  readonly at: number;
}

/**
 * Trying again cannot help, or too much is at stake to wait two weeks: the team hears at once,
 * after the settling wait. Only what this episode's failures say counts.
 */
function urgencyOf(state: SubjectState, followUp: FollowUp, policy: Policy): Urgency | null {
  if (state.kind !== 'payment' || followUp.escalatedAt !== null) return null;
  if (state.status !== 'failed' && state.status !== 'action_required') return null;
  const { details, detailMarks } = state;
  const after = (saidAt: number): number =>
    Math.max(floorOf(state, followUp, 'escalate'), saidAt + policy.settleMs);
  const declinedAt = detailMarks.decline?.at ?? Number.NEGATIVE_INFINITY;
  const isHard = details.decline === 'hard' && declinedAt >= followUp.openedAt;
  if (policy.escalateHardDeclines && isHard)
    return { cause: 'hard_decline', at: after(declinedAt) };
  const limit = details.currency === null ? undefined : policy.highAmountMinor[details.currency];
  const isHigh = limit !== undefined && (details.amountMinor ?? 0) >= limit;
  return isHigh
    ? { cause: 'high_amount', at: after(detailMarks.amountMinor?.at ?? followUp.openedAt) }
    : null;
}

/** A mail that waits longer than this was lost on the way; it must not hold the next one for ever. */
const WAITING_MAX_MS = 7 * DAY_MS;

/**
 * When the customer last heard of this subject from us, or null. A mail that waits, for the mail
 * server or for better hours, may reach them at any moment: as if they heard of it right now.
 */
export function lastCustomerNoticeAt(state: SubjectState, now: number): number | null {
  const heard = state.notices.flatMap(({ audience, outcome, at }) => {
    if (audience !== 'customer') return [];
    if (outcome === null) return [at];
    const isHeard = outcome.kind === 'sent' || 'mayHaveArrived' in outcome;
    if (isHeard) return [Math.max(at, outcome.at)];
    return outcome.kind === 'retrying' ? [Math.min(now, outcome.at + WAITING_MAX_MS)] : [];
  });
  return heard.length === 0 ? null : Math.max(...heard);
}

/** Did the customer hear from us in this episode, as far as anybody knows? A shadow is nobody's. */
export function isReminded(state: SubjectState, followUp: FollowUp): boolean {
  const notices = followUp.steps
    .filter(({ result }) => result === 'notified')
    .flatMap((record) => toldBy(state, record));
  return notices.some(
    ({ audience, intended, outcome }) =>
      audience === 'customer' && intended === null && outcome?.kind !== 'failed',
  );
}

/** Whom reminders go to. Null: the provider named no address. */
export function customerOf(state: SubjectState): Person | null {
  const { customer } = state.details;
  const { email, name, locale } = customer;
  return email === null ? null : { address: email, name, locale, zone: knownZoneOf(customer) };
}

/** What a notice says. `anchorAt`: epoch ms; `cause` and `tier`: null where a customer reads it. */
export function contentOf(
  state: SubjectState,
  anchorAt: number | null,
  cause: string | null,
  tier: number | null,
  isLastEscalation = false,
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
    ...(isLastEscalation ? { isLastEscalation } : {}),
  };
}
