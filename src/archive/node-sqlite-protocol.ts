/** What the event loop and the thread that owns the SQLite file say to each other. */
import type { ErrorEvidence } from './errors.ts';
import type { Row, SqlQuery } from './sql-executor.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text with LF line ends, lower-case hex. */
  readonly checksum: string;
}

export interface ThreadOptions {
  readonly path: string;
  /** `write` migrates and commits with fsync; `read` sees committed snapshots and cannot write. */
  readonly role: 'write' | 'read';
  readonly busyTimeoutMs: number;
  /** Applied before the first statement; empty for a reader. */
  readonly migrations: readonly Migration[];
}

/** Groups share one commit; each succeeds or fails alone. Null: finish and exit. */
export type ThreadRequest = { readonly groups: readonly (readonly SqlQuery[])[] } | null;

export type GroupAnswer =
  | { readonly ok: true; readonly rows: readonly (readonly Row[])[] }
  | { readonly ok: false; readonly error: ErrorEvidence };

export type ThreadReply =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly error: ErrorEvidence }
  | { readonly kind: 'done'; readonly answers: readonly GroupAnswer[] };
