/**
 * What a person should look at, from the three places where trouble is kept: events whose meaning
 * could not be read (archive), facts whose handling failed (Restate), invocations that fail still.
 * A place that cannot be asked is named instead of hiding the others.
 */
import { createHash } from 'node:crypto';
import type { StoredEvent } from '../archive/contract.ts';
import { EVENT_FLAG } from '../archive/contract.ts';
import type { QuarantineGroup } from '../durable/contract.ts';
import { type ApiProblem, apiError, badRequest, ingressFailed } from './api-error.ts';
import type { EdgeDeps } from './deps.ts';
import { errorText } from './log.ts';
import { readActor, unknownField } from './operator-body.ts';
import { jsonResponse } from './respond.ts';

const EVENTS_MAX = 500;
const SAMPLES_MAX = 20;
const INVOCATIONS_MAX = 50;
/** Ids in one request to resolve. */
const IDS_MAX = 100;

/**
 * The newest 500 events set aside, in groups; facts of the configured sources; 50 invocations.
 * Times are ISO 8601. `unavailable` names each place that did not answer; nothing is thrown for it.
 */
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
  const { facts, failures } = await factIssues(deps);
  for (const { source, failure } of failures)
    unavailable.push(`restate: ${source} (${failure.reason})`);
  return facts.map((group) => ({
    ...group,
    firstAt: new Date(group.firstAt).toISOString(),
    lastAt: new Date(group.lastAt).toISOString(),
  }));
}

interface FactIssue extends QuarantineGroup {
  readonly id: string;
  readonly source: string;
}

async function factIssues(deps: EdgeDeps) {
  const answers = await Promise.all(
    Array.from(deps.gateway.sources.keys(), async (source) => ({
      source,
      groups: await deps.ingress.quarantined(source),
    })),
  );
  return {
    facts: answers.flatMap(({ source, groups }) =>
      groups.ok
        ? groups.value.map((group) => ({ id: issueId(source, group), source, ...group }))
        : [],
    ),
    failures: answers.flatMap(({ source, groups }) =>
      groups.ok ? [] : [{ source, failure: groups.failure }],
    ),
  };
}

/**
 * Names what was seen, its count included: when it fails once more the id is another one, so that
 * nobody clears a failure that nobody has looked at.
 */
function issueId(source: string, { route, reason, count }: QuarantineGroup): string {
  const text = JSON.stringify([source, route, reason, count]);
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}

/**
 * Body: `{ids, actor?}`, ids of `facts`. All of them or, when one is not known, none. Events that
 * could not be read stay listed as long as the archive keeps them.
 */
export async function resolveIssues(
  deps: EdgeDeps,
  body: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const unknown = unknownField(body, 'resolve', ['ids', 'actor']);
  if (unknown !== null) return apiError(unknown);
  const actor = readActor(body);
  if (!actor.ok) return apiError(actor.failure);
  const ids = idsOf(body['ids']);
  if (ids === null)
    return apiError(badRequest('"ids" names no issues.', `Send 1 to ${IDS_MAX} ids as texts.`));
  const { facts, failures } = await factIssues(deps);
  const known = facts.filter(({ id }) => ids.includes(id));
  const missing = ids.find((id) => !known.some((one) => one.id === id));
  const [failed] = failures;
  if (missing !== undefined && failed !== undefined)
    return ingressFailed(deps, 'quarantined', failed.failure);
  if (missing !== undefined) return apiError(unknownIssue(missing), { resolved: [] });
  const resolved: FactIssue[] = [];
  for (const issue of known) {
    const { id, source, route, reason, count } = issue;
    const answer = await deps.ingress.resolveQuarantined(source, { route, reason, count });
    if (!answer.ok) return ingressFailed(deps, 'resolve', answer.failure);
    if (!answer.value.resolved) return apiError(unknownIssue(id), { resolved });
    deps.log.info('issue_resolved', { source, route, reason, count, by: actor.value });
    resolved.push(issue);
  }
  return jsonResponse(200, { resolved });
}

function idsOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > IDS_MAX) return null;
  const ids = value.filter((id) => typeof id === 'string' && /^[\x21-\x7e]{1,64}$/.test(id));
  return ids.length === value.length ? ids : null;
}

function unknownIssue(id: string): ApiProblem {
  return {
    status: 404,
    code: 'unknown_issue',
    message:
      `There is no issue ${id}: it was resolved already, or the same failed again since ` +
      'and it has another id now.',
    remedy: 'GET /api/issues lists what there is.',
  };
}
