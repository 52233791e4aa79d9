/** The operator's bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { jsonResponse } from './respond.ts';

export interface OperatorAuthOptions {
  readonly token: string;
  readonly wallNow: () => number;
  /** Who is asking, for counting failures; null where the runtime cannot say. */
  readonly clientOf: (request: Request, env: unknown) => string | null;
  readonly onRefused: () => void;
}

const FAILURES_MAX = 10;
const WINDOW_MS = 60_000;
/** Addresses remembered at once; the oldest is forgotten first. */
const CLIENTS_MAX = 1024;

/**
 * Lets a request pass that carries the token, compared in constant time. Too many failures of one
 * client turn its 401 into 429. A right token always passes, even then: the token is too long to
 * be guessed, and a lock-out would hand strangers a switch that turns the operator off.
 */
export function operatorAuth(options: OperatorAuthOptions): MiddlewareHandler {
  if (options.token === '') throw new Error('The operator token is empty.');
  const expected = digestOf(options.token);
  const failures = failureCounter(options.wallNow);
  return async (c, next) => {
    const presented = bearerOf(c.req.header('authorization'));
    if (presented !== null && timingSafeEqual(digestOf(presented), expected)) return next();
    options.onRefused();
    const client = options.clientOf(c.req.raw, c.env);
    if (client !== null && failures.add(client) > FAILURES_MAX)
      return jsonResponse(429, TOO_MANY, { 'retry-after': String(WINDOW_MS / 1000) });
    return jsonResponse(401, NOT_AUTHORIZED, { 'www-authenticate': 'Bearer realm="hookline"' });
  };
}

const NOT_AUTHORIZED = {
  error: {
    code: 'not_authorized',
    message: 'This address needs the operator token.',
    remedy: 'Send the header "Authorization: Bearer $HOOKLINE_TOKEN".',
  },
};
const TOO_MANY = {
  error: {
    code: 'too_many_failures',
    message: 'Too many wrong operator tokens from this address.',
    remedy: 'Wait a minute; a request with the right token passes at once.',
  },
};

/** Digests have one length, so the comparison says nothing about the token's length. */
function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

function bearerOf(header: string | undefined): string | null {
  return /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(header ?? '')?.[1] ?? null;
}

function failureCounter(wallNow: () => number): { add(client: string): number } {
  const seen = new Map<string, { since: number; count: number }>();
  return {
    add: (client) => {
      const now = wallNow();
      const known = seen.get(client);
      if (known !== undefined && now - known.since < WINDOW_MS) {
        known.count += 1;
        return known.count;
      }
      seen.delete(client);
      const oldest = seen.keys().next().value;
      if (seen.size >= CLIENTS_MAX && oldest !== undefined) seen.delete(oldest);
      seen.set(client, { since: now, count: 1 });
      return 1;
    },
  };
}
