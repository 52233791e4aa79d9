/**
 * Durable names and the shapes that cross them. They are wire format: stored in journals, timers
 * and state for months. Changing one needs an ADR and a migration. Types and names only, so that
 * anything may import this file.
 */
import type { SubjectFact, SubjectKind } from '../core/fact.ts';
import type {
  Estate,
  FollowUp,
  NoticeRecord,
  OperatorInput,
  PlannedStep,
  SubjectState,
  SubjectStatus,
  TimelineEntry,
} from '../core/follow-up/types.ts';
import type { Wanted } from '../core/follow-up/view.ts';
import type { Notice, NoticeOutcome } from '../core/notice.ts';
import type { Lifting, Suppression } from '../core/recipient-state.ts';

export const PAYMENT = 'Payment';
export const ALERT = 'Alert';
export const RECIPIENT = 'Recipient';
export const ARCHIVIST = 'Archivist';
export const QUARANTINE = 'Quarantine';
/** State key of every object: one small document, read whole. */
export const STATE_KEY = 'st';
/** Invocation id of the armed timer; written only where timers are cancelled as housekeeping. */
export const TIMER_KEY = 'timer';
/** Names of `ctx.run` entries, as journals hold them. */
export const RUN = { sendMail: 'send mail', decideAgain: 'decide again' } as const;
/** Handler names, as they stand in addresses of Restate's ingress. */
export const HANDLER = {
  onFact: 'onFact',
  onTimer: 'onTimer',
  onLink: 'onLink',
  onHandOver: 'onHandOver',
  onOutcome: 'onOutcome',
  operate: 'operate',
  expire: 'expire',
  view: 'view',
  simulate: 'simulate',
  preview: 'preview',
  stillWanted: 'stillWanted',
  deliver: 'deliver',
  attempt: 'attempt',
  flush: 'flush',
  suppress: 'suppress',
  unsuppress: 'unsuppress',
  store: 'store',
  add: 'add',
  list: 'list',
  resolve: 'resolve',
} as const;

export const OBJECT_OF: Readonly<Record<SubjectKind, string>> = { payment: PAYMENT, alert: ALERT };

/** Bytes of an object key in UTF-8: longer ones are refused before they reach Restate. */
export const KEY_BYTES_MAX = 1024;

/**
 * Why a string may not be an object key, or null. Control characters, lone surrogates (they have
 * no UTF-8) and the dot segments `.` and `..` (a URL parser drops them even when they are
 * percent-encoded, which would call another handler) are refused; anything else is only encoded.
 */
export function keyProblem(key: string): string | null {
  if (key === '') return 'empty';
  if (key === '.' || key === '..') return 'dot segment';
  if (!key.isWellFormed()) return 'not well-formed Unicode';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
  if (/[\u0000-\u001f\u007f-\u009f]/.test(key)) return 'control character';
  if (new TextEncoder().encode(key).length > KEY_BYTES_MAX)
    return `longer than ${KEY_BYTES_MAX} bytes`;
  return null;
}

/** `{source}/{ref}`: also the object key. Ids of providers hold no control characters (checked). */
export function subjectKey(source: string, ref: string): string {
  return `${source}/${ref}`;
}

/** How many ids that belong to another subject passed it on. Absent: none. */
interface Passed {
  readonly hops?: number;
}

/** Sent by the gateway with the event key as idempotency key; kept small, bytes stay in the archive. */
export interface FactMessage extends Passed {
  readonly v: 1;
  readonly source: string;
  readonly eventKey: string;
  readonly fact: SubjectFact;
  /** Follow-up time of receipt, epoch ms; stands in where the provider says no time. */
  readonly receivedAt: number;
  readonly via: 'webhook' | 'replay' | 'reconcile' | 'forwarded';
}

export interface FactAnswer {
  readonly decision: string;
  readonly rule: string;
  readonly quarantined: boolean;
}

export interface TimerMessage {
  readonly v: 1;
  readonly generation: number;
  /** Follow-up time it was armed for: a timer never counts as early, whatever clocks disagree. */
  readonly at: number;
}

export interface LinkMessage {
  readonly v: 1;
  /** Follow-up time at which the link was learned. */
  readonly at: number;
  /** The subject this id belongs to. */
  readonly to: string;
}

/** What an id that belongs to another subject hands over to it, and that one to its own. */
export interface HandOverMessage {
  readonly v: 1;
  /** Follow-up time of the link. */
  readonly at: number;
  /** The subjects it went through, the one it came from first. */
  readonly path: readonly string[];
  readonly estate: Estate;
}

/** Clears a tombstone if it still expires at exactly this time; a later fact moves it. */
export interface ExpireMessage {
  readonly v: 1;
  readonly at: number;
}

