/**
 * The follow-up engine's state and vocabulary. The engine is one pure function for payments and
 * alerts: `(state, input, now, policy) → { state, effects }`. All times are follow-up time, epoch ms.
 */
import type {
  AlertFactName,
  Customer,
  DeclineClass,
  PaymentFactName,
  Severity,
  SubjectFact,
  SubjectKind,
} from '../fact.ts';
import type { Ladder } from '../ladder.ts';
import type { NoticeContent, NoticeOutcome, Person, SkipRule, TemplateName } from '../notice.ts';
import type { HandOver } from './inputs.ts';

export type SubjectFactName = PaymentFactName | AlertFactName;

/** The latest fact of one name: a register that only moves forward, so order cannot matter. */
export interface Mark {
  readonly at: number;
  readonly eventKey: string;
}

/** Something that needs following up: a failure, a due date, a dispute, an alert. */
export interface Opening extends Mark {
  readonly fact: SubjectFactName;
  /** What it says is owed, in minor units. */
  readonly owedMinor: number | null;
  readonly currency: string | null;
  /** False: said of one of the subject's payments, not of the subject. */
  readonly whole: boolean;
  /** The provider's id of the dispute. */
  readonly dispute?: string;
}

/** How one of the subject's disputes ended, last. */
export interface Verdict extends Mark {
  readonly fact: 'payment.dispute_won' | 'payment.dispute_lost';
  readonly dispute: string;
}

/** Money that came in (or went back) through one payment towards the subject. */
export interface PartPayment extends Mark {
  readonly fact: 'payment.paid' | 'payment.refunded';
  readonly amountMinor: number | null;
  readonly currency: string | null;
  /** The payment it is said of. Absent: an older version's. */
  readonly ref?: string;
}

/** `rank` first: what a failure says of the amount beats what a settlement says. */
export interface RankedMark extends Mark {
  readonly rank: number;
}

/** Operator's doing: wins over facts not newer than it. */
export interface ManualSettlement {
  readonly at: number;
  readonly kind: 'resolved' | 'exhausted';
  readonly actor: string;
  readonly reason: string | null;
}

export interface Hold {
  /** Null: until released. */
  readonly until: number | null;
  readonly reason: string;
  readonly actor: string;
  readonly since: number;
}

export interface StepRecord {
  readonly step: string;
  readonly at: number;
  readonly generation: number;
  /** The id it was told under, of another that was joined; absent: this subject. */
  readonly subject?: string;
  readonly result: 'notified' | 'skipped' | 'done';
  readonly rule: SkipRule | null;
}

export type FollowUpStatus = 'active' | 'held' | 'escalated' | 'acknowledged' | 'closed';

export type LadderRole = 'failed' | 'actionRequired' | 'due' | 'disputed' | Severity;

/** The open (or last) episode. */
export interface FollowUp {
  readonly status: FollowUpStatus;
  /** The earliest opening of this episode. */
  readonly openedAt: number;
  /** When we heard of it. */
  readonly createdAt: number;
  /** What offsets count from: the earliest failure, or the due date. */
  readonly anchorAt: number;
  /** No step of this kind before: the settling wait after opening, or a postponement. */
  readonly notBefore: { readonly remind: number; readonly escalate: number };
  /** Which of the policy's ladders was pinned: renaming one in the config changes nothing here. */
  readonly role: LadderRole;
  /** The disputes it is about: another one is an episode of its own. At most as many as openings. */
  readonly disputes?: readonly string[];
  /** Pinned when the episode opened; a later config does not change it. At most 20 steps. */
  readonly ladder: Ladder;
  /** At most one per step. */
  readonly steps: readonly StepRecord[];
  /** The step an armed timer is for, and when. Null: nothing armed. */
  readonly next: { readonly step: string; readonly at: number } | null;
  readonly acknowledged: { readonly at: number; readonly by: string } | null;
  /** When a person last put it on hold, released or not. */
  readonly heldAt?: number;
  readonly escalatedAt: number | null;
  readonly closedAt: number | null;
  /** `paid`, `voided`, `resolved`, `exhausted`, `joined`… */
  readonly closedBy: string | null;
}

export interface NoticeRecord {
  readonly id: string;
  readonly step: string;
  readonly generation: number;
  readonly template: TemplateName;
  readonly audience: 'customer' | 'team';
  /** Who was really written to. */
  readonly to: string;
  /** Shadow mode: the customer it was meant for. */
  readonly intended: string | null;
  readonly at: number;
  readonly outcome: NoticeOutcome | null;
}

export interface TimelineEntry {
  readonly at: number;
  /** `event evt_1 payment.failed`, `timer g3`, `person ada: hold`, `notice …`. */
  readonly cause: string;
  readonly decision: string;
  /** The rule that decided: `opened`, `duplicate`, `stale`, `settled`, `quiet_hours`… */
  readonly rule: string;
  readonly detail?: string;
}

