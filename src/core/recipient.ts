/**
 * What one mailbox may be sent, and when: suppression, the daily cap, bursts, repeats, giving up.
 * Pure: the caller asks, does what is decided, and comes back with what became of it. Knows nothing
 * of mail servers or of why a notice was wanted. All times are follow-up time, epoch ms.
 */
import type { Notice, NoticeOutcome, SkipRule } from './notice.ts';
import {
  BURST_MAX,
  BURST_WINDOW_MS,
  DAY_MS,
  DIGEST_MAX,
  type Digest,
  IDLE_MS,
  PENDING_MAX,
  type PendingNotice,
  REMINDERS_KEPT_MAX,
  type RecipientState,
  SEEN_MAX,
  type Suppression,
} from './recipient-state.ts';

export type DeliveryDecision =
  | { readonly kind: 'duplicate'; readonly state: RecipientState }
  | { readonly kind: 'answer'; readonly state: RecipientState; readonly outcome: NoticeOutcome }
  | { readonly kind: 'send'; readonly state: RecipientState; readonly pending: PendingNotice }
  /** `opened`: the first of its digest, so a flush must be scheduled. `full`: flush at once. */
  | {
      readonly kind: 'collect';
      readonly state: RecipientState;
      readonly digest: Digest;
      readonly opened: boolean;
      readonly full: boolean;
    };

export interface DeliveryQuestion {
  readonly state: RecipientState;
  readonly notice: Notice;
  readonly now: number;
  /** At least 1. */
  readonly remindersPerDay: number;
}

/**
 * Takes a notice on, or says why not. A postponed notice is forgotten: its subject asks again. A
 * team mailbox is never suppressed: an escalation that nobody gets is the failure this product
 * exists to prevent.
 */
export function decideDelivery({
  state,
  notice,
  now,
  remindersPerDay,
}: DeliveryQuestion): DeliveryDecision {
  if (state.seen.includes(notice.id)) return { kind: 'duplicate', state };
  const suppressed = suppressionOf(state, notice);
  if (suppressed !== null) {
    return { kind: 'answer', state: taken(state, notice, now), outcome: skipped(suppressed, now) };
  }
  const until = cappedUntil(state, notice, now, remindersPerDay);
  if (until !== null) {
    const outcome = { kind: 'postponed', at: now, until, rule: 'daily_cap' } as const;
    return { kind: 'answer', state: { ...state, lastAt: later(state, now) }, outcome };
  }
  if (goesToTeam(notice) && (state.digest !== null || burstAt(state, now))) {
    return collect(state, notice, now);
  }
  if (state.pending.length >= PENDING_MAX) {
    return { kind: 'answer', state, outcome: failed(`${PENDING_MAX} notices wait already`, now) };
  }
  const next = taken(state, notice, now);
  return {
    kind: 'send',
    state: goesToTeam(notice) ? { ...next, teamAt: last([...next.teamAt, now], BURST_MAX) } : next,
    pending: { notice, attempt: 1 },
  };
}

/** The suppression that stops this notice, if one does. Only mail to customers is ever stopped. */
export function suppressionOf(state: RecipientState, notice: Notice): SkipRule | null {
  return notice.audience === 'customer' ? (state.suppression?.reason ?? null) : null;
}

/** Shadow copies of reminders land in the team's mailbox and burst like escalations do. */
function goesToTeam(notice: Notice): boolean {
  return notice.audience === 'team' || notice.intended !== null;
}

/**
 * The cap is a rolling day, not a calendar one: two reminders at 23:59 and two at 00:01 are four
 * in a row to the person who gets them. Null: below the cap.
 */
function cappedUntil(
  state: RecipientState,
  notice: Notice,
  now: number,
  remindersPerDay: number,
): number | null {
  if (goesToTeam(notice)) return null;
  // What waits for the mail server will be sent too, all at once when it is back.
  const waiting = state.pending.filter((other) => !goesToTeam(other.notice)).map(() => now);
  const recent = [...recentReminders(state, now), ...waiting];
  const oldestThatCounts = recent[recent.length - remindersPerDay];
  return oldestThatCounts === undefined ? null : oldestThatCounts + DAY_MS;
}

function recentReminders(state: RecipientState, now: number): readonly number[] {
  return state.remindersAt.filter((at) => at > now - DAY_MS);
}

function burstAt(state: RecipientState, now: number): boolean {
  return state.teamAt.filter((at) => at > now - BURST_WINDOW_MS).length >= BURST_MAX;
}

function collect(state: RecipientState, notice: Notice, now: number): DeliveryDecision {
  const open = state.digest;
  if (open !== null && open.notices.length >= DIGEST_MAX) {
    return { kind: 'answer', state, outcome: failed(`${DIGEST_MAX} notices wait already`, now) };
  }
  const digest: Digest =
    open === null
      ? {
          number: state.digestsOpened + 1,
          openedAt: now,
          flushAt: now + BURST_WINDOW_MS,
          attempt: 1,
          notices: [notice],
        }
      : { ...open, notices: [...open.notices, notice] };
  return {
    kind: 'collect',
    state: { ...taken(state, notice, now), digest, digestsOpened: digest.number },
    digest,
    opened: open === null,
    full: digest.notices.length >= DIGEST_MAX,
  };
}

