/** The archive's file when things go wrong: killed, shared, locked, full, overrun. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { eventRecord, paymentJson, seededRandom, sha256Hex } from '../support/archive.ts';
import { SEED } from '../support/property.ts';
import { type Lack, leftOut } from '../support/skipped.ts';
import { judgeAcks, traceNode, tracingLack } from '../support/strace.ts';

const script = fileURLToPath(new URL('../support/archive-process.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hookline-archive-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, `${name}.db`);

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited, lines: createInterface({ input: child.stdout }) };
}

async function linesOf(...args: readonly string[]): Promise<readonly string[]> {
  const { exited, lines } = start(...args);
  const printed: string[] = [];
  for await (const line of lines) printed.push(line);
  expect(await exited).toBe(0);
  return printed;
}

/** Runs a burst, kills it without warning after `ackedMin` acknowledgements, returns what it acknowledged. */
async function killMidBurst(
  path: string,
  seed: number,
  ackedMin: number,
): Promise<readonly string[]> {
  const { child, exited, lines } = start('burst', path, String(seed));
  const acked: string[] = [];
  for await (const line of lines) {
    acked.push(line);
    if (acked.length === ackedMin) child.kill('SIGKILL');
  }
  await exited;
  expect(child.signalCode).toBe('SIGKILL');
  return acked;
}

describe('a killed process', () => {
  test('loses no put that had resolved', async () => {
    process.stdout.write(`kill -9 mid-burst: SEED=${SEED}\n`);
    const random = seededRandom(SEED);
    const path = file('killed');
    const acked: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const ackedMin = 60 + Math.floor(random() * 250);
      acked.push(...(await killMidBurst(path, SEED + round, ackedMin)));
    }
    expect(acked.length).toBeGreaterThan(180);
    const archive = await openNodeArchive(path);
    for (const key of acked) {
      const index = Number(key.split('-')[1]);
      const answer = await archive.body('burst', key);
      const expected = paymentJson(index % 50 === 0 ? 1_200_000 : 3_500, index);
      expect(answer.kind === 'bytes' && sha256Hex(answer.bytes), key).toBe(sha256Hex(expected));
    }
    await archive.close();
  }, 120_000);

  test('leaves no event whose body is not whole', async () => {
    const path = file('killed');
    const database = new DatabaseSync(path, { readOnly: true });
    const broken = database
      .prepare(
        `SELECT key FROM events WHERE body_bytes > 0 AND NOT EXISTS
           (SELECT 1 FROM bodies WHERE bodies.source = events.source AND bodies.key = events.key)`,
      )
      .all();
    expect(broken).toEqual([]);
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  });
});

describe('two processes on one file', () => {
  test('count every delivery and call one of each pair the first', async () => {
    const path = file('shared');
    const printed = await Promise.all([linesOf('share', path), linesOf('share', path)]);
    expect(Number(printed[0]?.[0]) + Number(printed[1]?.[0])).toBe(300);
    const archive = await openNodeArchive(path);
    const stored = await archive.list({ source: 'shared', limit: 1_000 });
    expect(stored.map((event) => event.deliveries)).toEqual(Array(300).fill(2));
    await archive.close();
  }, 60_000);

  test('that start at once on a new file migrate it once', async () => {
    const path = file('raced');
    const printed = await Promise.all([1, 2, 3, 4].map(() => linesOf('open', path)));
    expect(printed).toEqual(Array(4).fill(['opened']));
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT version FROM schema_migrations').all()).toEqual([
      { version: 1 },
    ]);
    database.close();
  }, 60_000);
});

describe('a locked file', () => {
  test('refuses the put in a clear sentence, and takes the next one once the lock is gone', async () => {
    const path = file('locked');
    const archive = await openNodeArchive(path, { busyTimeoutMs: 50 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(archive.put(eventRecord('locked', 'a'))).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringContaining('another process holds the archive’s write lock'),
    });
    // Readers do not need the lock.
    expect(await archive.find('locked', 'a')).toBeNull();
    other.exec('ROLLBACK');
    other.close();
    expect(await archive.put(eventRecord('locked', 'a'))).toMatchObject({ duplicate: false });
    await archive.close();
  });

  test('waits for a lock that is gone within the busy timeout', async () => {
    const path = file('briefly-locked');
    const archive = await openNodeArchive(path, { busyTimeoutMs: 20_000 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const put = archive.put(eventRecord('locked', 'a'));
    setTimeout(() => other.exec('ROLLBACK'), 100);
    expect(await put).toMatchObject({ duplicate: false });
    other.close();
    await archive.close();
  });
});

describe('a full disk', () => {
  const small = join(folder, 'small');
  test.skipIf(leftOut(smallDiskLack(small)))(
    'refuses what does not fit, keeps what did and recovers',
    () => {
      const run = onSmallDisk('12m', small, process.execPath, script, 'fill', `${small}/full.db`);
      const seen = JSON.parse(run);
      expect(seen).toMatchObject({
        put: { reason: 'full', message: expect.stringContaining('disk') },
        beat: { reason: 'full' },
        after: { duplicate: false },
      });
      expect(seen.kept).toBeGreaterThan(3);
      expect(seen.whole).toBe(seen.kept);
    },
    60_000,
  );
});

/** A command with a disk of its own, in a namespace of its own: no privilege, and nothing to undo. */
function onSmallDisk(size: string, path: string, ...command: readonly string[]): string {
  mkdirSync(path, { recursive: true });
  const mount = 'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"';
  return execFileSync('unshare', ['-rm', 'sh', '-c', mount, size, path, ...command], {
    encoding: 'utf8',
  });
}

function smallDiskLack(path: string): Lack | null {
  try {
    onSmallDisk('1m', path, 'true');
    return null;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isAbsent
      ? { what: 'unshare (util-linux) is not here, so no small disk can be filled' }
      : { what: 'this machine lets no process mount a small disk to fill', impossible: true };
  }
}

describe('durability', () => {
  const cannotTrace = leftOut(tracingLack());

  test.skipIf(cannotTrace)(
    'has every put synced to the disk before it is answered',
    () => {
      const trace = traceNode([script, 'ack', file('traced')], join(folder, 'trace'));
      expect(judgeAcks(trace, 'traced.db-wal')).toEqual({ durable: 40, early: 0 });
    },
    60_000,
  );

  test.skipIf(cannotTrace)(
    'is denied, put by put, of a database that syncs at checkpoints only',
    () => {
      const program = `
        import { writeSync } from 'node:fs';
        import { DatabaseSync } from 'node:sqlite';
        const database = new DatabaseSync(${JSON.stringify(file('lazy'))});
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t (n)');
        for (let index = 0; index < 40; index += 1) {
          database.exec('INSERT INTO t VALUES (1)');
          writeSync(1, 'ack\\n');
        }`;
      const args = ['--input-type=module', '-e', program];
      const trace = traceNode(args, join(folder, 'lazy-trace'));
      expect(judgeAcks(trace, 'lazy.db-wal')).toEqual({ durable: 0, early: 40 });
    },
    60_000,
  );

  test('keeps customers’ data from other users of the machine', async () => {
    const archive = await openNodeArchive(file('mode'));
    await archive.ready();
    expect(statSync(file('mode')).mode & 0o777).toBe(0o600);
    expect(statSync(`${file('mode')}-wal`).mode & 0o777).toBe(0o600);
    await archive.close();
  });
});
