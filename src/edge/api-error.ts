/** Errors of the operator API: `{error: {code, message, remedy}}`, for a person at a terminal. */
import type { IngressFailure } from '../durable/ingress-contract.ts';
import type { EdgeDeps } from './deps.ts';
import { jsonResponse } from './respond.ts';

export interface ApiProblem {
  readonly status: 400 | 404 | 405 | 409 | 413 | 415 | 502 | 503;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** `more` stands beside `error` in the body. With a 503 goes a `Retry-After` of 5 seconds. */
export function apiError(problem: ApiProblem, more: Readonly<Record<string, unknown>> = {}) {
  const { status, code, message, remedy } = problem;
  return jsonResponse(
    status,
    { error: { code, message, remedy }, ...more },
    status === 503 ? { 'retry-after': '5' } : {},
  );
}

/** A 400. `message` says what is wrong, `remedy` what to send instead. */
export function badRequest(message: string, remedy: string): ApiProblem {
  return { status: 400, code: 'bad_request', message, remedy };
}

/** The operator may know what the sender may not: which arm it was. */
function ingressProblem(failure: IngressFailure): ApiProblem {
  switch (failure.reason) {
    case 'unreachable':
      return {
        status: 503,
        code: 'restate_unreachable',
        message: 'Restate cannot be reached.',
        remedy: 'Check that the Restate server runs and that RESTATE_INGRESS_URL is its address.',
      };
    case 'timeout':
      return {
        status: 503,
        code: 'restate_timeout',
        message: `Restate gave no answer within ${failure.afterMs} ms.`,
        remedy: 'Try again; look at /readyz and at the log of the Restate server.',
      };
    case 'overloaded':
      return {
        status: 503,
        code: 'restate_overloaded',
        message: `Restate is overloaded or not ready (status ${failure.status}).`,
        remedy: 'Try again in a few seconds.',
      };
    case 'refused':
      return {
        status: 502,
        code: 'restate_refused',
        message: `Restate refused the request (status ${failure.status}): ${failure.detail}`,
        remedy: 'Check that the objects are registered at this Restate server.',
      };
    case 'handler':
      return {
        status: 502,
        code: 'handler_failed',
        message: `The object could not answer (status ${failure.status}): ${failure.detail}`,
        remedy: 'See the log of the objects; "hookline issues" lists what is set aside.',
      };
  }
}

/** Counted, logged and told to the operator. */
export function ingressFailed(deps: EdgeDeps, operation: string, failure: IngressFailure) {
  deps.metrics.ingressFailed(operation, failure.reason);
  deps.log.warn('ingress_failed', { operation, reason: failure.reason });
  return apiError(ingressProblem(failure));
}

/** For an archive that throws: its message stays in the log. */
export const ARCHIVE_DOWN: ApiProblem = {
  status: 503,
  code: 'archive_unavailable',
  message: 'The archive cannot be read.',
  remedy: 'Look at /readyz and at the log line "archive_failed".',
};
