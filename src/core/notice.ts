import type { Severity } from './fact.ts';

/** A message of ours to one person; the mail templates are named by these. */
export type TemplateName =
  | 'reminder-1'
  | 'reminder-2'
  | 'reminder-final'
  | 'invoice-upcoming'
  | 'action-required'
  | 'escalation'
  | 're-escalation'
  | 'resolved';

export type Audience = 'customer' | 'team';

export interface Person {
  readonly address: string;
  readonly name: string | null;
  readonly locale: string | null;
  readonly zone: string | null;
}

/** What a mail says: plain values, formatted only when the mail is built. Times in epoch ms. */
export interface NoticeContent {
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly number: string | null;
  readonly payUrl: string | null;
  readonly reason: string | null;
  readonly anchorAt: number | null;
  readonly dueAt: number | null;
  readonly customer: string | null;
  readonly title: string | null;
  readonly url: string | null;
  readonly severity: Severity | null;
  /** Why the team hears of it: `ladder`, `hard_decline`, `high_amount`, `disputed`… */
  readonly cause: string | null;
  readonly tier: number | null;
  /** Nobody is asked after this escalation. Absent: not the last, or said by an older version. */
  readonly isLastEscalation?: boolean;
}

/**
 * One message to one recipient through one channel for one step. `id` names subject, generation,
 * step, recipient and the moment of the decision; Message-ID is derived from it, so a crash between
 * the server's 250 and our journal repeats a mail under the same Message-ID, never a new one.
 */
export interface Notice {
  readonly id: string;
  readonly subject: string;
  readonly kind: 'payment' | 'alert';
  readonly source: string;
  readonly generation: number;
  readonly step: string;
  readonly template: TemplateName;
  readonly audience: Audience;
  /** In shadow mode the team's address, with the name, locale and zone of the customer. */
  readonly to: Person;
  /** Shadow mode: the customer this would have gone to. Null when it goes to whom it is for. */
  readonly intended: string | null;
  readonly content: NoticeContent;
  /** Follow-up time at which the step decided to send. */
  readonly decidedAt: number;
}

/** What became of a notice. Times in follow-up time, epoch ms. */
export type NoticeOutcome =
  | { readonly kind: 'sent'; readonly at: number; readonly messageId: string }
  | {
      readonly kind: 'retrying';
      readonly at: number;
      readonly attempt: number;
      readonly error: string;
    }
  | {
      readonly kind: 'failed';
      readonly at: number;
      readonly error: string;
      /** An attempt before was not confirmed. */
      readonly mayHaveArrived?: true;
    }
  | {
      readonly kind: 'skipped';
      readonly at: number;
      readonly rule: SkipRule;
      readonly detail: string | null;
      /** As above. */
      readonly mayHaveArrived?: true;
    }
  | {
      readonly kind: 'postponed';
      readonly at: number;
      readonly until: number;
      readonly rule: SkipRule;
    }
  | { readonly kind: 'digested'; readonly at: number; readonly until: number };

/** Why nothing was sent, in order of precedence: the first that holds is the one recorded. */
export const SKIP_RULES = [
  'all_paused',
  'source_paused',
  'customer_excluded',
  'held',
  'joined',
  'settled',
  'acknowledged',
  'no_address',
  'unsubscribed',
  'bounced',
  'complained',
  'suppressed',
  'provider_retry_due',
  'past_due',
  'collapsed',
  'min_gap',
  'daily_cap',
  'quiet_hours',
] as const;
export type SkipRule = (typeof SKIP_RULES)[number];