/** What `onFact` would do; nothing is written and nothing is sent. */
export interface PreviewAnswer {
  readonly subject: string;
  readonly decision: string;
  readonly rule: string;
  /** In words; empty when nothing would change. */
  readonly changes: readonly string[];
}

export interface OutcomeMessage extends Passed {
  readonly v: 1;
  readonly noticeId: string;
  readonly outcome: NoticeOutcome;
}

/** `at`: follow-up time, from the caller's clock, so that the handler needs no journaled clock read. */
export interface OperatorMessage {
  readonly v: 1;
  readonly at: number;
  readonly input: OperatorInput;
}

export interface OperatorAnswer {
  readonly accepted: boolean;
  readonly decision: string;
  readonly rule: string;
}

/** Asked by a recipient just before it sends: has the world moved on since the step decided? */
export interface StillWantedMessage extends Passed {
  readonly noticeId: string;
  /** Follow-up time of an attempt after the first; null: the first. */
  readonly retriedAt: number | null;
}
export type StillWantedAnswer = Wanted;

/** What `payments show` prints. `known` is false for a subject nothing was ever said about. */
export interface SubjectView {
  readonly known: boolean;
  readonly subject: string;
  readonly status: SubjectStatus;
  readonly details: SubjectState['details'] | null;
  readonly followUp: FollowUp | null;
  readonly hold: SubjectState['hold'];
  readonly linkedTo: string | null;
  readonly generation: number;
  readonly timeline: readonly TimelineEntry[];
  readonly notices: readonly NoticeRecord[];
}

export interface SimulateMessage {
  readonly at: number;
  /** Another ladder by id, or the one that is pinned / would be chosen. */
  readonly ladder: string | null;
}
export interface SimulateAnswer {
  readonly subject: string;
  readonly ladder: string;
  readonly anchorAt: number | null;
  readonly steps: readonly PlannedStep[];
}

export interface DeliverMessage {
  readonly v: 1;
  readonly notice: Notice;
}

export interface SuppressMessage {
  readonly v: 1;
  readonly at: number;
  readonly reason: 'unsubscribed' | 'bounced' | 'complained' | 'suppressed';
  readonly by: string;
}

/** `consent`: the person asked to be written to again; needed where the suppression was their wish. */
export interface UnsuppressMessage {
  readonly v: 1;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  readonly consent: boolean;
}

/** `was`: the suppression that was lifted, or that stands; null: there was none. */
export interface UnsuppressAnswer {
  readonly decision: 'lifted' | 'needs_consent' | 'not_suppressed';
  readonly was: Suppression | null;
}

export interface RecipientView {
  readonly suppressed: Suppression | null;
  /** The last time an operator took a suppression back. */
  readonly lifted: Lifting | null;
  readonly pending: readonly { readonly noticeId: string; readonly attempt: number }[];
  readonly sentToday: number;
}

/** One more try at a pending notice. */
export interface AttemptMessage {
  readonly v: 1;
  readonly noticeId: string;
  readonly attempt: number;
}

/** Sends the digest that was opened as number `digest`. */
export interface FlushMessage {
  readonly v: 1;
  readonly digest: number;
  readonly attempt: number;
}

/**
 * An event parked while the archive is down. Its body travels as it is, behind the JSON of the rest
 * (`parked.ts`): as base64 a body of 25 MiB would not fit into the 32 MiB that Restate takes.
 */
export interface ParkMessage {
  readonly v: 2;
  readonly record: ParkedRecord;
}
export interface ParkedRecord {
  readonly source: string;
  readonly key: string;
  readonly type: string | null;
  readonly subject: string | null;
  readonly providerTime: number | null;
  readonly receivedAt: number;
  readonly flags: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly secretId: string | null;
  readonly body: Uint8Array;
  readonly note: string | null;
}
/** As version 1 parked it, all of it JSON. Read for as long as such an invocation may be waiting. */
export interface ParkMessageV1 {
  readonly v: 1;
  readonly record: Omit<ParkedRecord, 'body'> & { readonly bodyBase64: string };
}

export interface QuarantineMessage {
  readonly v: 1;
  readonly at: number;
  readonly source: string;
  readonly subject: string;
  readonly eventKey: string;
  readonly handler: string;
  readonly reason: string;
}

/** Failures grouped by (route, reason). `samples`: the last 20 event keys. */
export interface QuarantineGroup {
  readonly route: string;
  readonly reason: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly samples: readonly string[];
}

/** Names the group that a person has dealt with, and how many failures it held when they looked. */
export interface QuarantineResolveMessage {
  readonly route: string;
  readonly reason: string;
  readonly count: number;
}
