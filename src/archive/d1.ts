/**
 * D1, Cloudflare's SQLite. One put is one `batch()`, which D1 runs as a transaction. Puts of
 * different requests are not grouped: a Worker may not await another request's promise.
 */

import { toHex } from './body-form.ts';
import { webCompression } from './compression.ts';
import type { Archive } from './contract.ts';
import { ArchiveError, type ArchiveErrorReason } from './errors.ts';
import { REMEDY } from './migrated.ts';
import type { RejectionLimits } from './rejection-log.ts';
import type { Row, SqlExecutor, SqlQuery } from './sql-executor.ts';
import { createArchive } from './store.ts';

/** What is used of `D1PreparedStatement`. */
export interface D1Statement {
  bind(...values: unknown[]): D1Statement;
}

/** What is used of `D1Result`. */
export interface D1Answer {
  readonly results?: readonly unknown[];
}

/** What is used of `D1Database`; the binding in a Worker's `env` fits. */
export interface D1Binding {
  prepare(query: string): D1Statement;
  batch(statements: D1Statement[]): Promise<readonly D1Answer[]>;
}

export interface D1ArchiveOptions {
  readonly onCommit?: (batchSize: number, tookMs: number) => void;
  /** Milliseconds from any start; for `onCommit`. */
  readonly nowMs?: () => number;
  readonly rejectionLimits?: RejectionLimits;
}

/** Does not touch the database: `ready()` and the first put say so if it was never migrated. */
export function d1Archive(binding: D1Binding, options: D1ArchiveOptions = {}): Archive {
  return createArchive({
    executor: d1(binding, options),
    compression: webCompression,
    ...(options.rejectionLimits && { rejectionLimits: options.rejectionLimits }),
    sha256Hex: async (bytes) =>
      toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))),
  });
}

/**
 * The executor on a D1 database; one call is one `batch()`. Rejects with `ArchiveError` alone, its
 * reason read from D1's text. `close` does nothing: the binding belongs to the runtime.
 */
export function d1(binding: D1Binding, options: D1ArchiveOptions = {}): SqlExecutor {
  const nowMs = options.nowMs ?? (() => 0);
  const run = async (queries: readonly SqlQuery[]): Promise<readonly (readonly Row[])[]> => {
    try {
      const answers = await binding.batch(
        queries.map((query) => binding.prepare(query.sql).bind(...query.parameters)),
      );
      // D1 answers with plain objects of JSON values; the columns asked for are never blobs.
      return answers.map((answer) => (answer.results ?? []) as readonly Row[]);
    } catch (error) {
      throw d1Error(error);
    }
  };
  return {
    blobForm: 'hex',
    batch: async (queries) => {
      const startMs = nowMs();
      const answers = await run(queries);
      options.onCommit?.(1, nowMs() - startMs);
      return answers;
    },
    read: run,
    close: async () => {},
  };
}

/** D1 tells its errors apart by text only, https://developers.cloudflare.com/d1/observability/debug-d1/. */
const D1_ERRORS: readonly (readonly [RegExp, ArchiveErrorReason])[] = [
  [/no such table/i, 'not_migrated'],
  [/SQLITE_FULL|exceeded maximum DB size|database or disk is full/i, 'full'],
  [/SQLITE_BUSY|SQLITE_LOCKED|database is locked/i, 'locked'],
  [/SQLITE_CORRUPT|SQLITE_NOTADB/i, 'corrupt'],
  [/overloaded|too many requests/i, 'overloaded'],
  [/SQLITE_/, 'statement'],
];

function d1Error(error: unknown): ArchiveError {
  const message = error instanceof Error ? error.message : String(error);
  // Whatever has no result code of SQLite is the way there: network, reset, timeout.
  const reason = D1_ERRORS.find(([pattern]) => pattern.test(message))?.[1] ?? 'unavailable';
  const remedy = reason === 'not_migrated' ? ` ${REMEDY}` : '';
  return new ArchiveError(reason, `D1: ${message}.${remedy}`, { cause: error });
}
