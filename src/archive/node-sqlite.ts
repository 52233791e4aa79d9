/**
 * node:sqlite behind a thread, with group commit: whatever arrived while the last commit ran goes
 * into the next one, so that a thousand waiting puts cost one fsync and a single one waits for none.
 */
import { hash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Archive, CommitListener } from './contract.ts';
import { GroupCommit } from './group-commit.ts';
import { nodeCompression } from './node-compression.ts';
import { readMigrations } from './node-migrations.ts';
import type { Migration, ThreadOptions } from './node-sqlite-protocol.ts';
import type { SqlExecutor } from './sql-executor.ts';
import { createArchive } from './store.ts';

export interface NodeSqliteOptions {
  readonly onCommit?: CommitListener;
  /** How long a commit waits for another process's lock; default 2000. */
  readonly busyTimeoutMs?: number;
  /** Default 10,000. More waiting puts than this reject with `overloaded`. */
  readonly queuedMax?: number;
  /** Default 256 MiB. */
  readonly queuedBytesMax?: number;
  /** Default: the files in `migrations/`. */
  readonly migrations?: readonly Migration[];
  /** Default: a worker thread. Given by the test that kills it. */
  readonly startThread?: (options: ThreadOptions) => Worker;
}

/**
 * Opens (creating and migrating it) the file at `path`; its folder must exist. Rejects with
 * `newer_schema`, `changed_migration`, `locked`, `io`, `corrupt` when the file cannot be used.
 */
export async function openNodeArchive(
  path: string,
  options: NodeSqliteOptions = {},
): Promise<Archive> {
  return createArchive({
    executor: await nodeSqlite(path, options),
    compression: nodeCompression,
    sha256Hex: (bytes) => hash('sha256', bytes, 'hex'),
    // Not awaited by anybody, so it must not keep a finished process alive.
    later: (run, delayMs) => void setTimeout(run, delayMs).unref(),
  });
}

/**
 * The executor on the file at `path`: one thread writes in groups, another reads. Rejects with a
 * `RangeError` when `path` names no file (`:memory:`), else as `openNodeArchive` does.
 */
export async function nodeSqlite(
  path: string,
  options: NodeSqliteOptions = {},
): Promise<SqlExecutor> {
  // Two connections share a file; in memory each would have a database of its own.
  if (path === '' || path.startsWith(':')) throw new RangeError('nodeSqlite needs a file path');
  const startThread = options.startThread ?? startSqliteThread;
  const limits = {
    queuedMax: options.queuedMax ?? 10_000,
    queuedBytesMax: options.queuedBytesMax ?? 256 * 1024 * 1024,
  };
  const thread = { path, busyTimeoutMs: options.busyTimeoutMs ?? 2_000 };
  const migrations = options.migrations ?? readMigrations();
  const writer = new GroupCommit({
    ...limits,
    start: () => startThread({ ...thread, role: 'write', migrations }),
    onCommit: options.onCommit,
  });
  // A second connection, so that listing a large archive does not hold up an acknowledgement.
  const reader = new GroupCommit({
    ...limits,
    start: () => startThread({ ...thread, role: 'read', migrations: [] }),
    onCommit: undefined,
  });
  try {
    await writer.open();
  } catch (error) {
    // The thread holds the file until it has ended; who asks again must not find it locked.
    await writer.close();
    throw error;
  }
  return {
    blobForm: 'bytes',
    batch: (queries) => writer.run(queries),
    read: (queries) => reader.run(queries),
    close: async () => {
      await reader.close();
      await writer.close();
    },
  };
}

function startSqliteThread(options: ThreadOptions): Worker {
  return new Worker(new URL('./node-sqlite-thread.ts', import.meta.url), {
    name: `archive-${options.role}`,
    workerData: options,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}
