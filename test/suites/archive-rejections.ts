/** Refusals: what anybody on the internet can make the archive write. */
import { expect, test } from 'vitest';
import type { Archive } from '../../src/archive/contract.ts';
import type { Row, SqlExecutor } from '../../src/archive/sql-executor.ts';
import { RECEIVED_AT, rejectionRecord, SMALL_LIMITS } from '../support/archive.ts';

export function testRejections(archive: () => Archive, executor: () => SqlExecutor): void {
  const flush = () => archive().rejections({ limit: 1 });
  const rows = async (sql: string): Promise<readonly Row[]> =>
    (await executor().read([{ sql, parameters: [] }]))[0] ?? [];

  test('keeps a refusal as it was, without a body', async () => {
    const record = rejectionRecord('refused');
    await archive().reject(record);
    const [stored] = await archive().rejections({ source: 'refused', limit: 10 });
    expect(stored).toEqual({ ...record, id: expect.any(Number) });
  });

  test('samples five refusals a second per source and reason, and counts them all', async () => {
    const flood = Array.from({ length: 400 }, (_, index) =>
      archive().reject(rejectionRecord('flood', { at: RECEIVED_AT + index * 5 })),
    );
    await Promise.all(flood);
    await archive().reject(rejectionRecord('flood', { reason: 'timestamp_outside_window' }));
    const stored = await archive().rejections({ source: 'flood', limit: 100 });
    // 400 refusals in two seconds; the other reason has a share of its own.
    expect(stored.filter((refusal) => refusal.reason === 'signature_mismatch').length).toBe(10);
    expect(stored.filter((refusal) => refusal.reason !== 'signature_mismatch').length).toBe(1);
    const day = Date.UTC(2026, 0, 5);
    expect(
      await rows("SELECT * FROM rejection_counts WHERE source = 'flood' ORDER BY reason"),
    ).toEqual([
      { source: 'flood', reason: 'signature_mismatch', day, refused: 400 },
      { source: 'flood', reason: 'timestamp_outside_window', day, refused: 1 },
    ]);
  });

  test('keeps the newest refusals of a source, within its cap', async () => {
    const refuse = (fromSecond: number, toSecond: number) =>
      Array.from({ length: toSecond - fromSecond }, (_, index) =>
        archive().reject(
          rejectionRecord('capped', { at: RECEIVED_AT + (fromSecond + index) * 1_000 }),
        ),
      );
    for (const [from, to] of [
      [0, 40],
      [40, 80],
      [80, 92],
    ] as const) {
      await Promise.all(refuse(from, to));
      await flush();
    }
    const stored = await archive().rejections({ source: 'capped', limit: 1_000 });
    expect(stored.length).toBeGreaterThanOrEqual(SMALL_LIMITS.rowsPerSourceMax);
    expect(stored.length).toBeLessThanOrEqual(
      SMALL_LIMITS.rowsPerSourceMax + SMALL_LIMITS.trimEvery,
    );
    expect(stored[0]?.at).toBe(RECEIVED_AT + 91_000);
    const counts = await rows("SELECT refused FROM rejection_counts WHERE source = 'capped'");
    expect(counts).toEqual([{ refused: 92 }]);
  });

  test('holds a flood over invented source names inside the cap of the table', async () => {
    for (let start = 0; start < 300; start += 50) {
      const flood = Array.from({ length: 50 }, (_, index) =>
        archive().reject(rejectionRecord(`invented-${start + index}`)),
      );
      await Promise.all(flood);
      await flush();
    }
    const [all] = await rows('SELECT count(*) AS n FROM rejections');
    expect(all?.['n']).toBeLessThanOrEqual(SMALL_LIMITS.rowsMax + SMALL_LIMITS.pendingMax);
    const [counted] = await rows(
      "SELECT sum(refused) AS n FROM rejection_counts WHERE source LIKE 'invented-%' OR source = '(others)'",
    );
    expect(counted).toEqual({ n: 300 });
  });

  test('cuts what a forger makes long', async () => {
    const long = 'x'.repeat(1_000_000);
    await archive().reject(
      rejectionRecord(`long${long}`, {
        reason: long,
        detail: long,
        headers: { 'user-agent': long },
      }),
    );
    const [stored] = await archive().rejections({ limit: 1 });
    expect(stored?.source.length).toBeLessThanOrEqual(100);
    expect(stored?.reason.length).toBeLessThanOrEqual(100);
    expect(stored?.detail?.length).toBeLessThanOrEqual(500);
    expect(stored?.headers).toEqual({});
  });
}
