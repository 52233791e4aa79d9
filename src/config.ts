/**
 * `gateway.config.ts`: the user's file. `defineGateway` types it; `resolveGateway` (resolve.ts)
 * checks it against the environment and reports every problem at once.
 */
import type { Severity } from './core/fact.ts';
import type { Calendar, Ladder } from './core/ladder.ts';
import type { TemplateName } from './core/notice.ts';

export interface TemplateOverride {
  /**
   * Plain text; in it `{customer}`, `{amount}`, `{number}` of the invoice, `{due}` and `{since}` (days),
   * `{reason}`, `{title}`, `{business}` or `{team}` (your name), `{subject}` (`stripe/in_1`), and the
   * addresses `{payUrl}`, `{subjectUrl}`, `{acknowledgeUrl}` (team), `{unsubscribeUrl}` (customers).
   */
  readonly subject?: string;
  readonly text?: string;
}

export interface SourceConfig {
  /** Id of a file in `webhooks/`. */
  readonly provider: string;
  /**
   * Names of environment variables that hold the signing secrets, in order; any may match. A
   * listed variable that is not set is a problem: verification is never skipped.
   */
  readonly secrets: readonly string[];
  /** False or absent (outside the embedded catcher): customers' notices go to the team. */
  readonly live?: boolean;
  readonly paused?: boolean;
  /** What the customer knows you as, in mails about this source. */
  readonly businessName?: string;
  readonly bytesMax?: number;
  /** Content encodings accepted besides none. Decoded under the same byte cap, after verification. */
  readonly contentEncodings?: readonly 'gzip'[];
  readonly toleranceSeconds?: number;
  readonly excludedCustomers?: readonly string[];
  readonly ladders?: {
    readonly failed?: string;
    readonly actionRequired?: string;
    readonly due?: string;
    readonly disputed?: string;
    readonly alert?: Partial<Readonly<Record<Severity, string>>>;
  };
  readonly templates?: Partial<Readonly<Record<TemplateName, TemplateOverride>>>;
  /** GitHub: labels that make an issue an alert. */
  readonly alertLabels?: readonly string[];
}

export interface GatewayConfig {
  readonly paused?: boolean;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly ladders?: Readonly<Record<string, Ladder>>;
  readonly mail: {
    readonly from: string;
    readonly replyTo?: string;
    readonly businessName: string;
    readonly locale?: string;
    /** Tier 1 first. Addresses or `Name <address>`. */
    readonly team: readonly (readonly string[])[];
  };
  readonly calendar?: {
    readonly customer?: Partial<Calendar>;
    readonly team?: Partial<Calendar>;
  };
  readonly limits?: {
    readonly remindersPerRecipientPerDay?: number;
    readonly minGapHours?: number;
    readonly providerRetryWithinHours?: number;
    /** From this amount the team hears at once; minor units by currency, in place of the defaults. */
    readonly highAmountMinor?: Readonly<Record<string, number>>;
    readonly escalateHardDeclines?: boolean;
  };
}

/** Returns its argument; exists so that an editor knows the fields. */
export function defineGateway(config: GatewayConfig): GatewayConfig {
  return config;
}