/** What an attempt came to. `unwanted`: the subject moved on, nothing was sent. */
export type AttemptResult =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** `retryAfterMs`: what the schedule of attempts says; null: this was the last. */
  | { readonly kind: 'retry'; readonly error: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unwanted'; readonly rule: SkipRule; readonly until: number | null };

export interface AfterAttempt {
  readonly state: RecipientState;
  /** To be told to the subject; null: nothing new to say (a middle attempt failed again). */
  readonly report: NoticeOutcome | null;
  readonly retry: { readonly pending: PendingNotice; readonly afterMs: number } | null;
}

/** Books an attempt. `now`: when it ended. */
export function afterAttempt(
  state: RecipientState,
  pending: PendingNotice,
  result: AttemptResult,
  now: number,
): AfterAttempt {
  const { notice } = pending;
  const rest = state.pending.filter((other) => other.notice.id !== notice.id);
  const settled = { ...state, pending: rest, lastAt: later(state, now) };
  if (result.kind === 'sent') {
    const counted = notice.audience === 'customer' && notice.intended === null;
    const remindersAt = [...recentReminders(state, now), now];
    return {
      state: counted ? { ...settled, remindersAt: last(remindersAt, REMINDERS_KEPT_MAX) } : settled,
      report: { kind: 'sent', at: now, messageId: result.messageId },
      retry: null,
    };
  }
  if (result.kind === 'unwanted') {
    const { rule, until } = result;
    const report =
      until === null ? skipped(rule, now) : ({ kind: 'postponed', at: now, until, rule } as const);
    return { state: settled, report, retry: null };
  }
  if (result.kind === 'refused' || result.retryAfterMs === null) {
    return { state: settled, report: failed(result.error, now), retry: null };
  }
  const next = { ...pending, attempt: pending.attempt + 1 };
  return {
    state: { ...settled, pending: [...rest, next] },
    report:
      pending.attempt === 1 ? { kind: 'retrying', at: now, attempt: 1, error: result.error } : null,
    retry: { pending: next, afterMs: result.retryAfterMs },
  };
}

export interface AfterFlush {
  readonly state: RecipientState;
  /** The outcome of every notice that went, or did not go, with the digest. */
  readonly report: NoticeOutcome | null;
  readonly retry: { readonly digest: Digest; readonly afterMs: number } | null;
}

/** Books an attempt at a digest. */
export function afterFlush(
  state: RecipientState,
  digest: Digest,
  result: Exclude<AttemptResult, { kind: 'unwanted' }>,
  now: number,
): AfterFlush {
  const closed = { ...state, digest: null, lastAt: later(state, now) };
  if (result.kind === 'sent') {
    const report = { kind: 'sent', at: now, messageId: result.messageId } as const;
    return { state: closed, report, retry: null };
  }
  if (result.kind === 'refused' || result.retryAfterMs === null) {
    return { state: closed, report: failed(result.error, now), retry: null };
  }
  const next = { ...digest, attempt: digest.attempt + 1 };
  const report = { kind: 'retrying', at: now, attempt: 1, error: result.error } as const;
  return {
    state: { ...closed, digest: next },
    report: digest.attempt === 1 ? report : null,
    retry: { digest: next, afterMs: result.retryAfterMs },
  };
}

/**
 * Puts a mailbox on the list of those who get no reminders. The first reason stands: a bounce
 * after an unsubscribe must not turn a person's wish into a technical state that can be lifted.
 */
export function suppress(state: RecipientState, suppression: Suppression): RecipientState {
  return { ...state, suppression: state.suppression ?? suppression };
}

export function unsuppress(state: RecipientState): RecipientState {
  return { ...state, suppression: null };
}

/** The time at which the state may be looked at again for clearing. */
export function expiryOf(state: RecipientState): number {
  return state.lastAt + IDLE_MS;
}

/** True when nothing would be lost: no wish of a person, nothing waiting, nobody mailed lately. */
export function isForgettable(state: RecipientState, at: number): boolean {
  return (
    state.suppression === null &&
    state.pending.length === 0 &&
    state.digest === null &&
    expiryOf(state) <= at
  );
}

/** Reminders sent in the day before `now`. */
export function remindersInDay(state: RecipientState, now: number): number {
  return recentReminders(state, now).length;
}

function taken(state: RecipientState, notice: Notice, now: number): RecipientState {
  return { ...state, seen: last([...state.seen, notice.id], SEEN_MAX), lastAt: later(state, now) };
}

function later(state: RecipientState, now: number): number {
  return Math.max(state.lastAt, now);
}

function last<Item>(items: readonly Item[], count: number): readonly Item[] {
  return items.slice(-count);
}

function skipped(rule: SkipRule, at: number): NoticeOutcome {
  return { kind: 'skipped', at, rule, detail: null };
}

function failed(error: string, at: number): NoticeOutcome {
  return { kind: 'failed', at, error };
}
