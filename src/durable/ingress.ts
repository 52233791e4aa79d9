/**
 * The client of Restate's HTTP ingress. It owns addresses, time limits and the reading of answers;
 * it knows nothing of webhooks. Service and handler names come from `contract.ts` only, and keys
 * are checked and encoded here, so nothing from a payload becomes a path, a query or a header.
 */
import type { SubjectKind } from '../core/fact.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type {
  OperatorAnswer,
  QuarantineGroup,
  RecipientView,
  SimulateAnswer,
  SubjectView,
  UnsuppressAnswer,
} from './contract.ts';
import { ARCHIVIST, HANDLER, keyProblem, OBJECT_OF, QUARANTINE, RECIPIENT } from './contract.ts';
import { describe, readAccepted, readAnswer, readInvocations, refused } from './ingress-answers.ts';
import type { Accepted, FailedInvocation, Ingress, IngressFailure } from './ingress-contract.ts';
import { packParked } from './parked.ts';

/** The part of `fetch` that is used, so that Node may pass one with a tuned connection pool. */
export type IngressFetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: Content['body'];
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

/** A request's body and what it is. */
interface Content {
  readonly type: 'application/json' | 'application/octet-stream';
  readonly body: string | Uint8Array<ArrayBuffer>;
}

export interface IngressOptions {
  readonly ingressUrl: string;
  /** Null: only the ingress is reachable; readiness is then weaker and `failedInvocations` refuses. */
  readonly adminUrl: string | null;
  readonly fetch: IngressFetch;
  /** For one operation, its retry included. */
  readonly timeoutMs?: number;
  /** Sent with every request: the authorization of Restate Cloud. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event key of 200 characters, percent-encoded at its worst, and a name of a source. */
const IDEMPOTENCY_KEY_CHARS_MAX = 4096;
const READY_TIMEOUT_MS = 2000;

interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly content?: Content;
  readonly idempotencyKey?: string;
  /** Asking twice changes nothing: may be sent again when the connection broke. */
  readonly repeatable: boolean;
  readonly timeoutMs: number;
}

/** The `Ingress` over HTTP. Every call resolves; failures are values. */
export function createIngress(options: IngressOptions): Ingress {
  const { send, call, ask, base, admin, timeoutMs } = createWire(options);
  const object = (kind: SubjectKind): string => OBJECT_OF[kind];
  const read = { repeatable: true } as const;
  return {
    sendFact: (kind, subject, message, idempotencyKey) =>
      send(object(kind), subject, HANDLER.onFact, json(message), idempotencyKey),
    park: (message, idempotencyKey) => {
      const content = { type: 'application/octet-stream', body: packParked(message) } as const;
      return send(ARCHIVIST, null, HANDLER.store, content, idempotencyKey);
    },
    // Not asked again after a broken connection: the second answer would say "already done".
    operate: (kind, subject, body) =>
      call<OperatorAnswer>(object(kind), subject, HANDLER.operate, {
        content: json(body),
        repeatable: false,
      }),
    view: (kind, subject) => call<SubjectView>(object(kind), subject, HANDLER.view, read),
    simulate: (kind, subject, body) =>
      call<SimulateAnswer>(object(kind), subject, HANDLER.simulate, {
        ...read,
        content: json(body),
      }),
    suppress: (recipientKey, body) =>
      call<Suppressed>(RECIPIENT, recipientKey, HANDLER.suppress, {
        ...read,
        content: json(body),
      }),
    // These two are not asked again either, for the same reason.
    unsuppress: (recipientKey, body) =>
      call<UnsuppressAnswer>(RECIPIENT, recipientKey, HANDLER.unsuppress, {
        content: json(body),
        repeatable: false,
      }),
    resolveQuarantined: (source, body) =>
      call<Resolved>(QUARANTINE, source, HANDLER.resolve, {
        content: json(body),
        repeatable: false,
      }),
    recipient: (recipientKey) => call<RecipientView>(RECIPIENT, recipientKey, HANDLER.view, read),
    quarantined: (source) =>
      call<readonly QuarantineGroup[]>(QUARANTINE, source, HANDLER.list, read),
    failedInvocations: (limit) => failedInvocations(ask, admin, limit, timeoutMs),
    ready: async () => {
      const answer = await ask({
        ...(admin === null
          ? { url: `${base}/restate/health`, method: 'GET' }
          : queryCall(admin, 'SELECT count(1) FROM sys_invocation')),
        repeatable: true,
        timeoutMs: Math.min(timeoutMs, READY_TIMEOUT_MS),
      });
      return answer.ok ? ok(null) : answer;
    },
  };
}

interface Suppressed {
  readonly suppressed: boolean;
}
interface Resolved {
  readonly resolved: boolean;
}

