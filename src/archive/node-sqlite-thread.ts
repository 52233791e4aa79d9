/**
 * The thread that owns one connection to the SQLite file, so that fsync stops this thread and not
 * the event loop. Runs whatever arrived while the last commit ran as one transaction.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorEvidence, sqliteEvidence } from './errors.ts';
import { applyMigrations } from './node-migrations.ts';
import type {
  GroupAnswer,
  ThreadOptions,
  ThreadReply,
  ThreadRequest,
} from './node-sqlite-protocol.ts';
import type { Row, SqlQuery, SqlValue } from './sql-executor.ts';

/** Migrating may take long, and the others only have to wait for it once. */
const OPEN_TIMEOUT_MS = 60_000;
/** List queries are compiled per call, so their texts are many; the hot ones are a dozen. */
const STATEMENTS_MAX = 200;

const { role, path, busyTimeoutMs, migrations } = workerData as ThreadOptions;
const port = parentPort;
if (port === null) throw new Error('node-sqlite-thread.ts runs as a worker thread only');
const statements = new Map<string, StatementSync>();

const database = tryOpen();
if (database !== null) {
  reply({ kind: 'open' });
  port.on('message', (request: ThreadRequest) => {
    if (request !== null) return reply({ kind: 'done', answers: commit(database, request.groups) });
    statements.clear();
    database.close();
    port.close();
  });
}

function reply(message: ThreadReply): void {
  port?.postMessage(message);
}

function tryOpen(): DatabaseSync | null {
  try {
    return open();
  } catch (error) {
    reply({ kind: 'refused', error: sqliteEvidence(error) });
    return null;
  }
}

function open(): DatabaseSync {
  // Bodies hold names and addresses of customers: nobody else on the machine reads the file.
  if (role === 'write') closeSync(openSync(path, 'a', 0o600));
  const opened = new DatabaseSync(path, {
    readOnly: role === 'read',
    timeout: OPEN_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
  });
  try {
    if (role === 'write') prepareForWrites(opened);
    opened.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
    return opened;
  } catch (error) {
    // At once: whoever hears of the failure may open the file next, and must not find it locked.
    opened.close();
    throw error;
  }
}

function prepareForWrites(opened: DatabaseSync): void {
  setWriteAheadLog(opened);
  // FULL: every commit is followed by an fsync of the log; NORMAL would lose acknowledged events
  // on a power cut.
  opened.exec('PRAGMA synchronous = FULL');
  applyMigrations(opened, migrations, Date.now());
}

/** The switch to WAL answers "busy" at once when another process is switching, whatever the timeout. */
function setWriteAheadLog(opened: DatabaseSync): void {
  const deadlineMs = performance.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      opened.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteEvidence(error).reason !== 'locked' || performance.now() > deadlineMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** One transaction for all groups; a group that fails is undone alone and the others commit. */
function commit(
  db: DatabaseSync,
  groups: readonly (readonly SqlQuery[])[],
): readonly GroupAnswer[] {
  try {
    db.exec(role === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN');
    const answers = groups.map((group) => runGroup(db, group));
    db.exec('COMMIT');
    return answers;
  } catch (error) {
    const evidence = sqliteEvidence(error);
    rollBack(db);
    return groups.map(() => ({ ok: false, error: evidence }));
  }
}

function runGroup(db: DatabaseSync, group: readonly SqlQuery[]): GroupAnswer {
  db.exec('SAVEPOINT one');
  try {
    const rows = group.map((query) => runQuery(db, query));
    db.exec('RELEASE one');
    return { ok: true, rows };
  } catch (error) {
    // A full or failing disk ends the whole transaction by itself: then nothing of it is kept.
    if (!db.isTransaction) throw error;
    const evidence: ErrorEvidence = sqliteEvidence(error);
    db.exec('ROLLBACK TO one; RELEASE one');
    return { ok: false, error: evidence };
  }
}

function runQuery(db: DatabaseSync, { sql, parameters }: SqlQuery): readonly Row[] {
  let statement = statements.get(sql);
  if (statement === undefined) {
    if (statements.size >= STATEMENTS_MAX) statements.clear();
    statement = db.prepare(sql);
    statements.set(sql, statement);
  }
  // Columns are text, integers below 2^53 and blobs: node:sqlite gives exactly SqlValue for them.
  return statement.all(...parameters) as Record<string, SqlValue>[];
}

function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // The error that led here is the one to report.
  }
}
