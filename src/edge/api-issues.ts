/**
 * What a person should look at, from the three places where trouble is kept: events whose meaning
 * could not be read (archive), facts whose handling failed (Restate), invocations that fail still.
 * A place that cannot be asked is named instead of hiding the others.
 */
import type { StoredEvent } from '../archive/contract.ts';
import { EVENT_FLAG } from '../archive/contract.ts';
import type { EdgeDeps } from './deps.ts';
import { errorText } from './log.ts';

const EVENTS_MAX = 500;
const SAMPLES_MAX = 20;
const INVOCATIONS_MAX = 50;

export async function collectIssues(deps: EdgeDeps) {
  const unavailable: string[] = [];
  const [events, facts, invocations] = await Promise.all([
    quarantinedEvents(deps).catch((error: unknown) => {
      deps.log.error('archive_failed', { operation: 'issues', error: errorText(error) });
      unavailable.push('archive');
      return [];
    }),
    quarantinedFacts(deps, unavailable),
    deps.ingress.failedInvocations(INVOCATIONS_MAX),
  ]);
  if (!invocations.ok) unavailable.push(`restate: invocations (${invocations.failure.reason})`);
  return {
    events,
    facts,
    invocations: invocations.ok ? invocations.value : [],
    unavailable,
  };
}

interface EventIssue {
  readonly source: string;
  readonly note: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly samples: readonly string[];
}

async function quarantinedEvents(deps: EdgeDeps): Promise<EventIssue[]> {
  const events = await deps.archive.list({ anyFlag: EVENT_FLAG.quarantined, limit: EVENTS_MAX });
  const groups = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const key = JSON.stringify([event.source, event.note]);
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  return Array.from(groups.values(), (group) => ({
    source: group[0]?.source ?? '',
    note: group[0]?.note ?? '',
    count: group.length,
    firstAt: new Date(Math.min(...group.map((event) => event.receivedAt))).toISOString(),
    lastAt: new Date(Math.max(...group.map((event) => event.lastSeenAt))).toISOString(),
    samples: group.slice(0, SAMPLES_MAX).map((event) => event.key),
  }));
}

async function quarantinedFacts(deps: EdgeDeps, unavailable: string[]) {
  const bySource = await Promise.all(
    Array.from(deps.gateway.sources.keys(), async (source) => {
      const groups = await deps.ingress.quarantined(source);
      if (groups.ok) return groups.value.map((group) => ({ source, ...group }));
      unavailable.push(`restate: ${source} (${groups.failure.reason})`);
      return [];
    }),
  );
  return bySource.flat().map((group) => ({
    ...group,
    firstAt: new Date(group.firstAt).toISOString(),
    lastAt: new Date(group.lastAt).toISOString(),
  }));
}
