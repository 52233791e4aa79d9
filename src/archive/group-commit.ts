/** The event loop's side of the SQLite thread: queue, batches, restart after a crash. */
import type { Worker } from 'node:worker_threads';
import type { CommitListener } from './contract.ts';
import { ArchiveError, archiveError } from './errors.ts';
import type { GroupAnswer, ThreadReply, ThreadRequest } from './node-sqlite-protocol.ts';
import type { Row, SqlQuery, SqlValue } from './sql-executor.ts';

export interface GroupCommitOptions {
  readonly start: () => Worker;
  readonly queuedMax: number;
  readonly queuedBytesMax: number;
  readonly onCommit: CommitListener | undefined;
}

interface Group {
  readonly queries: readonly SqlQuery[];
  readonly bytes: number;
  readonly resolve: (rows: readonly (readonly Row[])[]) => void;
  readonly reject: (error: ArchiveError) => void;
}

/** Of one commit: beyond these the first group waits noticeably for the last one. */
const BATCH_GROUPS_MAX = 1_000;
const BATCH_BYTES_MAX = 32 * 1024 * 1024;
const RESTART_DELAY_MS_MAX = 5_000;

type Thread =
  | { readonly state: 'down' }
  | { readonly state: 'starting'; readonly worker: Worker; readonly opened: Promise<void> }
  | { readonly state: 'up'; readonly worker: Worker };

