/**
 * Reads a request body under a cap, counted on the bytes themselves while they arrive. A declared
 * length may only refuse early: trusting it is how framework limits were bypassed
 * (CVE-2026-44456, CVE-2026-54288).
 */
import { fail, ok, type Result } from '../core/result.ts';
import type { BodyReservation } from './body-budget.ts';

export type BodyFailure =
  | { readonly reason: 'too_large'; readonly bytesMax: number; readonly bytesSeen: number }
  | { readonly reason: 'too_slow'; readonly afterMs: number; readonly bytesSeen: number }
  | { readonly reason: 'overloaded'; readonly bytesSeen: number }
  | { readonly reason: 'aborted'; readonly bytesSeen: number };

export interface ReadBodyOptions {
  readonly stream: ReadableStream<Uint8Array> | null;
  readonly declaredLength: string | null;
  readonly bytesMax: number;
  /** For the whole body: a sender that drips a byte a second is cut off. */
  readonly readMs: number;
  readonly reservation: BodyReservation;
}

/**
 * The bytes as sent. The rest of a refused body is not cancelled, which would close the connection
 * before the sender can read why, but read and dropped: Node's server cuts a connection half a
 * second after an answer that left a body unread, and with it the delivery that came next.
 */
export async function readBody(options: ReadBodyOptions): Promise<Result<Uint8Array, BodyFailure>> {
  const { bytesMax } = options;
  if (declaredTooLarge(options.declaredLength, bytesMax))
    return fail({ reason: 'too_large', bytesMax, bytesSeen: 0 });
  if (options.stream === null) return ok(new Uint8Array(0));
  const reader = options.stream.getReader();
  const deadline = expiry(options.readMs);
  let body: Uint8Array = new Uint8Array(0);
  let length = 0;
  try {
    for (;;) {
      const step = await Promise.race([reader.read(), deadline.promise]);
      if (step === 'expired')
        return fail({ reason: 'too_slow', afterMs: options.readMs, bytesSeen: length });
      if (step.done) return ok(body.length === length ? body : body.slice(0, length));
      const chunk = step.value;
      if (length + chunk.length > bytesMax)
        return fail({ reason: 'too_large', bytesMax, bytesSeen: length + chunk.length });
      if (!options.reservation.grow(chunk.length))
        return fail({ reason: 'overloaded', bytesSeen: length });
      body = appended(body, length, chunk, bytesMax);
      length += chunk.length;
    }
  } catch {
    return fail({ reason: 'aborted', bytesSeen: length });
  } finally {
    deadline.clear();
    void drop(reader);
  }
}

function declaredTooLarge(declared: string | null, bytesMax: number): boolean {
  return declared !== null && /^\d{1,15}$/.test(declared) && Number(declared) > bytesMax;
}

/**
 * One growing buffer instead of a list of chunks: a body sent one byte a chunk must not cost a
 * hundred times its size. Most bodies are one chunk, which is kept as it is.
 */
function appended(
  body: Uint8Array,
  length: number,
  chunk: Uint8Array,
  bytesMax: number,
): Uint8Array {
  if (length === 0) return chunk;
  const needed = length + chunk.length;
  let target = body;
  if (needed > body.length) {
    target = new Uint8Array(Math.min(bytesMax, Math.max(needed, body.length * 2)));
    target.set(body.subarray(0, length));
  }
  target.set(chunk, length);
  return target;
}

function expiry(ms: number): { readonly promise: Promise<'expired'>; clear(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const promise = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), ms);
  });
  return { promise, clear: () => clearTimeout(timer) };
}

/** Ends with the body or with its connection; both servers bound how long that may take. */
async function drop(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // A stream that fails belongs to a request that is over.
  }
}
