/**
 * One attempt at handing a mail over, booked and reported. The mail server's answer is journaled:
 * a crash between its 250 and our journal repeats a mail, and so does a server that takes a mail
 * without an answer, once; both under the same Message-ID.
 */
import * as restate from '@restatedev/restate-sdk';
import type { Notice } from '../core/notice.ts';
import { leavingDigest, suppressionOf } from '../core/recipient.ts';
import {
  type AttemptResult,
  afterAttempt,
  afterFlush,
  type SendResult,
  skipped,
} from '../core/recipient-attempt.ts';
import {
  type Digest,
  failuresOf,
  type PendingNotice,
  type RecipientState,
} from '../core/recipient-state.ts';
import { nextAttemptAfterMs, repeatAfterMs } from '../mail/backoff.ts';
import type { MailMessage, SendOutcome } from '../mail/contract.ts';
import { RUN } from './contract.ts';
import type { ServiceDeps } from './deps.ts';
import { type BuiltMail, digestOf, mailOf } from './mails.ts';
import { askStillWanted, sendAttempt, sendFlush, sendOutcome, sendQuarantine } from './sends.ts';

/** How long "still wanted" may be relied on, in wall time, from the asking to the handing over. */
const ANSWER_AGE_MAX_MS = 10_000;
/**
 * The same for an answer out of the journal: a crash may lie between it and this moment, and a
 * customer who paid meanwhile. Asking again costs milliseconds. It is done once, because where
 * every answer comes out of the journal (Lambda, Workers) a slow machine would ask for ever.
 */
const REPLAYED_ANSWER_AGE_MAX_MS = 1_000;

/** When a run of a handler asked whether a mail is still wanted. Wall time, epoch ms. */
export interface Asking {
  readonly askedAt: number;
  /** When this run of the handler began: what was asked before comes out of the journal. */
  readonly beganAt: number;
  /** It had asked before, and the answer was too old. */
  readonly isAgain: boolean;
}

/** Until when the answer may be relied on; after it nothing is handed over. */
export function reliableUntil({ askedAt, beganAt, isAgain }: Asking): number {
  const isReplayed = askedAt < beganAt;
  return askedAt + (isReplayed && !isAgain ? REPLAYED_ANSWER_AGE_MAX_MS : ANSWER_AGE_MAX_MS);
}

/** Asks, sends, books, reports, and schedules the next attempt; returns the state to keep. */
export async function attemptNotice(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  before: RecipientState,
  pending: PendingNotice,
  isAgain = false,
): Promise<RecipientState> {
  const { notice, attempt } = pending;
  const beganAt = deps.wallNow();
  const suppressed = suppressionOf(before, notice);
  // Journaled: after a crash the answer below may be read much later than it was given.
  const askedAt = await ctx.date.now();
  const retriedAt = attempt === 1 && !isAgain ? null : deps.clock.fromWall(askedAt);
  const notAfter = reliableUntil({ askedAt, beganAt, isAgain });
  const { wanted, rule, until } =
    suppressed === null
      ? await askStillWanted(ctx, notice, { noticeId: notice.id, retriedAt })
      : { wanted: false, rule: suppressed, until: null };
  if (!wanted) {
    const unwanted = { kind: 'unwanted', rule: rule ?? 'settled', until } as const;
    const result = { ...unwanted, wasInterrupted: isAgain };
    return booked(ctx, deps, before, pending, { result, now: deps.clock.fromWall(askedAt) });
  }
  const mail = mailOf(deps, notice, ctx.key);
  const handed = await handOver(ctx, deps, mail, { about: notice, askedAt, notAfter, pending });
  if (handed.isTooLate && !isAgain) return attemptNotice(ctx, deps, before, pending, true);
  return booked(ctx, deps, before, pending, handed);
}

function booked(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  before: RecipientState,
  pending: PendingNotice,
  { result, now }: { readonly result: AttemptResult; readonly now: number },
): RecipientState {
  const { notice, attempt } = pending;
  const { state, report, retry } = afterAttempt(before, pending, result, now);
  if (report !== null) sendOutcome(ctx, notice, report);
  if (retry !== null) {
    const message = { v: 1, noticeId: notice.id, attempt: retry.pending.attempt } as const;
    sendAttempt(ctx, message, retryDelayMs(deps, retry.afterMs, attempt));
  }
  return state;
}

/**
 * The same for a digest: those that are no longer wanted leave it first, each with its reason. It
 * is not asked for again after a crash: without one of its notices the repeat of a digest that had
 * left would be another mail, and what it lists is for the team.
 */
