/** Lists of the archive for operators, newest first, paged by a cursor. */
import type { StoredEvent } from '../archive/contract.ts';
import { EVENT_FLAG } from '../archive/contract.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type ApiProblem, badRequest } from './api-error.ts';
import type { EdgeDeps } from './deps.ts';

export interface ListQuery {
  readonly source: string | null;
  readonly subject: string | null;
  readonly anyFlag: number | null;
  readonly limit: number;
  readonly before: Cursor | null;
}

/** An event, by all that its place in a list over all sources depends on. */
interface Cursor {
  readonly receivedAt: number;
  readonly source: string;
  readonly key: string;
}

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

/** What each list can be asked for. */
export const EVENT_PARAMETERS: readonly string[] = ['source', 'subject', 'flag', 'limit', 'before'];
export const REJECTION_PARAMETERS: readonly string[] = ['source', 'limit'];

/**
 * `source`, `subject`, `flag` (a name), `limit` (1–500), `before` (the `next` of the last page).
 * Each once and with a value: a misspelt `subject` must not list the events of all.
 */
export function readListQuery(
  given: Readonly<Record<string, readonly string[]>>,
  parameters: readonly string[],
  sources: ReadonlyMap<string, unknown>,
): Result<ListQuery, ApiProblem> {
  const query: Record<string, string> = {};
  for (const [name, [value, ...others]] of Object.entries(given)) {
    if (!parameters.includes(name) || !value || others.length > 0)
      return fail(
        badRequest(
          `"${name.slice(0, 50)}" is no parameter, empty, or given twice.`,
          `Allowed, each once: ${parameters.join(', ')}.`,
        ),
      );
    query[name] = value;
  }
  const limit = query['limit'] ?? String(LIMIT_DEFAULT);
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > LIMIT_MAX)
    return fail(badRequest('"limit" is out of range.', `Send a number from 1 to ${LIMIT_MAX}.`));
  const source = query['source'] ?? null;
  if (source !== null && !sources.has(source))
    return fail(badRequest('There is no such source.', 'GET /api/sources lists them.'));
  const flag = query['flag'] ?? null;
  const anyFlag = flag === null ? null : flagBit(flag);
  if (anyFlag === undefined)
    return fail(badRequest('There is no such flag.', `Known: ${flagNames().join(', ')}.`));
  const before = query['before'] === undefined ? null : readCursor(query['before']);
  if (before === undefined)
    return fail(badRequest('"before" is no cursor.', 'Send the "next" of the page before.'));
  return ok({ source, subject: query['subject'] ?? null, anyFlag, limit: Number(limit), before });
}

/** One page; `next` is the cursor of the one after it, or null. Rejects as the archive does. */
export async function listEvents(deps: EdgeDeps, query: ListQuery) {
  const events = await deps.archive.list({
    limit: query.limit,
    ...(query.source === null ? {} : { source: query.source }),
    ...(query.subject === null ? {} : { subject: query.subject }),
    ...(query.anyFlag === null ? {} : { anyFlag: query.anyFlag }),
    ...(query.before === null ? {} : { before: query.before }),
  });
  const last = events.length === query.limit ? events.at(-1) : undefined;
  return { events: events.map(describeEvent), next: last === undefined ? null : cursorOf(last) };
}

/** The newest of one source or of all. Rejects as the archive does. */
export async function listRejections(deps: EdgeDeps, query: ListQuery) {
  const rejections = await deps.archive.rejections({
    limit: query.limit,
    ...(query.source === null ? {} : { source: query.source }),
  });
  return {
    rejections: rejections.map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
  };
}

/** Times as ISO 8601 in UTC, flags as names. */
export function describeEvent(event: StoredEvent) {
  return {
    ...event,
    providerTime: event.providerTime === null ? null : new Date(event.providerTime).toISOString(),
    receivedAt: new Date(event.receivedAt).toISOString(),
    lastSeenAt: new Date(event.lastSeenAt).toISOString(),
    flags: flagNames().filter((name) => (event.flags & EVENT_FLAG[name]) !== 0),
  };
}

type FlagName = keyof typeof EVENT_FLAG;

function flagNames(): FlagName[] {
  return ['quarantined', 'untracked', 'bodyDiffers', 'reconciled', 'handshake', 'expunged'];
}

function flagBit(name: string): number | undefined {
  const known = flagNames().find((flag) => flag === name);
  return known === undefined ? undefined : EVENT_FLAG[known];
}

function cursorOf(event: StoredEvent): string {
  return `${event.receivedAt}~${event.source}~${event.key}`;
}

function readCursor(text: string): Cursor | undefined {
  const match = /^(\d{1,15})~([^~]+)~(.+)$/s.exec(text);
  const [, receivedAt, source, key] = match ?? [];
  return receivedAt === undefined || source === undefined || key === undefined
    ? undefined
    : { receivedAt: Number(receivedAt), source, key };
}
