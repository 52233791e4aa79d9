/** Sources with ladders that are over in a few days. */
import type { Policy } from '../../src/core/follow-up/types.ts';
import type { Ladder } from '../../src/core/ladder.ts';
import type { ProviderDefinition } from '../../src/core/provider.ts';
import type { ResolvedSource } from '../../src/gateway.ts';
import { DAY, policy } from '../support/follow-up.ts';

function ladder(id: string, steps: Ladder['steps']): Ladder {
  return { id, version: 1, anchor: 'failure', steps };
}

/** Shaped like the default ones and over in a few days, which here are seconds. */
const failed = ladder('payment-failed', [
  { id: 'reminder-1', after: '1d', action: 'remind', template: 'reminder-1' },
  { id: 'reminder-final', after: '2d', action: 'remind', template: 'reminder-final' },
  { id: 'escalation', after: '3d', action: 'escalate', template: 'escalation', tier: 1 },
  { id: 'close', after: '9d', action: 'close' },
]);
const atOnce = ladder('alert-critical', [
  { id: 'escalation', after: '0m', action: 'escalate', template: 'escalation', tier: 1 },
  { id: 're-escalation-1', after: '1d', action: 'escalate', template: 're-escalation', tier: 2 },
  { id: 'close', after: '9d', action: 'close' },
]);
const later = ladder('alert-medium', [
  { id: 'escalation', after: '1d', action: 'escalate', template: 'escalation', tier: 1 },
  { id: 're-escalation-1', after: '4d', action: 'escalate', template: 're-escalation', tier: 2 },
  { id: 'close', after: '9d', action: 'close' },
]);

/** Ladders that remind a customer once, `after` the failure, and then leave them alone. */
export function oneReminder(after: '1h' | '1d' = '1d'): Policy['ladders'] {
  const failedOnce = ladder('one-reminder', [
    { id: 'reminder-1', after, action: 'remind', template: 'reminder-1' },
    { id: 'close', after: '90d', action: 'close' },
  ]);
  return { ...policy().ladders, failed: failedOnce };
}

/** The steps of a failed payment, three days apart. */
export function spread(): Policy['ladders'] {
  const after = ['1d', '4d', '7d'] as const;
  const steps = failed.steps.map((step, i) => ({ ...step, after: after[i] ?? ('30d' as const) }));
  return { ...policy().ladders, failed: ladder('payment-failed', steps) };
}

export function source(id: string, over: Partial<Policy>, live = true): ResolvedSource {
  const base = policy();
  const alerts = { critical: atOnce, high: atOnce, medium: later, low: later };
  return {
    id,
    provider: {} as ProviderDefinition, // The objects never look at it.
    secrets: [],
    bytesMax: 1_000_000,
    contentEncodings: [],
    toleranceSeconds: null,
    businessName: 'Acme',
    templates: {},
    alertLabels: [],
    policy: {
      ...base,
      live,
      ladders: { ...base.ladders, failed, alert: alerts },
      // A hundred days and not forty: a tombstone must outlive a slow test.
      tombstoneMs: 100 * DAY,
      ...over,
    },
  };
}
