/**
 * Facts: what an event says about a subject, in our words. Provider files map events to facts;
 * the follow-up engine knows facts and nothing of providers.
 */

export type PaymentFactName =
  | 'payment.due'
  | 'payment.overdue'
  | 'payment.failed'
  | 'payment.action_required'
  | 'payment.paid'
  | 'payment.voided'
  | 'payment.uncollectible'
  | 'payment.partially_refunded'
  | 'payment.refunded'
  | 'payment.disputed'
  | 'payment.dispute_won'
  | 'payment.dispute_lost'
  | 'payment.linked';
export type AlertFactName = 'alert.opened' | 'alert.updated' | 'alert.closed';
export type RecipientFactName =
  | 'recipient.bounced'
  | 'recipient.deferred'
  | 'recipient.complained'
  | 'recipient.unsubscribed'
  | 'recipient.delivered';

export interface Customer {
  readonly email: string | null;
  readonly name: string | null;
  /** BCP 47, as the provider says it (`de-DE`); null when it does not. */
  readonly locale: string | null;
  /** IANA zone; null when the provider does not know it. */
  readonly zone: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
}

/** `hard`: trying the same method again cannot work (stolen, closed, wrong number). */
export type DeclineClass = 'hard' | 'soft';

/** Every time is epoch milliseconds. Amounts are integers in minor units of `currency`. */
export interface PaymentFact {
  readonly fact: PaymentFactName;
  /** The provider's id that stays the same from failure to success. */
  readonly ref: string;
  /** Other ids of the same payment (payment intent, charge): facts about them belong to `ref`. */
  readonly aliases: readonly string[];
  /** Said of one payment towards `ref` (a charge of an invoice), which may be only a part of it. */
  readonly ofPart?: true;
  /** The provider's id of the dispute; absent: it names none, and means all of the payment. */
  readonly dispute?: string;
  readonly amountMinor: number | null;
  /** ISO 4217, upper case. */
  readonly currency: string | null;
  readonly customer: Customer;
  /** The number printed on the invoice, for people. */
  readonly number: string | null;
  /** A page of the provider where the customer can pay. Shown, never fetched. */
  readonly payUrl: string | null;
  /** Why it failed, in the provider's words for people. */
  readonly reason: string | null;
  readonly decline: DeclineClass | null;
  readonly attemptCount: number | null;
  readonly nextAttemptAt: number | null;
  readonly dueAt: number | null;
  readonly occurredAt: number | null;
}

export type Severity = 'critical' | 'high' | 'medium' | 'low';

export interface AlertFact {
  readonly fact: AlertFactName;
  readonly ref: string;
  readonly severity: Severity | null;
  readonly title: string;
  readonly url: string | null;
  readonly assigneeLogins: readonly string[];
  readonly occurredAt: number | null;
}

/** `address` is the mailbox the provider reports on; feeds the suppression list. */
export interface RecipientFact {
  readonly fact: RecipientFactName;
  readonly ref: string;
  readonly address: string;
  readonly reason: string | null;
  readonly occurredAt: number | null;
}

export type Fact = PaymentFact | AlertFact | RecipientFact;
export type SubjectFact = PaymentFact | AlertFact;

/** The kind of object a fact is for. */
export type SubjectKind = 'payment' | 'alert';

/** By its name: `payment.…`. */
export function isPaymentFact(fact: Fact): fact is PaymentFact {
  return fact.fact.startsWith('payment.');
}

/** By its name: `alert.…`. */
export function isAlertFact(fact: Fact): fact is AlertFact {
  return fact.fact.startsWith('alert.');
}
