/** Why an archive call rejected. Callers park, retry or refuse; they need the class, people the sentence. */
export type ArchiveErrorReason =
  /** More is waiting than the queue may hold. */
  | 'overloaded'
  /** The disk or the database's size limit is used up. */
  | 'full'
  /** Another process held the write lock for longer than the busy timeout. */
  | 'locked'
  /** What was read is not what was written. */
  | 'corrupt'
  /** Read or write of the file failed in the operating system. */
  | 'io'
  /** The thread or the service that owns the database is gone, or restarting. */
  | 'unavailable'
  | 'closed'
  | 'not_migrated'
  /** The database was written by a newer version of this program. */
  | 'newer_schema'
  /** A migration that was applied has changed since. */
  | 'changed_migration'
  /** The database refused this statement; others are not affected. */
  | 'statement';

/** Every rejection of the archive. `cause` holds the driver's own error where there is one. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly reason: ArchiveErrorReason;

  constructor(reason: ArchiveErrorReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html. */
const PRIMARY_CODES: Readonly<Record<number, readonly [ArchiveErrorReason, string]>> = {
  5: ['locked', 'another process holds the archive’s write lock'],
  6: ['locked', 'another connection holds a lock on the archive'],
  8: ['io', 'the archive’s file cannot be written (read-only)'],
  10: ['io', 'the disk failed under the archive'],
  11: ['corrupt', 'the archive’s file is damaged'],
  13: ['full', 'the disk under the archive is full'],
  14: ['io', 'the archive’s file cannot be opened'],
  26: ['corrupt', 'the archive’s file is not a SQLite database'],
};

/** What crosses a thread boundary instead of an Error, which loses its own fields there. */
export interface ErrorEvidence {
  readonly reason: ArchiveErrorReason;
  readonly message: string;
}

/** Classifies an error of node:sqlite by its result code (`errcode`); anything else is `statement`. */
export function sqliteEvidence(error: unknown): ErrorEvidence {
  if (error instanceof ArchiveError) return { reason: error.reason, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const code: unknown =
    error !== null && typeof error === 'object' && 'errcode' in error ? error.errcode : null;
  // Extended codes carry the primary code in their low byte.
  const known = typeof code === 'number' ? PRIMARY_CODES[code & 0xff] : undefined;
  if (known === undefined) return { reason: 'statement', message };
  return { reason: known[0], message: `${known[1]} (SQLite ${code}: ${message})` };
}

/** The error on this side of the thread. The driver's own stayed there, so it has no `cause`. */
export function archiveError(evidence: ErrorEvidence): ArchiveError {
  return new ArchiveError(evidence.reason, evidence.message);
}
