/** The archive's file when things go wrong: killed, shared, locked, full, overrun. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Archive } from '../../src/archive/contract.ts';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { eventRecord, noise, paymentJson, seededRandom, sha256Hex } from '../support/archive.ts';
import { SEED } from '../support/property.ts';

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
  test('refuses what does not fit, keeps what did and recovers', async (context) => {
    const small = join(folder, 'small');
    const mounted = mountTmpfs(small);
    if (mounted !== 'mounted') return context.skip(mounted);
    const ballast = join(small, 'ballast');
    writeFileSync(ballast, noise(4 * 1024 * 1024, 1));
    const archive = await openNodeArchive(join(small, 'archive.db'));
    try {
      const kept = await putUntilFull(archive);
      // Small writes still find a gap, and then they do not.
      await expect(beatUntilFull(archive)).rejects.toMatchObject({ reason: 'full' });
      rmSync(ballast);
      await archive.ready();
      expect(await archive.put(eventRecord('full', 'after'))).toMatchObject({ duplicate: false });
      expect(kept.length).toBeGreaterThan(3);
      for (const key of kept) expect((await archive.body('full', key)).kind).toBe('bytes');
    } finally {
      await archive.close();
      execFileSync('umount', [small]);
    }
  }, 60_000);
});

async function putUntilFull(archive: Archive): Promise<readonly string[]> {
  const kept: string[] = [];
  for (let index = 0; index < 200; index += 1) {
    const record = eventRecord('full', `${index}`, { body: noise(100_000, index) });
    try {
      await archive.put(record);
    } catch (error) {
      expect(error).toMatchObject({ reason: 'full', message: expect.stringContaining('disk') });
      return kept;
    }
    kept.push(record.key);
  }
  throw new Error('20 MB went into a disk of 12');
}

async function beatUntilFull(archive: Archive): Promise<void> {
  for (let beat = 0; beat < 500; beat += 1) await archive.ready();
}

/** 'mounted', or why not. */
function mountTmpfs(path: string): string {
  if (process.getuid?.() !== 0) return 'mounting a small disk needs root';
  try {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', path], { stdio: 'ignore' });
    return 'mounted';
  } catch {
    return 'tmpfs cannot be mounted here';
  }
}

describe('durability', () => {
  const traced = canTrace();
  test.skipIf(traced !== 'traced')(
    `follows every commit with an fsync before it answers (${traced})`,
    () => {
      const program = `
        const { openNodeArchive } = await import(${JSON.stringify(new URL('../../src/archive/node-sqlite.ts', import.meta.url).href)});
        const archive = await openNodeArchive(${JSON.stringify(file('traced'))});
        for (let index = 0; index < 40; index += 1) await archive.ready();
        await archive.close();`;
      const trace = join(folder, 'trace');
      const strace = ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', trace];
      execFileSync('strace', [...strace, process.execPath, '--input-type=module', '-e', program]);
      const count = execFileSync('grep', ['-c', 'sync(', trace], { encoding: 'utf8' });
      expect(Number(count)).toBeGreaterThanOrEqual(40);
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

function canTrace(): string {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return 'traced';
  } catch {
    return 'skipped: strace is not here or may not trace';
  }
}
