/**
 * Records refusals in the archive, off the hot path: a stranger who sends garbage must neither wait
 * for our disk nor fill our memory with pending writes.
 */
import type { Context } from 'hono';
import type { EdgeDeps } from './deps.ts';
import { errorText } from './log.ts';
import type { RejectionReason } from './metrics.ts';
import { within } from './within.ts';

export interface Rejection {
  readonly source: string;
  readonly reason: RejectionReason;
  /** For operators: names and numbers, never a value from the delivery. */
  readonly detail: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: refused before the body was read. */
  readonly body: Uint8Array | null;
}

export type RecordRejection = (c: Context, rejection: Rejection) => Promise<void>;

const PENDING_MAX = 64;
const LIMIT_MS = 5000;

/** The returned promise never rejects; the caller does not wait for it before it answers. */
export function createRejectionRecorder(deps: EdgeDeps): RecordRejection {
  let pending = 0;
  return (c, rejection) => {
    deps.metrics.rejected(rejection.source, rejection.reason);
    deps.log.warn('rejected', {
      source: rejection.source,
      reason: rejection.reason,
      detail: rejection.detail,
      bytes: rejection.body?.length ?? 0,
    });
    if (pending >= PENDING_MAX) {
      deps.metrics.rejectionLost();
      return Promise.resolve();
    }
    pending += 1;
    const work = write(deps, rejection).finally(() => {
      pending -= 1;
    });
    keepAlive(c, work);
    return work;
  };
}

async function write(deps: EdgeDeps, rejection: Rejection): Promise<void> {
  const { body } = rejection;
  const record = async (): Promise<void> => {
    const digest = body === null ? null : await deps.crypto.digest('SHA-256', [body]);
    await deps.archive.reject({
      source: rejection.source,
      at: deps.wallNow(),
      reason: rejection.reason,
      detail: rejection.detail,
      headers: rejection.headers,
      bodyBytes: body?.length ?? 0,
      bodySha256: digest === null ? null : hex(digest),
    });
  };
  const outcome = await within(record(), LIMIT_MS);
  if (outcome.kind === 'done') return;
  deps.metrics.rejectionLost();
  const error = outcome.kind === 'failed' ? errorText(outcome.error) : 'timeout';
  deps.log.error('archive_failed', { operation: 'reject', source: rejection.source, error });
}

/** Workers end what is not awaited when the answer is out, unless they are told to wait. */
function keepAlive(c: Context, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Node has no such context and goes on by itself.
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
