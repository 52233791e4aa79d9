/** The config, resolved: what every part of the running gateway is given. Plain, immutable values. */
import type { TemplateOverride } from './config.ts';
import type { Policy } from './core/follow-up/types.ts';
import type { Ladder } from './core/ladder.ts';
import type { TemplateName } from './core/notice.ts';
import type { ProviderDefinition } from './core/provider.ts';
import type { Secret } from './core/verification.ts';

export interface ResolvedSource {
  readonly id: string;
  readonly provider: ProviderDefinition;
  /** Never empty: a source without a secret does not start. */
  readonly secrets: readonly Secret[];
  readonly bytesMax: number;
  readonly contentEncodings: readonly 'gzip'[];
  /** Null: the provider's own. */
  readonly toleranceSeconds: number | null;
  readonly businessName: string;
  readonly templates: Partial<Readonly<Record<TemplateName, TemplateOverride>>>;
  readonly alertLabels: readonly string[];
  readonly policy: Policy;
}

export interface Gateway {
  readonly sources: ReadonlyMap<string, ResolvedSource>;
  readonly ladders: ReadonlyMap<string, Ladder>;
  readonly mail: {
    readonly from: string;
    readonly replyTo: string | null;
    readonly businessName: string;
    readonly locale: string;
  };
  readonly remindersPerRecipientPerDay: number;
  /** Public base address, without a trailing slash: links in mails start with it. */
  readonly publicUrl: string;
  /** Operator token; compared in constant time. */
  readonly token: string;
  /** Signs acknowledge and unsubscribe links. */
  readonly linkSecret: string;
}
