/** What the config says to the engine, and what the engine plans for people to read. */
import type { Severity } from '../fact.ts';
import type { Calendar, Ladder } from '../ladder.ts';
import type { Person, TemplateName } from '../notice.ts';

/** Everything the config says that matters to one source's subjects. Plain values. */
export interface Policy {
  readonly paused: 'all' | 'source' | null;
  /** False: shadow mode, what is for a customer goes to the first of the team. */
  readonly live: boolean;
  /** Lower-case addresses that get no reminders. */
  readonly excludedCustomers: readonly string[];
  readonly ladders: {
    readonly failed: Ladder;
    readonly actionRequired: Ladder;
    readonly due: Ladder;
    readonly disputed: Ladder;
    readonly alert: Readonly<Record<Severity, Ladder>>;
  };
  readonly customerCalendar: Calendar;
  readonly teamCalendar: Calendar;
  /** Tier 1 first; each at least one person. */
  readonly tiers: readonly (readonly Person[])[];
  /** At or above this amount the team hears at once. Minor units by currency; absent: never. */
  readonly highAmountMinor: Readonly<Record<string, number>>;
  readonly escalateHardDeclines: boolean;
  /** A reminder is skipped when the provider itself tries again within this span. */
  readonly providerRetryWithinMs: number;
  /** Between two notices to the customer about one subject. */
  readonly minGapMs: number;
  /** Waits before a step that is due at once, so that a payment overtaken by its failure can land. */
  readonly settleMs: number;
  /** A settled subject is forgotten after this long: longer than any provider's resend horizon. */
  readonly tombstoneMs: number;
}

/** One line of the whole ladder with its date, for `simulate`. */
export interface PlannedStep {
  readonly step: string;
  readonly action: 'remind' | 'escalate' | 'close';
  readonly template: TemplateName | null;
  readonly to: readonly string[];
  /** Anchor plus offset, before the calendar. */
  readonly nominalAt: number;
  /** After quiet hours, business days and holidays. */
  readonly at: number;
  readonly shiftedBy: readonly string[];
  readonly state: 'done' | 'skipped' | 'next' | 'planned' | 'cancelled';
  readonly rule: string | null;
}
