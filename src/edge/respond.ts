/**
 * The one table from what happened to an HTTP answer. The sender sees a class; the arm of the
 * failure goes to the log and the archive. Never 410 (senders take it as "unsubscribe"), never a
 * 4xx for a fault of ours (some senders then stop retrying or disable the endpoint).
 */
export type Refusal =
  | { readonly kind: 'unknown_source' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'method_not_allowed'; readonly allow: string }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'unsupported_encoding'; readonly accepted: readonly string[] }
  | { readonly kind: 'not_verified' }
  /** A handshake that asks to echo something unfit. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds?: number };

export interface EventReceipt {
  readonly key: string;
  readonly duplicate: boolean;
}

const STATUS: Readonly<Record<Refusal['kind'], number>> = {
  malformed: 400,
  not_verified: 401,
  unknown_source: 404,
  not_found: 404,
  method_not_allowed: 405,
  too_large: 413,
  unsupported_encoding: 415,
  unavailable: 503,
};

/** What senders see instead of the kind where the kind would say too much. */
const CODE: Readonly<Record<Refusal['kind'], string>> = {
  malformed: 'malformed',
  not_verified: 'not_verified',
  unknown_source: 'not_found',
  not_found: 'not_found',
  method_not_allowed: 'method_not_allowed',
  too_large: 'too_large',
  unsupported_encoding: 'unsupported_encoding',
  unavailable: 'unavailable',
};

const RETRY_AFTER_SECONDS = 5;

/** Every refusal has the same shape: `{error: {code}}`. */
export function refuse(refusal: Refusal): Response {
  const headers: Record<string, string> = {};
  if (refusal.kind === 'method_not_allowed') headers['allow'] = refusal.allow;
  if (refusal.kind === 'unavailable')
    headers['retry-after'] = String(refusal.retryAfterSeconds ?? RETRY_AFTER_SECONDS);
  if (refusal.kind === 'unsupported_encoding')
    headers['accept-encoding'] = refusal.accepted.join(', ') || 'identity';
  return jsonResponse(STATUS[refusal.kind], { error: { code: CODE[refusal.kind] } }, headers);
}

/** `successStatus`: the one the provider documents; some take only 200, some only 204. */
export function acknowledge(successStatus: number, events: readonly EventReceipt[]): Response {
  // These statuses must not carry a body.
  if (successStatus === 204 || successStatus === 205)
    return new Response(null, { status: successStatus });
  return jsonResponse(successStatus, {
    received: true,
    duplicate: events.length > 0 && events.every((event) => event.duplicate),
    events,
  });
}

/** An answer that no cache keeps; `headers` come last and win. */
export function jsonResponse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  });
}
