/**
 * One attempt at handing a mail over, booked and reported. The mail server's answer is journaled:
 * only a crash between its 250 and our journal repeats a mail, and then under the same Message-ID.
 */
import * as restate from '@restatedev/restate-sdk';
import type { Notice } from '../core/notice.ts';
import { type AttemptResult, afterAttempt, afterFlush, suppressionOf } from '../core/recipient.ts';
import type { Digest, PendingNotice, RecipientState } from '../core/recipient-state.ts';
import { nextAttemptAfterMs } from '../mail/backoff.ts';
import type { MailMessage, SendOutcome } from '../mail/contract.ts';
import { RUN } from './contract.ts';
import type { ServiceDeps } from './deps.ts';
import { type BuiltMail, digestOf, mailOf } from './mails.ts';
import { askStillWanted, sendAttempt, sendFlush, sendOutcome, sendQuarantine } from './sends.ts';

type Booked = { readonly result: AttemptResult; readonly now: number };

/** Asks, sends, books, reports, and schedules the next attempt; returns the state to keep. */
export async function attemptNotice(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  before: RecipientState,
  pending: PendingNotice,
): Promise<RecipientState> {
  const { notice, attempt } = pending;
  const suppressed = suppressionOf(before, notice);
  // Journaled: after a crash the answer below may be read much later than it was given.
  const askedAt = await ctx.date.now();
  const retriedAt = attempt === 1 ? null : deps.clock.fromWall(askedAt);
  const { wanted, rule, until } =
    suppressed === null
      ? await askStillWanted(ctx, notice, retriedAt)
      : { wanted: false, rule: suppressed, until: null };
  const { result, now } = wanted
    ? await handOver(ctx, deps, mailOf(deps, notice, ctx.key), attempt, notice, askedAt)
    : {
        result: { kind: 'unwanted', rule: rule ?? 'settled', until } as const,
        now: deps.clock.fromWall(askedAt),
      };
  const { state, report, retry } = afterAttempt(before, pending, result, now);
  if (report !== null) sendOutcome(ctx, notice, report);
  if (retry !== null) {
    const message = { v: 1, noticeId: notice.id, attempt: retry.pending.attempt } as const;
    sendAttempt(ctx, message, retryDelayMs(deps, retry.afterMs, attempt));
  }
  return state;
}

/** The same for a digest: those that are no longer wanted leave it first, each with its reason. */
export async function attemptDigest(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  before: RecipientState,
  digest: Digest,
): Promise<RecipientState> {
  const askedAt = await ctx.date.now();
  const answers = await restate.RestatePromise.all(
    digest.notices.map((notice) => askStillWanted(ctx, notice, null)),
  );
  const wanted = digest.notices.filter((_, place) => answers[place]?.wanted === true);
  if (wanted.length < digest.notices.length) {
    const at = deps.clock.fromWall(askedAt);
    for (const [place, notice] of digest.notices.entries()) {
      if (wanted.includes(notice)) continue;
      const rule = answers[place]?.rule ?? 'settled';
      sendOutcome(ctx, notice, { kind: 'skipped', at, rule, detail: null });
    }
  }
  const [first] = wanted;
  if (first === undefined) return { ...before, digest: null };
  const mail = digestOf(deps, wanted, ctx.key);
  const { result, now } = await handOver(ctx, deps, mail, digest.attempt, first, askedAt);
  const { state, report, retry } = afterFlush(before, { ...digest, notices: wanted }, result, now);
  if (report !== null) for (const notice of wanted) sendOutcome(ctx, notice, report);
  if (retry !== null) {
    const { number, attempt } = retry.digest;
    const delayMs = retryDelayMs(deps, retry.afterMs, digest.attempt);
    sendFlush(ctx, { v: 1, digest: number, attempt }, delayMs);
  }
  return state;
}

/** A mail that cannot be built is refused for good and shown to a person; it must not hold the key. */
async function handOver(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  mail: BuiltMail,
  attempt: number,
  about: Notice,
  askedAt: number,
): Promise<{ result: Exclude<AttemptResult, { kind: 'unwanted' }>; now: Booked['now'] }> {
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
    () => send(deps, message, attemptCompletedSignal, askedAt),
    {
      maxRetryAttempts: 1,
    },
  );
  const now = deps.clock.fromWall(wallAt);
  if (outcome.kind === 'sent') {
    return { result: { kind: 'sent', messageId: message.messageId }, now };
  }
  if (outcome.kind === 'refused') return { result: outcome, now };
  const retryAfterMs = nextAttemptAfterMs(attempt, ctx.rand.random());
  return { result: { ...outcome, retryAfterMs }, now };
}

/** How long "still wanted" may be relied on, in wall time. */
const ANSWER_AGE_MAX_MS = 10_000;

interface SendRecord {
  readonly outcome: SendOutcome;
  /** Journaled with the outcome, so that the clock needs no entry of its own. */
  readonly wallAt: number;
}

async function send(
  { transport, wallNow }: ServiceDeps,
  message: MailMessage,
  signal: AbortSignal,
  askedAt: number,
): Promise<SendRecord> {
  if (wallNow() - askedAt > ANSWER_AGE_MAX_MS) {
    // A crash lies between the answer and this moment; the customer may have paid meanwhile.
    const error = 'interrupted before it was handed over';
    return { outcome: { kind: 'retry', error }, wallAt: wallNow() };
  }
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