/** What is known about the subject: each the latest said (by time, then event key). */
export interface Details {
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly customer: Customer;
  readonly number: string | null;
  readonly payUrl: string | null;
  readonly reason: string | null;
  readonly decline: DeclineClass | null;
  readonly attemptCount: number | null;
  readonly nextAttemptAt: number | null;
  readonly dueAt: number | null;
  readonly title: string | null;
  readonly url: string | null;
  readonly severity: Severity | null;
  readonly assigneeLogins: readonly string[];
}

export type SubjectStatus =
  | 'unknown'
  | 'due'
  | 'overdue'
  | 'failed'
  | 'action_required'
  | 'paid'
  | 'voided'
  | 'uncollectible'
  | 'refunded'
  | 'disputed'
  | 'dispute_lost'
  | 'open'
  | 'closed'
  | 'resolved'
  | 'exhausted'
  | 'joined';

export interface SubjectState {
  readonly v: 1;
  readonly kind: SubjectKind;
  /** `{source}/{ref}`. */
  readonly subject: string;
  readonly status: SubjectStatus;
  readonly generation: number;
  /** One per fact name: at most 16. */
  readonly marks: Readonly<Partial<Record<SubjectFactName, Mark>>>;
  /** Openings newer than the last settling fact: the earliest, each dispute, and the newest. */
  readonly openings: readonly Opening[];
  /** The newest 16. */
  readonly parts: readonly PartPayment[];
  /** One per dispute, the newest 16. Absent: none. */
  readonly verdicts?: readonly Verdict[];
  readonly details: Details;
  /** Who set each detail last, so that a late fact cannot overwrite a newer one. */
  readonly detailMarks: Readonly<Partial<Record<keyof Details | 'attempt', RankedMark>>>;
  /** The last 64 facts seen. */
  readonly seen: readonly string[];
  readonly manual: ManualSettlement | null;
  readonly hold: Hold | null;
  readonly followUp: FollowUp | null;
  /** The last 100. */
  readonly timeline: readonly TimelineEntry[];
  /** The last 50. */
  readonly notices: readonly NoticeRecord[];
  /** What became of notices that are not known here yet: the last 16. Absent: nothing. */
  readonly early?: readonly { readonly id: string; readonly outcome: NoticeOutcome }[];
  /** Other ids known to belong here: at most 16. */
  readonly aliases: readonly string[];
  /** Set when this id turned out to belong to another subject: everything goes there. */
  readonly linkedTo: string | null;
  /**
   * Facts kept so that a link that arrives later can carry them over: at most as many as marks,
   * parts, verdicts and openings. Empty for alerts and once joined.
   */
  readonly carried: readonly { readonly fact: SubjectFact; readonly eventKey: string }[];
  /** When the tombstone may be cleared; null while open. */
  readonly expiresAt: number | null;
}

/**
 * `noticeId` is `{subject}/{generation}/{step}/{place in the list}/{time in base 36}`, where the
 * subject is the one that decided it: no address in it, and never reused, not even by a subject that was forgotten and begins to count anew.
 */
export interface Addressee {
  readonly noticeId: string;
  readonly person: Person;
  /** Shadow mode: the customer it would have gone to. */
  readonly intended: string | null;
}

/** What the durable layer must do, in order. The engine never names an object, a queue or a clock. */
export type Effect =
  | { readonly kind: 'arm'; readonly at: number; readonly generation: number }
  | { readonly kind: 'disarm' }
  | {
      readonly kind: 'notify';
      readonly step: string;
      readonly generation: number;
      readonly template: TemplateName;
      readonly audience: 'customer' | 'team';
      /** The customer for `customer`; for `team` the tier's people, one notice each. */
      readonly to: readonly Addressee[];
      readonly content: NoticeContent;
    }
  /** Tell the subject of `alias` that it belongs to this one. */
  | { readonly kind: 'link'; readonly alias: string }
  /** Hand a fact over to the subject this one was linked to. */
  | {
      readonly kind: 'forward';
      readonly to: string;
      readonly fact: SubjectFact;
      readonly eventKey: string;
      readonly hops: number;
    }
  | (HandOver & { readonly to: string })
  /** Tell the subject this one was linked to what became of a notice it was handed. */
  | {
      readonly kind: 'outcome';
      readonly to: string;
      readonly noticeId: string;
      readonly outcome: NoticeOutcome;
      readonly hops: number;
    }
  | { readonly kind: 'expire'; readonly at: number };

export interface Decision {
  readonly state: SubjectState;
  readonly effects: readonly Effect[];
  /** The last timeline line, for answers and logs. */
  readonly decision: string;
  readonly rule: string;
  /** False when an operator's wish could not be granted (`nothing to acknowledge`). */
  readonly accepted: boolean;
}

export type { Estate, FactInput, HandOver, Input, OperatorInput, OutcomeInput } from './inputs.ts';
export type { PlannedStep, Policy } from './policy.ts';