export async function attemptDigest(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  before: RecipientState,
  digest: Digest,
): Promise<RecipientState> {
  const askedAt = await ctx.date.now();
  const at = deps.clock.fromWall(askedAt);
  const { listed, stopped } = leavingDigest(before, digest);
  const answers = await restate.RestatePromise.all(
    listed.map((notice) => askStillWanted(ctx, notice, { noticeId: notice.id, retriedAt: null })),
  );
  // "Not now" is said while a hand-over is on its way: the team hears of it rather than not.
  const isWanted = (place: number): boolean =>
    answers[place]?.wanted === true || (answers[place]?.until ?? null) !== null;
  const wanted = listed.filter((_, place) => isWanted(place));
  for (const [place, notice] of listed.entries()) {
    if (isWanted(place)) continue;
    const rule = answers[place]?.rule ?? 'settled';
    sendOutcome(ctx, notice, skipped(rule, at));
  }
  for (const { notice, rule } of stopped) sendOutcome(ctx, notice, skipped(rule, at));
  const [about] = wanted;
  if (about === undefined) return { ...before, digest: null };
  const left = { ...digest, notices: wanted };
  const mail = digestOf(deps, wanted, ctx.key);
  const notAfter = askedAt + ANSWER_AGE_MAX_MS;
  const order = { about, askedAt, notAfter, pending: digest };
  const { result, now } = await handOver(ctx, deps, mail, order);
  const { state, reports, retry } = afterFlush(before, left, result, now);
  for (const { notice, outcome } of reports) sendOutcome(ctx, notice, outcome);
  if (retry !== null) {
    const { number, attempt } = retry.digest;
    const delayMs = retryDelayMs(deps, retry.afterMs, digest.attempt);
    sendFlush(ctx, { v: 1, digest: number, attempt }, delayMs);
  }
  return state;
}

interface HandOver {
  /** What a mail that cannot be built is set aside under. */
  readonly about: Notice;
  readonly askedAt: number;
  readonly notAfter: number;
  readonly pending: PendingNotice | Digest;
}

interface Handed {
  readonly result: SendResult;
  readonly now: number;
  /** Nothing was handed over, because the answer was too old; `result` is to try again. */
  readonly isTooLate?: true;
}

/** A mail that cannot be built is refused for good and shown to a person; it must not hold the key. */
async function handOver(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  mail: BuiltMail,
  { about, askedAt, notAfter, pending }: HandOver,
): Promise<Handed> {
  if (!mail.ok) {
    const now = deps.clock.fromWall(askedAt);
    if (mail.failure.isBug) quarantineMail(ctx, about, mail.failure.error, now);
    return { result: { kind: 'refused', error: mail.failure.error }, now };
  }
  const message = mail.value;
  // When the server dies, the outcome of a mail under way has nowhere to go and the mail is sent
  // again later: what has not been handed over by then had better not be.
  const { attemptCompletedSignal } = ctx.request();
  const { outcome, wallAt } = await ctx.run(
    RUN.sendMail,
    () => send(deps, message, attemptCompletedSignal, notAfter),
    { maxRetryAttempts: 1 },
  );
  const now = deps.clock.fromWall(wallAt);
  const { messageId } = message;
  switch (outcome.kind) {
    case 'sent':
      return { result: { kind: 'sent', messageId }, now };
    case 'refused':
      return { result: outcome, now };
    case 'unknown': {
      const afterMs = repeatAfterMs(ctx.rand.random());
      return { result: { ...outcome, messageId, repeatAfterMs: afterMs }, now };
    }
    case 'too_late':
      return { result: toRetry(ctx, INTERRUPTED, pending), now, isTooLate: true };
    case 'retry':
      return { result: toRetry(ctx, outcome.error, pending), now };
  }
}

const INTERRUPTED = 'interrupted before it was handed over';

function toRetry(
  ctx: restate.ObjectContext,
  error: string,
  pending: PendingNotice | Digest,
): SendResult {
  const retryAfterMs = nextAttemptAfterMs(failuresOf(pending) + 1, ctx.rand.random());
  return { kind: 'retry', error, retryAfterMs };
}

interface SendRecord {
  /** `too_late`: the answer was too old to rely on, nothing was handed over. */
  readonly outcome: SendOutcome | { readonly kind: 'too_late' };
  /** Journaled with the outcome, so that the clock needs no entry of its own. */
  readonly wallAt: number;
}

async function send(
  { transport, wallNow }: ServiceDeps,
  message: MailMessage,
  signal: AbortSignal,
  notAfter: number,
): Promise<SendRecord> {
  if (wallNow() > notAfter) return { outcome: { kind: 'too_late' }, wallAt: wallNow() };
  try {
    return { outcome: await transport.send(message, signal), wallAt: wallNow() };
  } catch (error) {
    // The contract says it never throws; if it does, the key must not be held by Restate's retries.
    return { outcome: { kind: 'retry', error: String(error) }, wallAt: wallNow() };
  }
}

function quarantineMail(ctx: restate.Context, about: Notice, reason: string, at: number): void {
  const { source, subject, id } = about;
  sendQuarantine(ctx, {
    v: 1,
    at,
    source,
    subject,
    eventKey: `notice ${id}`,
    handler: 'build mail',
    reason,
  });
}

const FLOOR_FIRST_MS = 100;
const FLOOR_MAX_MS = 5_000;

/**
 * Wall milliseconds until the next attempt. Backoff is follow-up time; but a mail server recovers
 * in wall time, so with a clock that runs a day in a second the attempts keep a distance: 100 ms,
 * doubling to 5 s. At scale 1 the floor never shows.
 */
function retryDelayMs({ clock }: ServiceDeps, afterMs: number, failedAttempt: number): number {
  const floorMs = Math.min(FLOOR_FIRST_MS * 2 ** (failedAttempt - 1), FLOOR_MAX_MS);
  return Math.ceil(Math.max(clock.wallSpanMs(afterMs), floorMs));
}
