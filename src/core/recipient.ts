/**
 * What one mailbox may be sent, and when: suppression, the daily cap, bursts. Pure: the caller
 * asks, does what is decided, and books what became of it (`recipient-attempt.ts`). Knows nothing
 * of mail servers or of why a notice was wanted. All times are follow-up time, epoch ms.
 */
import type { Notice, NoticeOutcome, SkipRule } from './notice.ts';
import { failed, skipped } from './recipient-attempt.ts';
import {
  BURST_MAX,
  BURST_WINDOW_MS,
  DAY_MS,
  DIGEST_MAX,
  type Digest,
  IDLE_MS,
  type Lifting,
  later,
  PENDING_MAX,
  type PendingNotice,
  type RecipientState,
  recentReminders,
  SEEN_MAX,
  type Suppression,
  type SuppressionReason,
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

/** A digest waits ten minutes: who unsubscribed meanwhile is not to find a reminder in it. */
export function leavingDigest(
  state: RecipientState,
  { notices }: Digest,
): {
  readonly listed: readonly Notice[];
  readonly stopped: readonly { readonly notice: Notice; readonly rule: SkipRule }[];
} {
  const stopped = notices.flatMap((notice) => {
    const rule = suppressionOf(state, notice);
    return rule === null ? [] : [{ notice, rule }];
  });
  return { listed: notices.filter((notice) => suppressionOf(state, notice) === null), stopped };
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

/**
 * Puts a mailbox on the list of those who get no reminders. The first reason stands: a bounce
 * after an unsubscribe must not turn a person's wish into a technical state that can be lifted.
 */
export function suppress(state: RecipientState, suppression: Suppression): RecipientState {
  return { ...state, suppression: state.suppression ?? suppression };
}

export type UnsuppressDecision =
  | { readonly kind: 'lifted'; readonly state: RecipientState; readonly was: Suppression }
  /** A person's own wish, and nobody says that they changed their mind. */
  | { readonly kind: 'needs_consent'; readonly was: Suppression }
  | { readonly kind: 'not_suppressed' };

/**
 * Takes a mailbox off the list. Who unsubscribed or called a reminder spam is written to again only
 * with their consent: a bounce is a fact about a server, an unsubscribe is the wish of a person.
 */
export function decideUnsuppress(
  state: RecipientState,
  { at, by, reason, consent }: Omit<Lifting, 'was'> & { readonly consent: boolean },
): UnsuppressDecision {
  const was = state.suppression;
  if (was === null) return { kind: 'not_suppressed' };
  if (isOwnWish(was.reason) && !consent) return { kind: 'needs_consent', was };
  const lifting = { was, at, by, reason };
  return { kind: 'lifted', state: { ...state, suppression: null, lifting }, was };
}

function isOwnWish(reason: SuppressionReason): boolean {
  return reason === 'unsubscribed' || reason === 'complained';
}

/** A wish of a person, and who overruled one, are never forgotten. */
export function isKeptForEver({ suppression, lifting }: RecipientState): boolean {
  return suppression !== null || lifting !== undefined;
}

/** The time at which the state may be looked at again for clearing. */
export function expiryOf(state: RecipientState): number {
  return state.lastAt + IDLE_MS;
}

/** True when nothing would be lost: nothing to remember, nothing waiting, nobody mailed lately. */
export function isForgettable(state: RecipientState, at: number): boolean {
  return (
    !isKeptForEver(state) &&
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

function last<Item>(items: readonly Item[], count: number): readonly Item[] {
  return items.slice(-count);
}
