/** The event loop's side of the SQLite thread: batches, bounds, crashes, closing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { nodeSqlite, openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { eventRecord, noise, rejectionRecord } from '../support/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookline-archive-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, `${name}.db`);
const thread = fileURLToPath(new URL('../../src/archive/node-sqlite-thread.ts', import.meta.url));

const bookmark = (name: string) => ({
  sql: "INSERT INTO bookmarks (source, name, position, updated_at) VALUES ('s', ?, '', 0)",
  parameters: [name],
});
const bookmarks = { sql: 'SELECT name FROM bookmarks ORDER BY name', parameters: [] };

describe('group commit', () => {
  test('shares commits under load, and waits for nobody when alone', async () => {
    const sizes: number[] = [];
    const archive = await openNodeArchive(file('load'), { onCommit: (size) => sizes.push(size) });
    for (let index = 0; index < 3; index += 1) await archive.put(eventRecord('alone', `${index}`));
    expect(sizes).toEqual([1, 1, 1]);
    sizes.length = 0;
    const puts = Array.from({ length: 2_000 }, (_, index) =>
      archive.put(eventRecord('load', `${index}`)),
    );
    await Promise.all(puts);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2_000);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(sizes.length).toBeLessThan(200);
    await archive.close();
  });

  test('fails only the group whose statement fails', async () => {
    const executor = await nodeSqlite(file('one-fails'));
    // The third group first writes a row, which must go again when its second statement fails.
    const groups = [['a'], ['b'], ['undone', 'b'], ['c']].map((names) =>
      executor.batch(names.map(bookmark)),
    );
    const settled = await Promise.allSettled(groups);
    expect(settled.map((group) => group.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(settled[2]).toMatchObject({ reason: { reason: 'statement' } });
    const [rows] = await executor.read([bookmarks]);
    expect(rows?.map((row) => row['name'])).toEqual(['a', 'b', 'c']);
    await executor.close();
  });

  test('lets refusals wait, and writes a flood of them in one commit', async () => {
    const sizes: number[] = [];
    const archive = await openNodeArchive(file('refusals'), {
      onCommit: (size) => sizes.push(size),
    });
    for (let index = 0; index < 1_000; index += 1) await archive.reject(rejectionRecord('flood'));
    expect(sizes).toEqual([]);
    expect((await archive.rejections({ source: 'flood', limit: 10 })).length).toBe(5);
    expect(sizes).toEqual([1]);
    await archive.close();
  });
});

describe('the queue', () => {
  test('takes as many waiting puts as it may and refuses the next one', async () => {
    const executor = await nodeSqlite(file('count'), { queuedMax: 10 });
    const settled = await Promise.allSettled(
      Array.from({ length: 11 }, (_, index) => executor.batch([bookmark(`${index}`)])),
    );
    expect(settled.slice(0, 10).map((group) => group.status)).toEqual(Array(10).fill('fulfilled'));
    expect(settled[10]).toMatchObject({ status: 'rejected', reason: { reason: 'overloaded' } });
    await executor.batch([bookmark('later')]);
    await executor.close();
  });

  test('refuses what would hold more bytes than it may', async () => {
    const executor = await nodeSqlite(file('bytes'), { queuedBytesMax: 250_000 });
    const put = (name: string) =>
      executor.batch([
        {
          sql: "INSERT INTO bodies (source, key, part, bytes) SELECT 'none', ?, 0, ? WHERE 1 = 0",
          parameters: [name, noise(100_000, 1)],
        },
      ]);
    const settled = await Promise.allSettled(['a', 'b', 'c'].map(put));
    expect(settled.map((group) => group.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(settled[2]).toMatchObject({ reason: { reason: 'overloaded' } });
    await put('d');
    await executor.close();
  });
});

describe('a thread that dies', () => {
  async function opened(name: string) {
    const workers: Worker[] = [];
    const executor = await nodeSqlite(file(name), {
      startThread: (workerData) => {
        const worker = new Worker(thread, { workerData });
        workers.push(worker);
        return worker;
      },
    });
    const kill = async (): Promise<void> => void (await workers.at(-1)?.terminate());
    return { executor, kill, workers };
  }

  test('rejects what was pending, and the next call starts another', async () => {
    const { executor, kill, workers } = await opened('dies');
    await executor.batch([bookmark('before')]);
    const pending = Array.from({ length: 20 }, (_, index) =>
      executor.batch([bookmark(`${index}`)]),
    );
    const settled = Promise.allSettled(pending);
    await kill();
    for (const group of await settled) {
      expect(group).toMatchObject({ status: 'rejected', reason: { reason: 'unavailable' } });
    }
    await executor.batch([bookmark('after')]);
    expect(workers.length).toBe(2);
    const [rows] = await executor.read([bookmarks]);
    expect(rows?.map((row) => row['name'])).toEqual(expect.arrayContaining(['after', 'before']));
    await executor.close();
  });

  test('is not started in a loop when it keeps dying', async () => {
    const { executor, kill, workers } = await opened('keeps-dying');
    await kill();
    const first = executor.batch([bookmark('a')]);
    first.catch(() => undefined);
    await kill();
    await expect(first).rejects.toMatchObject({ reason: 'unavailable' });
    await expect(executor.batch([bookmark('b')])).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringMatching(/restarts in \d+ ms/),
    });
    expect(workers.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await executor.batch([bookmark('c')]);
    expect(workers.length).toBe(3);
    await executor.close();
  });
});

describe('closing', () => {
  test('finishes what was queued and refuses what comes after', async () => {
    const executor = await nodeSqlite(file('closing'));
    const pending = Array.from({ length: 50 }, (_, index) =>
      executor.batch([bookmark(`${index}`)]),
    );
    await executor.close();
    await Promise.all(pending);
    await expect(executor.batch([bookmark('late')])).rejects.toMatchObject({ reason: 'closed' });
    await expect(executor.read([bookmarks])).rejects.toMatchObject({ reason: 'closed' });
    const database = new DatabaseSync(file('closing'), { readOnly: true });
    expect(database.prepare('SELECT count(*) AS n FROM bookmarks').get()).toEqual({ n: 50 });
    database.close();
  });
});
