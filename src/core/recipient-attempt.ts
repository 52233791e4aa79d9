/**
 * Books what an attempt at a mail came to: sent, to be tried again, given up. Pure, like
 * `recipient.ts`, which decides what is attempted. All times are follow-up time, epoch ms.
 */
import type { Notice, NoticeOutcome, SkipRule } from './notice.ts';
import {
  type Digest,
  failuresOf,
  later,
  type PendingNotice,
  REMINDERS_KEPT_MAX,
  type RecipientState,
  recentReminders,
} from './recipient-state.ts';
import { clockText } from './written-time.ts';

/** What handing a mail over came to. */
export type SendResult =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** `retryAfterMs`: what the schedule of attempts says; null: this was the last. */
  | { readonly kind: 'retry'; readonly error: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly error: string }
  /** The server was given the whole mail and did not confirm it; it is given it once more. */
  | {
      readonly kind: 'unknown';
      readonly error: string;
      readonly messageId: string;
      readonly repeatAfterMs: number;
    };

/** The subject moved on, nothing was sent. */
export interface Unwanted {
  readonly kind: 'unwanted';
  readonly rule: SkipRule;
  /** Not now, but then; null: not at all. */
  readonly until: number | null;
  /** This attempt was interrupted before, perhaps after its mail had left. */
  readonly wasInterrupted: boolean;
}

export type AttemptResult = SendResult | Unwanted;

export interface AfterAttempt {
  readonly state: RecipientState;
  /** To be told to the subject; null: nothing new to say (a middle attempt failed again). */
  readonly report: NoticeOutcome | null;
  readonly retry: { readonly pending: PendingNotice; readonly afterMs: number } | null;
}

/**
 * Books an attempt. `now`: when it ended. What waits, for a server or for better hours, stays here
 * under its id and so under its Message-ID: an attempt before may have reached the reader.
 */
export function afterAttempt(
  state: RecipientState,
  pending: PendingNotice,
  result: AttemptResult,
  now: number,
): AfterAttempt {
  const { notice, attempt } = pending;
  const unconfirmed = pending.unconfirmed === true;
  const rest = state.pending.filter((other) => other.notice.id !== notice.id);
  const settled = { ...state, pending: rest, lastAt: later(state, now) };
  const failures = failuresOf(pending);
  const ended = (report: NoticeOutcome, reached = unconfirmed): AfterAttempt => ({
    state: reached ? counted(settled, notice, now) : settled,
    report,
    retry: null,
  });
  const again = (next: PendingNotice, afterMs: number, error: string | null): AfterAttempt => ({
    state: { ...settled, pending: [...rest, next] },
    report: error === null ? null : { kind: 'retrying', at: now, attempt, error },
    retry: { pending: next, afterMs },
  });
  const next = { ...pending, attempt: attempt + 1, failures };
  switch (result.kind) {
    case 'sent':
      return ended({ kind: 'sent', at: now, messageId: result.messageId }, true);
    case 'unwanted': {
      const { rule, until } = result;
      const perhaps = unconfirmed || result.wasInterrupted;
      if (until === null) return ended(skipped(rule, now, perhaps), perhaps);
      return again(next, until - now, `waits until ${clockText(until)} (${rule})`);
    }
    case 'refused':
      return ended(failed(result.error, now, unconfirmed));
    case 'retry': {
      const { error, retryAfterMs } = result;
      if (retryAfterMs === null) return ended(failed(error, now, unconfirmed));
      const tried = { ...next, failures: failures + 1 };
      return again(tried, retryAfterMs, attempt === 1 ? error : null);
    }
    case 'unknown':
      if (unconfirmed) return ended(takenTwice(result, now));
      return again({ ...next, unconfirmed: true }, result.repeatAfterMs, takenOnce(result));
  }
}

export interface AfterFlush {
  readonly state: RecipientState;
  /** What there is to tell of the notices that went, or did not go, with the digest. */
  readonly reports: readonly { readonly notice: Notice; readonly outcome: NoticeOutcome }[];
  readonly retry: { readonly digest: Digest; readonly afterMs: number } | null;
}