/** Addresses and limits applied once; below this only names, keys and bodies are spoken of. */
function createWire(options: IngressOptions) {
  const base = options.ingressUrl.replace(/\/+$/, '');
  const admin = options.adminUrl?.replace(/\/+$/, '') ?? null;
  const timeoutMs = options.timeoutMs ?? 3500;
  const ask = (call: Call) => perform(options, call);
  async function send(
    service: string,
    key: string | null,
    handler: string,
    content: Content,
    idempotencyKey: string,
  ): Promise<Result<Accepted, IngressFailure>> {
    const problem = idempotencyKeyProblem(idempotencyKey);
    if (problem !== null) return refused(`idempotency key: ${problem}`);
    const path = pathOf('send', service, key, handler);
    if (!path.ok) return path;
    const answer = await ask({
      url: base + path.value,
      method: 'POST',
      content,
      idempotencyKey: toHeaderValue(idempotencyKey),
      repeatable: true,
      timeoutMs,
    });
    return answer.ok ? readAccepted(answer.value) : answer;
  }
  async function call<Answer>(
    service: string,
    key: string,
    handler: string,
    how: { readonly content?: Content; readonly repeatable: boolean },
  ): Promise<Result<Answer, IngressFailure>> {
    const path = pathOf('call', service, key, handler);
    if (!path.ok) return path;
    const answer = await ask({ ...how, url: base + path.value, method: 'POST', timeoutMs });
    // The handlers are ours and their answers are typed in contract.ts: the cast is that promise.
    return answer.ok ? ok(answer.value as Answer) : answer;
  }
  return { send, call, ask, base, admin, timeoutMs };
}

function json(value: unknown): Content {
  return { type: 'application/json', body: JSON.stringify(value) };
}

function queryCall(admin: string, query: string): Pick<Call, 'url' | 'method' | 'content'> {
  return { url: `${admin}/query`, method: 'POST', content: json({ query }) };
}

async function failedInvocations(
  ask: (call: Call) => Promise<Result<unknown, IngressFailure>>,
  admin: string | null,
  limit: number,
  timeoutMs: number,
): Promise<Result<readonly FailedInvocation[], IngressFailure>> {
  if (admin === null) return refused('no admin address is configured');
  const rowsMax = Math.max(1, Math.min(200, Math.trunc(limit) || 1));
  const query =
    'SELECT id, target, status, retry_count, last_failure, completion_failure, modified_at ' +
    "FROM sys_invocation WHERE status IN ('paused', 'backing-off') " +
    `OR completion_result = 'failure' ORDER BY modified_at DESC LIMIT ${rowsMax}`;
  const answer = await ask({ ...queryCall(admin, query), repeatable: true, timeoutMs });
  return answer.ok ? readInvocations(answer.value) : answer;
}

async function perform(
  options: IngressOptions,
  call: Call,
): Promise<Result<unknown, IngressFailure>> {
  const signal = AbortSignal.timeout(call.timeoutMs);
  const init = {
    method: call.method,
    headers: {
      ...options.headers,
      accept: 'application/json',
      ...(call.content === undefined ? {} : { 'content-type': call.content.type }),
      ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
    },
    ...(call.content === undefined ? {} : { body: call.content.body }),
    // A redirect would carry the fact and the authorization to a place nobody configured.
    redirect: 'manual' as const,
    signal,
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await options.fetch(call.url, init);
      return readAnswer(response.status, response.headers, await response.text());
    } catch (error) {
      if (signal.aborted) return fail({ reason: 'timeout', afterMs: call.timeoutMs });
      // A kept-alive connection the server has just closed fails like a dead server: ask once more.
      if (call.repeatable && attempt === 1) continue;
      return fail({ reason: 'unreachable', detail: describe(error) });
    }
  }
}

function pathOf(
  verb: 'send' | 'call',
  service: string,
  key: string | null,
  handler: string,
): Result<string, IngressFailure> {
  if (key === null) return ok(`/restate/${verb}/${service}/${handler}`);
  const problem = keyProblem(key);
  if (problem !== null) return refused(`object key: ${problem}`);
  return ok(`/restate/${verb}/${service}/${encodeURIComponent(key)}/${handler}`);
}

/** An empty key is a valid one to Restate, under which all such events would collapse into one. */
function idempotencyKeyProblem(key: string): string | null {
  if (key === '') return 'empty';
  if (!key.isWellFormed()) return 'not well-formed Unicode';
  return toHeaderValue(key).length > IDEMPOTENCY_KEY_CHARS_MAX
    ? `longer than ${IDEMPOTENCY_KEY_CHARS_MAX} characters`
    : null;
}

/**
 * Visible ASCII stays; every other byte, and `%` itself, is percent-encoded: two keys never become
 * one, and a line break can never end the header.
 */
function toHeaderValue(key: string): string {
  return key.replace(/[^\x21-\x24\x26-\x7e]+/g, (run) =>
    Array.from(
      new TextEncoder().encode(run),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  );
}
