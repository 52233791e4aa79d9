/**
 * One function per message between our objects, so that a name, a key and a payload can only be
 * combined as the contract says. A send is journaled: it happens exactly once per handler run, so
 * none needs an idempotency key, and under one the second of two facts of an event would be lost.
 */
import type * as restate from '@restatedev/restate-sdk';
import type { SubjectKind } from '../core/fact.ts';
import type { Notice, NoticeOutcome } from '../core/notice.ts';
import type {
  AttemptMessage,
  DeliverMessage,
  ExpireMessage,
  FactMessage,
  FlushMessage,
  HandOverMessage,
  LinkMessage,
  OutcomeMessage,
  QuarantineMessage,
  StillWantedAnswer,
  StillWantedMessage,
  TimerMessage,
} from './contract.ts';
import { HANDLER, OBJECT_OF, QUARANTINE, RECIPIENT } from './contract.ts';

/** The SDK's own JSON serde is typed so that it fits no declared message. */
function json<Value>(): restate.Serde<Value> {
  return {
    contentType: 'application/json',
    serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
    deserialize: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Value, // Typed by contract.ts.
  };
}

interface Send<Message> {
  readonly service: string;
  readonly key: string;
  readonly method: string;
  readonly parameter: Message;
  readonly delayMs?: number;
}

function send<Message>(ctx: restate.Context, { delayMs, ...to }: Send<Message>) {
  return ctx.genericSend<Message>({
    ...to,
    inputSerde: json(),
    ...(delayMs === undefined ? {} : { delay: delayMs }),
  });
}

/** What an event says of a subject. `subject` is its key here and below, `{source}/{ref}`. */
export function sendFact(
  ctx: restate.Context,
  kind: SubjectKind,
  subject: string,
  message: FactMessage,
): void {
  const to = { service: OBJECT_OF[kind], key: subject, method: HANDLER.onFact };
  send(ctx, { ...to, parameter: message });
}

/** After `delayMs` of wall time; the handle is for cancelling it. */
export function sendTimer(
  ctx: restate.Context,
  kind: SubjectKind,
  subject: string,
  message: TimerMessage,
  delayMs: number,
): restate.InvocationHandle {
  const to = { service: OBJECT_OF[kind], key: subject, method: HANDLER.onTimer };
  return send(ctx, { ...to, parameter: message, delayMs });
}

/** `subject` is the one that belongs to another; the message says to which. */
export function sendLink(
  ctx: restate.Context,
  kind: SubjectKind,
  subject: string,
  message: LinkMessage,
): void {
  const to = { service: OBJECT_OF[kind], key: subject, method: HANDLER.onLink };
  send(ctx, { ...to, parameter: message });
}

/** To the subject that the other one belongs to. */
export function sendHandOver(
  ctx: restate.Context,
  kind: SubjectKind,
  subject: string,
  message: HandOverMessage,
): void {
  const to = { service: OBJECT_OF[kind], key: subject, method: HANDLER.onHandOver };
  send(ctx, { ...to, parameter: message });
}

/** What became of a notice. `hops`: how many ids that belong to another subject passed it on. */
export function sendOutcome(
  ctx: restate.Context,
  { id: noticeId, kind, subject }: Pick<Notice, 'id' | 'kind' | 'subject'>,
  outcome: NoticeOutcome,
  hops = 0,
): void {
  const to = { service: OBJECT_OF[kind], key: subject, method: HANDLER.onOutcome };
  const parameter: OutcomeMessage = { v: 1, noticeId, outcome, hops };
  send(ctx, { ...to, parameter });
}

interface Again {
  readonly kind: SubjectKind;
  readonly handler: string;
  readonly message: unknown;
}

/** Comes back to the subject that could not handle it. */
export function sendAgain(
  ctx: restate.ObjectContext,
  { kind, handler, message }: Again,
  delayMs: number,
): void {
  const to = { service: OBJECT_OF[kind], key: ctx.key, method: handler };
  send(ctx, { ...to, parameter: message, delayMs });
}

/** After `delayMs` of wall time it forgets itself, if it still expires at `message.at`. */
export function sendSubjectExpire(
  ctx: restate.Context,
  kind: SubjectKind,
  subject: string,
  message: ExpireMessage,
  delayMs: number,
): void {
  const to = { service: OBJECT_OF[kind], key: subject, method: HANDLER.expire };
  send(ctx, { ...to, parameter: message, delayMs });
}

/** A notice for the mailbox whose `recipientKeyOf` the key is. */
export function sendDeliver(ctx: restate.Context, recipientKey: string, notice: Notice): void {
  const parameter: DeliverMessage = { v: 1, notice };
  send(ctx, { service: RECIPIENT, key: recipientKey, method: HANDLER.deliver, parameter });
}

/** To this mailbox itself, after `delayMs` of wall time. */
export function sendAttempt(
  ctx: restate.ObjectContext,
  message: AttemptMessage,
  delayMs: number,
): void {
  const to = { service: RECIPIENT, key: ctx.key, method: HANDLER.attempt };
  send(ctx, { ...to, parameter: message, delayMs });
}

/** To this mailbox itself, for its digest, after `delayMs` of wall time. */
export function sendFlush(
  ctx: restate.ObjectContext,
  message: FlushMessage,
  delayMs: number,
): void {
  const to = { service: RECIPIENT, key: ctx.key, method: HANDLER.flush };
  send(ctx, { ...to, parameter: message, delayMs });
}

/** To this mailbox itself, which may forget all it knows after `delayMs` of wall time. */
export function sendRecipientExpire(
  ctx: restate.ObjectContext,
  message: ExpireMessage,
  delayMs: number,
): void {
  const to = { service: RECIPIENT, key: ctx.key, method: HANDLER.expire };
  send(ctx, { ...to, parameter: message, delayMs });
}

/** Keeps for a person what could not be handled, by source. */
export function sendQuarantine(ctx: restate.Context, message: QuarantineMessage): void {
  const to = { service: QUARANTINE, key: message.source, method: HANDLER.add };
  send(ctx, { ...to, parameter: message });
}

/** Asks the subject of a notice; a shared handler, so nobody waits for its key. */
export function askStillWanted(
  ctx: restate.Context,
  { kind, subject }: Pick<Notice, 'kind' | 'subject'>,
  question: StillWantedMessage,
): restate.InvocationPromise<StillWantedAnswer> {
  return ctx.genericCall<StillWantedMessage, StillWantedAnswer>({
    service: OBJECT_OF[kind],
    key: subject,
    method: HANDLER.stillWanted,
    parameter: question,
    inputSerde: json(),
    outputSerde: json(),
  });
}
