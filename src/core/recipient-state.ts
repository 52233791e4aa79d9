/** What is kept about one mailbox, and the bounds of it. All times are follow-up time, epoch ms. */
import type { Notice } from './notice.ts';

export type SuppressionReason = 'unsubscribed' | 'bounced' | 'complained' | 'suppressed';

export interface Suppression {
  readonly reason: SuppressionReason;
  readonly at: number;
  readonly by: string;
}

/** A suppression that an operator took back: kept, because someone will ask who did and why. */
export interface Lifting {
  readonly was: Suppression;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** A notice that is not sent yet; `attempt` is the number of the next one, from 1. */
export interface PendingNotice {
  readonly notice: Notice;
  readonly attempt: number;
  /** How many attempts the mail server failed; absent: all before this one. */
  readonly failures?: number;
  /** A server was given the whole mail and did not confirm it. */
  readonly unconfirmed?: true;
}

export interface Digest {
  /** Counts up; a flush that names another number is stale. */
  readonly number: number;
  readonly openedAt: number;
  readonly flushAt: number;
  readonly attempt: number;
  /** As in `PendingNotice`. */
  readonly failures?: number;
  /** At most 100. */
  readonly notices: readonly Notice[];
  /** Ids of those that a server was given and did not confirm: at most 100. */
  readonly unconfirmed?: readonly string[];
}

export interface RecipientState {
  readonly v: 1;
  readonly suppression: Suppression | null;
  /** The last one. Absent: none ever was. */
  readonly lifting?: Lifting;
  /** At most 100. */
  readonly pending: readonly PendingNotice[];
  readonly digest: Digest | null;
  readonly digestsOpened: number;
  /** Ids of the last 300 notices taken on, so that a repeated one is ignored. */
  readonly seen: readonly string[];
  /** When reminders were sent in the last day: at most 50. */
  readonly remindersAt: readonly number[];
  /** When the team was last mailed one by one: at most 5. */
  readonly teamAt: readonly number[];
  readonly lastAt: number;
  /** When an expiry is scheduled for; null: none is. */
  readonly expiresAt: number | null;
}

export const PENDING_MAX = 100;
export const DIGEST_MAX = 100;
export const SEEN_MAX = 300;
export const REMINDERS_KEPT_MAX = 50;
/** More than this many team notices within the window become one mail. */
export const BURST_MAX = 5;
export const BURST_WINDOW_MS = 10 * 60_000;
export const DAY_MS = 86_400_000;
export const IDLE_MS = 30 * DAY_MS;

/** A mailbox of which nothing is known. */
export function newRecipient(): RecipientState {
  return {
    v: 1,
    suppression: null,
    pending: [],
    digest: null,
    digestsOpened: 0,
    seen: [],
    remindersAt: [],
    teamAt: [],
    lastAt: 0,
    expiresAt: null,
  };
}

/** Failed attempts so far. The backoff counts them, and not the times a mail only waited. */
export function failuresOf({ attempt, failures }: PendingNotice | Digest): number {
  return failures ?? attempt - 1;
}

/** When reminders were sent in the day before `now`. */
export function recentReminders(state: RecipientState, now: number): readonly number[] {
  return state.remindersAt.filter((at) => at > now - DAY_MS);
}

/** `lastAt` never goes back, whatever order things are booked in. */
export function later(state: RecipientState, now: number): number {
  return Math.max(state.lastAt, now);
}
