/** Reads what Restate's HTTP ingress answers: statuses, error sources, invocation rows. Pure. */
import { fail, ok, type Result } from '../core/result.ts';
import type { Accepted, FailedInvocation, IngressFailure } from './ingress-contract.ts';

const DETAIL_CHARS_MAX = 500;

/**
 * The JSON of a 200 or 202, null when its body is empty. Else `handler` when the error is the
 * invocation's own, `overloaded` when it may pass (5xx, 408, 425, 429), and `refused`.
 */
export function readAnswer(
  status: number,
  headers: { get(name: string): string | null },
  text: string,
): Result<unknown, IngressFailure> {
  const body = parse(text);
  if (status === 200 || status === 202) {
    if (text !== '' && body === undefined) return refused('answer is not JSON', status);
    return ok(body ?? null);
  }
  const detail = detailOf(body, text);
  if (headers.get('x-restate-error-source') === 'invocation')
    return fail({ reason: 'handler', status, detail });
  if (status >= 500 || status === 429 || status === 408 || status === 425)
    return fail({ reason: 'overloaded', status });
  return refused(detail, status);
}

/** Wants the body of a send's answer. `refused` unless it says that Restate holds the fact. */
export function readAccepted(body: unknown): Result<Accepted, IngressFailure> {
  const record = isRecord(body) ? body : {};
  const { invocationId, status } = record;
  // Anything but these words is not Restate saying that it holds the fact (a proxy's page, say).
  if (typeof invocationId !== 'string' || invocationId === '')
    return refused('answer names no invocation', 202);
  if (status !== 'Accepted' && status !== 'PreviouslyAccepted')
    return refused('answer has an unknown status', 202);
  return ok({ invocationId, duplicate: status === 'PreviouslyAccepted' });
}

/** Rows of the query endpoint. */
export function readInvocations(
  answer: unknown,
): Result<readonly FailedInvocation[], IngressFailure> {
  const rows = isRecord(answer) ? answer['rows'] : null;
  if (!Array.isArray(rows)) return refused('unexpected answer of the query endpoint');
  return ok(rows.filter(isRecord).map(readInvocation));
}

/** Null columns are left out of the rows. */
function readInvocation(row: Record<string, unknown>): FailedInvocation {
  const text = (name: string): string | null => {
    const value = row[name];
    return typeof value === 'string' ? value.slice(0, DETAIL_CHARS_MAX) : null;
  };
  return {
    invocationId: text('id') ?? '',
    target: text('target') ?? '',
    status: text('status') === 'completed' ? 'failed' : (text('status') ?? ''),
    attempts: typeof row['retry_count'] === 'number' ? row['retry_count'] : 0,
    failure: text('completion_failure') ?? text('last_failure'),
    modifiedAt: text('modified_at'),
  };
}

/** What Restate will never take; `status` is its HTTP status. */
export function refused(detail: string, status = 400): Result<never, IngressFailure> {
  return fail({ reason: 'refused', status, detail });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Restate's own message; its stack trace stays out of logs and answers. */
function detailOf(body: unknown, text: string): string {
  const message = isRecord(body) ? body['message'] : null;
  return (typeof message === 'string' ? message : text).slice(0, DETAIL_CHARS_MAX);
}

/** The message with that of its cause, cut at 500 characters. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`.slice(0, DETAIL_CHARS_MAX);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