/**
 * One connection's queue and thread. Rejects with `ArchiveError` alone: `overloaded` when more
 * would wait than the options allow, `closed` after `close`, `unavailable` when the thread dies;
 * what was in flight then may have been written or not.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #thread: Thread = { state: 'down' };
  #queue: Group[] = [];
  #queuedBytes = 0;
  #inFlight: { readonly groups: readonly Group[]; readonly startMs: number } | null = null;
  #pumpIsDue = false;
  #failures = 0;
  #restartAtMs = 0;
  #closing = false;
  #whenIdle: (() => void) | null = null;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Starts the thread and resolves when it has opened the file; `run` does it where nobody did. */
  open(): Promise<void> {
    if (this.#thread.state === 'starting') return this.#thread.opened;
    if (this.#thread.state === 'up') return Promise.resolve();
    const worker = this.#options.start();
    const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
    // Whoever queued a group hears of a failure through the group.
    opened.catch(() => undefined);
    this.#thread = { state: 'starting', worker, opened };
    const isCurrent = (): boolean =>
      this.#thread.state !== 'down' && this.#thread.worker === worker;
    const died = (error: ArchiveError): void => {
      if (!isCurrent()) return;
      reject(error);
      this.#fail(error);
    };
    worker.on('message', (reply: ThreadReply) => {
      if (!isCurrent()) return;
      if (reply.kind === 'refused') return died(archiveError(reply.error));
      if (reply.kind === 'done') return this.#settle(reply.answers);
      this.#thread = { state: 'up', worker };
      resolve();
      this.#pump();
    });
    worker.on('error', (error) => died(threadFailure(`failed: ${error.message}`)));
    worker.on('exit', (code) => died(threadFailure(`ended with code ${code}`)));
    return opened;
  }

  /** Resolves with the rows of each query once the commit they are part of is on the disk. */
  async run(queries: readonly SqlQuery[]): Promise<readonly (readonly Row[])[]> {
    const bytes = sizeOf(queries);
    this.#refuseWhenUnable(bytes);
    if (this.#thread.state === 'down') this.open().catch(() => undefined);
    const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Row[])[]>();
    this.#queue.push({ queries: queries.map(tight), bytes, resolve, reject });
    this.#queuedBytes += bytes;
    if (!this.#pumpIsDue && this.#inFlight === null) {
      // After the requests that were read from the sockets in this turn: they share the commit.
      this.#pumpIsDue = true;
      setImmediate(() => this.#pump());
    }
    return promise;
  }

  /** Lets what is queued finish, then ends the thread. */
  async close(): Promise<void> {
    this.#closing = true;
    const thread = this.#thread;
    if (thread.state === 'down') return;
    if (this.#inFlight !== null || this.#queue.length > 0 || thread.state === 'starting') {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    // From here on its exit is no failure.
    this.#thread = { state: 'down' };
    const exited = new Promise<void>((resolve) => thread.worker.once('exit', () => resolve()));
    if (thread.worker.threadId === -1) return;
    thread.worker.ref();
    thread.worker.postMessage(null satisfies ThreadRequest);
    await exited;
  }

  #refuseWhenUnable(bytes: number): void {
    if (this.#closing) throw new ArchiveError('closed', 'the archive is closed');
    const { queuedMax, queuedBytesMax } = this.#options;
    if (this.#queue.length >= queuedMax || this.#queuedBytes + bytes > queuedBytesMax) {
      throw new ArchiveError(
        'overloaded',
        `${this.#queue.length} writes of ${this.#queuedBytes} bytes wait for the archive; it takes no more`,
      );
    }
    const waitMs = Math.ceil(this.#restartAtMs - performance.now());
    if (this.#thread.state === 'down' && waitMs > 0) {
      throw new ArchiveError('unavailable', `the archive restarts in ${waitMs} ms`);
    }
  }

  #pump(): void {
    this.#pumpIsDue = false;
    const thread = this.#thread;
    if (this.#inFlight !== null || thread.state !== 'up') return;
    if (this.#queue.length === 0) {
      // Idle, so a process that has nothing else to do may end.
      thread.worker.unref();
      this.#whenIdle?.();
      return;
    }
    const groups = this.#takeBatch();
    this.#inFlight = { groups, startMs: performance.now() };
    thread.worker.ref();
    thread.worker.postMessage({
      groups: groups.map((group) => group.queries),
    } satisfies ThreadRequest);
  }

  #takeBatch(): readonly Group[] {
    let bytes = 0;
    let count = 0;
    for (const group of this.#queue) {
      bytes += group.bytes;
      if (count > 0 && (count >= BATCH_GROUPS_MAX || bytes > BATCH_BYTES_MAX)) break;
      count += 1;
    }
    const groups = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    for (const group of groups) this.#queuedBytes -= group.bytes;
    return groups;
  }

  #settle(answers: readonly GroupAnswer[]): void {
    const done = this.#inFlight;
    if (done === null) return;
    this.#inFlight = null;
    // The thread gets its next batch before the callers of this one run.
    this.#pump();
    let committed = 0;
    done.groups.forEach((group, index) => {
      const answer = answers[index];
      if (answer?.ok === true) {
        committed += 1;
        group.resolve(answer.rows);
      } else {
        group.reject(
          answer === undefined ? threadFailure('gave no answer') : archiveError(answer.error),
        );
      }
    });
    if (committed === 0) return;
    this.#failures = 0;
    this.#options.onCommit?.(committed, performance.now() - done.startMs);
  }

  /** The outcome of what was in flight is not known: its callers are told that it failed. */
  #fail(error: ArchiveError): void {
    const lost = [...(this.#inFlight?.groups ?? []), ...this.#queue];
    this.#inFlight = null;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#thread = { state: 'down' };
    // The first restart is immediate; a thread that cannot stay up must not be started in a loop.
    const delayMs =
      this.#failures === 0 ? 0 : Math.min(50 * 2 ** this.#failures, RESTART_DELAY_MS_MAX);
    this.#restartAtMs = performance.now() + delayMs;
    this.#failures += 1;
    for (const group of lost) group.reject(error);
    this.#whenIdle?.();
  }
}

function threadFailure(what: string): ArchiveError {
  return new ArchiveError('unavailable', `the archive’s thread ${what}`);
}

function sizeOf(queries: readonly SqlQuery[]): number {
  let bytes = 0;
  for (const { parameters } of queries) {
    for (const value of parameters) {
      if (typeof value === 'string') bytes += value.length;
      else if (value instanceof Uint8Array) bytes += value.byteLength;
    }
  }
  return bytes;
}

/** A view into a larger buffer crosses to a thread with all of that buffer: cut it out first. */
function tight(query: SqlQuery): SqlQuery {
  if (!query.parameters.some(isLoose)) return query;
  return {
    sql: query.sql,
    parameters: query.parameters.map((value) => (isLoose(value) ? new Uint8Array(value) : value)),
  };
}

function isLoose(value: SqlValue): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength;
}