/** Books an attempt at a digest. */
export function afterFlush(
  state: RecipientState,
  digest: Digest,
  result: SendResult,
  now: number,
): AfterFlush {
  const { notices, attempt } = digest;
  const closed = { ...state, digest: null, lastAt: later(state, now) };
  const failures = failuresOf(digest);
  const isUnconfirmed = ({ id }: Notice): boolean => digest.unconfirmed?.includes(id) === true;
  const tell = (told: readonly Notice[], outcomeOf: (notice: Notice) => NoticeOutcome) =>
    told.map((notice) => ({ notice, outcome: outcomeOf(notice) }));
  const retrying = (error: string) => (): NoticeOutcome => ({
    kind: 'retrying',
    at: now,
    attempt,
    error,
  });
  const givenUp = (error: string): AfterFlush => ({
    state: closed,
    reports: tell(notices, (notice) => failed(error, now, isUnconfirmed(notice))),
    retry: null,
  });
  switch (result.kind) {
    case 'sent': {
      const sent = { kind: 'sent', at: now, messageId: result.messageId } as const;
      return { state: closed, reports: tell(notices, () => sent), retry: null };
    }
    case 'refused':
      return givenUp(result.error);
    case 'retry': {
      if (result.retryAfterMs === null) return givenUp(result.error);
      const next = { ...digest, attempt: attempt + 1, failures: failures + 1 };
      return {
        state: { ...closed, digest: next },
        reports: attempt === 1 ? tell(notices, retrying(result.error)) : [],
        retry: { digest: next, afterMs: result.retryAfterMs },
      };
    }
    case 'unknown': {
      // One that joined after the first time has had its first time now.
      const once = notices.filter((notice) => !isUnconfirmed(notice));
      const twice = tell(notices.filter(isUnconfirmed), () => takenTwice(result, now));
      if (once.length === 0) return { state: closed, reports: twice, retry: null };
      const unconfirmed = once.map(({ id }) => id);
      const next = { ...digest, attempt: attempt + 1, failures, notices: once, unconfirmed };
      return {
        state: { ...closed, digest: next },
        reports: [...twice, ...tell(once, retrying(takenOnce(result)))],
        retry: { digest: next, afterMs: result.repeatAfterMs },
      };
    }
  }
}

/** Counts a reminder that reached its customer, as far as anybody knows, for the daily cap. */
function counted(state: RecipientState, notice: Notice, now: number): RecipientState {
  if (notice.audience !== 'customer' || notice.intended !== null) return state;
  const remindersAt = [...recentReminders(state, now), now].slice(-REMINDERS_KEPT_MAX);
  return { ...state, remindersAt };
}

const MAY_HAVE_ARRIVED = 'an earlier attempt was not confirmed and may have arrived';

/** `unconfirmed`: an attempt before is neither known to have arrived nor known to have failed. */
export function skipped(rule: SkipRule, at: number, unconfirmed = false): NoticeOutcome {
  return unconfirmed
    ? { kind: 'skipped', at, rule, detail: MAY_HAVE_ARRIVED, mayHaveArrived: true }
    : { kind: 'skipped', at, rule, detail: null };
}

/** As `skipped`. */
export function failed(error: string, at: number, unconfirmed = false): NoticeOutcome {
  return unconfirmed
    ? { kind: 'failed', at, error: `${MAY_HAVE_ARRIVED}; ${error}`, mayHaveArrived: true }
    : { kind: 'failed', at, error };
}

type Unknown = Extract<SendResult, { kind: 'unknown' }>;

function takenOnce({ error }: Unknown): string {
  return `the server took the mail without confirming it, and is given it once more; ${error}`;
}

function takenTwice({ error, messageId }: Unknown, at: number): NoticeOutcome {
  const told = 'the server took the mail twice without confirming it, so it has probably arrived';
  const where = `look in its log for ${messageId}`;
  return { kind: 'failed', at, error: `${told}; ${where}; ${error}`, mayHaveArrived: true };
}
