/** Tells a Restate server where our objects are served, and checks that they really answer. */
import { fail, ok, type Result } from '../core/result.ts';
import { HANDLER, QUARANTINE } from './contract.ts';

export interface Registration {
  readonly adminUrl: string;
  /** Where Restate reaches the endpoint, `http://127.0.0.1:9080`. */
  readonly uri: string;
  /** Discover again although this address is known; without it Restate keeps the old handlers. */
  readonly force: boolean;
  /** Cleartext HTTP/1.1 endpoints (wrangler dev) must be told apart; deployed ones negotiate. */
  readonly useHttp11: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  /** How long to wait for a server that is still starting. */
  readonly deadlineMs: number;
}

export type RegistrationFailure =
  | { readonly reason: 'server_unreachable'; readonly detail: string }
  | { readonly reason: 'server_not_ready'; readonly detail: string }
  /** The server could not talk to the endpoint, or refused what it discovered there. */
  | { readonly reason: 'endpoint_refused'; readonly status: number; readonly detail: string };

const WAIT_MS = 150;

/**
 * Registers the endpoint, waiting for a server that is still starting. Ready means that a query
 * over the partitions answers: `/health` says yes while partitions are dead.
 */
export async function registerDeployment(
  registration: Registration,
): Promise<Result<{ readonly deploymentId: string }, RegistrationFailure>> {
  const { adminUrl, uri, force, useHttp11 } = registration;
  const deadline = performance.now() + registration.deadlineMs;
  let failure: RegistrationFailure | null;
  for (;;) {
    failure = await readiness(registration);
    if (failure === null) break;
    if (performance.now() >= deadline) return fail(failure);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  const response = await registration.fetch(`${adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...registration.headers },
    body: JSON.stringify({ uri, force, ...(useHttp11 ? { use_http_11: true } : {}) }),
  });
  const text = await response.text();
  if (!response.ok) {
    return fail({ reason: 'endpoint_refused', status: response.status, detail: messageIn(text) });
  }
  const { id } = JSON.parse(text) as { id: string }; // The admin API's documented answer.
  return ok({ deploymentId: id });
}

async function readiness(registration: Registration): Promise<RegistrationFailure | null> {
  try {
    const response = await registration.fetch(`${registration.adminUrl}/query`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...registration.headers,
      },
      body: JSON.stringify({ query: 'SELECT count(1) FROM sys_invocation_status' }),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    return response.ok ? null : { reason: 'server_not_ready', detail: messageIn(text) };
  } catch (error) {
    return { reason: 'server_unreachable', detail: causeOf(error) };
  }
}

export type SelfCheckFailure = {
  readonly reason: 'no_answer' | 'wrong_answer';
  readonly detail: string;
};

/**
 * Calls one handler through the ingress. Discovery succeeds even where every invocation fails (the
 * SDK on Node 20 retries in silence), so a start that skips this looks fine and does nothing.
 */
export async function selfCheck(check: {
  readonly ingressUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}): Promise<Result<null, SelfCheckFailure>> {
  const { ingressUrl, timeoutMs } = check;
  try {
    const url = `${ingressUrl}/restate/call/${QUARANTINE}/self-check/${HANDLER.list}`;
    const response = await check.fetch(url, {
      method: 'POST',
      ...(check.headers === undefined ? {} : { headers: check.headers }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.ok && Array.isArray(JSON.parse(text))) return ok(null);
    return fail({ reason: 'wrong_answer', detail: `${response.status} ${messageIn(text)}`.trim() });
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const detail = isLate
      ? `a handler did not answer within ${timeoutMs} ms; the objects need Node 22 or newer`
      : causeOf(error);
    return fail({ reason: 'no_answer', detail });
  }
}

/** Restate answers problems as `{message}`; anything else is shown as it is, shortened. */
function messageIn(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) {
      return String(parsed.message).slice(0, 500);
    }
  } catch {
    // Not JSON: shown as it is.
  }
  return text.slice(0, 500);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
