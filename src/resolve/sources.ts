/** One source of the config, checked: provider, secrets, bounds, ladders, policy. */
import type { GatewayConfig, SourceConfig } from '../config.ts';
import { DEFAULT_ALERT_LABELS } from '../core/fact-words.ts';
import type { Policy } from '../core/follow-up/types.ts';
import type { Ladder } from '../core/ladder.ts';
import type { Person } from '../core/notice.ts';
import type { ProviderDefinition } from '../core/provider.ts';
import type { ResolvedSource } from '../gateway.ts';
import type { Calendars } from './calendars.ts';
import { laddersOf } from './ladders.ts';
import { parseMailbox } from './mailbox.ts';
import { type ConfigProblem, chooseFrom, isSound, member, shown } from './problems.ts';
import { type Environment, signingSecrets } from './secrets.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A reminder a day at most, with slack for a step at the same local time when clocks go forward. */
const MIN_GAP_HOURS = 20;
const PROVIDER_RETRY_WITHIN_HOURS = 24;
/** Stripe's `invoice.paid` may overtake the `payment_failed` of the attempt before by seconds. */
const SETTLE_MS = 60 * SECOND_MS;
/** Longer than any provider resends on its own; a person can resend a Stripe event for 30 days. */
const TOMBSTONE_MS = 40 * DAY_MS;

/**
 * 5,000.00: high enough that a small firm's ordinary invoices climb the ladder as usual. Other
 * currencies have no default, because a number that is high in one is a coffee in another.
 */
export const HIGH_AMOUNT_MINOR_DEFAULT: Readonly<Record<string, number>> = {
  USD: 500_000,
  EUR: 500_000,
  GBP: 500_000,
};

export interface SourceScope {
  readonly config: GatewayConfig;
  readonly env: Environment;
  readonly providers: ReadonlyMap<string, ProviderDefinition>;
  readonly liveByDefault: boolean;
  readonly sha256Hex: (text: string) => string;
  readonly ladders: ReadonlyMap<string, Ladder>;
  readonly calendars: Calendars;
  readonly tiers: readonly (readonly Person[])[];
  readonly problems: ConfigProblem[];
}

/** The source, or null when its provider or its own fields leave nothing to build it from. */
export function resolveSource(
  id: string,
  source: SourceConfig,
  scope: SourceScope,
): ResolvedSource | null {
  const field = member('sources', id);
  const { problems } = scope;
  const provider = isSound(problems, `${field}.provider`)
    ? findProvider(source.provider, `${field}.provider`, scope)
    : null;
  // Asked for even when the rest is broken: one start should name every missing secret.
  const secrets = isSound(problems, `${field}.secrets`)
    ? signingSecrets(source.secrets, `${field}.secrets`, {
        env: scope.env,
        secretHint: provider?.secretHint ?? null,
        sha256Hex: scope.sha256Hex,
        problems,
      })
    : [];
  const ladders = laddersOf(source, field, {
    ladders: scope.ladders,
    defined: Object.keys(scope.config.ladders ?? {}),
    problems,
  });
  if (provider === null || !isSound(problems, field)) return null;
  return {
    id,
    provider,
    secrets,
    bytesMax: source.bytesMax ?? provider.bytesMax,
    contentEncodings: source.contentEncodings ?? [],
    toleranceSeconds: source.toleranceSeconds ?? null,
    businessName:
      source.businessName ??
      (isSound(problems, 'mail.businessName') ? scope.config.mail.businessName : ''),
    templates: source.templates ?? {},
    alertLabels: source.alertLabels ?? DEFAULT_ALERT_LABELS,
    policy: policyOf(source, ladders, scope),
  };
}

function findProvider(id: string, field: string, scope: SourceScope): ProviderDefinition | null {
  const provider = scope.providers.get(id);
  if (provider !== undefined) return provider;
  scope.problems.push({
    field,
    problem: `There is no provider ${shown(id)}.`,
    remedy: chooseFrom(id, [...scope.providers.keys()]),
  });
  return null;
}

function policyOf(source: SourceConfig, ladders: Policy['ladders'], scope: SourceScope): Policy {
  const { config } = scope;
  const limits = isSound(scope.problems, 'limits') ? (config.limits ?? {}) : {};
  return {
    paused: config.paused ? 'all' : source.paused ? 'source' : null,
    live: source.live ?? scope.liveByDefault,
    excludedCustomers: (source.excludedCustomers ?? []).map(lowerCaseAddress),
    ladders,
    customerCalendar: scope.calendars.customer,
    teamCalendar: scope.calendars.team,
    tiers: scope.tiers,
    highAmountMinor: limits.highAmountMinor ?? HIGH_AMOUNT_MINOR_DEFAULT,
    escalateHardDeclines: limits.escalateHardDeclines ?? true,
    providerRetryWithinMs:
      (limits.providerRetryWithinHours ?? PROVIDER_RETRY_WITHIN_HOURS) * HOUR_MS,
    minGapMs: (limits.minGapHours ?? MIN_GAP_HOURS) * HOUR_MS,
    settleMs: SETTLE_MS,
    tombstoneMs: TOMBSTONE_MS,
  };
}

function lowerCaseAddress(text: string): string {
  const parsed = parseMailbox(text);
  return (parsed.ok ? parsed.value.address : text).toLowerCase();
}
