/** What every archive must do, whatever database is below. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Archive, EVENT_FLAG, type StoredEvent } from '../../src/archive/contract.ts';
import type { SqlExecutor } from '../../src/archive/sql-executor.ts';
import { eventRecord, noise, paymentJson, RECEIVED_AT, sha256Hex } from '../support/archive.ts';
import { testListing } from './archive-lists.ts';
import { testRejections } from './archive-rejections.ts';

export interface OpenArchive {
  readonly archive: Archive;
  /** The database below, for damage that the archive must notice. */
  readonly executor: SqlExecutor;
}

const MIB = 1024 * 1024;

/** `open` is called once; every test has sources of its own. `bodyMiBMax`: the largest body of a kind. */
export function testArchive(
  name: string,
  open: () => Promise<OpenArchive>,
  { bodyMiBMax }: { readonly bodyMiBMax: number },
): void {
  describe(`${name}: the archive`, () => {
    let opened: OpenArchive | undefined;
    const archive = (): Archive => subject(opened).archive;
    const executor = (): SqlExecutor => subject(opened).executor;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.archive.close());

    testBodies(archive, bodyMiBMax);
    testDuplicates(archive);
    testDamage(archive, executor);
    testListing(archive);
    testRejections(archive, executor);

    test('is ready, again and again', async () => {
      await archive().ready();
      await archive().ready();
      const [rows] = await executor().read([
        { sql: 'SELECT beats FROM heartbeats', parameters: [] },
      ]);
      expect(rows).toEqual([{ beats: 2 }]);
    });
  });
}

function subject(opened: OpenArchive | undefined): OpenArchive {
  if (opened === undefined) throw new Error('the archive did not open');
  return opened;
}

function testBodies(archive: () => Archive, bodyMiBMax: number): void {
  const bodies: readonly (readonly [string, () => Uint8Array])[] = [
    ['nothing', () => new Uint8Array(0)],
    ['one zero byte', () => new Uint8Array(1)],
    ['0x00 and 0xff', () => new Uint8Array([0x00, 0xff, 0x00])],
    ['all byte values', () => Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['invalid UTF-8', () => new Uint8Array([0x7b, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xfe, 0x7d])],
    ['2,047 bytes of JSON', () => paymentJson(2_100, 1).subarray(0, 2_047)],
    ['3.5 KB of JSON', () => paymentJson(3_500, 2)],
    ['100 KB of JSON', () => paymentJson(100_000, 3)],
    ['exactly 1 MiB of noise', () => noise(MIB, 4)],
    ['1 MiB and one byte of noise', () => noise(MIB + 1, 5)],
    ['exactly one part of noise', () => noise(896 * 1024, 6)],
    ['a view into a larger buffer', () => noise(5_000, 7).subarray(1_000, 4_000)],
    [`${bodyMiBMax} MiB of JSON`, () => paymentJson(bodyMiBMax * MIB, 8)],
    // Which no compression makes smaller.
    [`${bodyMiBMax} MiB of noise`, () => noise(bodyMiBMax * MIB, 9)],
  ];
  test.each(bodies)(
    'gives back exactly the bytes it was given: %s',
    async (label, make) => {
      const body = make();
      const before = sha256Hex(body);
      await archive().put(eventRecord('bodies', label, { body }));
      const answer = await archive().body('bodies', label);
      expect(answer.kind).toBe('bytes');
      if (answer.kind !== 'bytes') return;
      // Digests first: a matcher that prints 25 MB of difference helps nobody.
      expect(sha256Hex(answer.bytes)).toBe(before);
      expect(answer.bytes.byteLength).toBe(body.byteLength);
      const stored = await archive().find('bodies', label);
      expect(stored).toMatchObject({ bodyBytes: body.byteLength, bodySha256: before });
    },
    120_000,
  );

  test('knows nothing of an event that never came', async () => {
    expect(await archive().find('bodies', 'never')).toBeNull();
    expect(await archive().body('bodies', 'never')).toEqual({ kind: 'unknown' });
  });

  test('keeps every field of an event, and text as it is', async () => {
    const record = eventRecord('fields', 'evt_"quoted"\u0000; drop table events --', {
      type: 'invoice.paid · 支払い',
      subject: 'fields/in_😀',
      flags: EVENT_FLAG.quarantined | EVENT_FLAG.reconciled,
      headers: { 'user-agent': 'a "b" \\ ü', 'content-type': 'text/plain' },
      note: "it's odd",
    });
    const { body, ...kept } = record;
    await archive().put(record);
    expect(await archive().find('fields', record.key)).toEqual({
      ...kept,
      lastSeenAt: record.receivedAt,
      deliveries: 1,
      bodyBytes: body.byteLength,
      bodySha256: sha256Hex(body),
    } satisfies StoredEvent);
  });

  test('keeps what is not known as null', async () => {
    const unknown = { type: null, subject: null, providerTime: null, secretId: null, note: null };
    await archive().put(eventRecord('fields', 'nulls', unknown));
    expect(await archive().find('fields', 'nulls')).toMatchObject(unknown);
  });
}

function testDuplicates(archive: () => Archive): void {
  test('counts a repeated delivery and keeps one event', async () => {
    const record = eventRecord('repeats', 'evt_1');
    expect(await archive().put(record)).toEqual({
      duplicate: false,
      deliveries: 1,
      bodyDiffers: false,
    });
    const later = { ...record, receivedAt: RECEIVED_AT + 5_000, type: 'changed' };
    expect(await archive().put(later)).toEqual({
      duplicate: true,
      deliveries: 2,
      bodyDiffers: false,
    });
    expect(await archive().find('repeats', 'evt_1')).toMatchObject({
      type: 'invoice.payment_failed',
      receivedAt: RECEIVED_AT,
      lastSeenAt: RECEIVED_AT + 5_000,
      deliveries: 2,
      flags: 0,
    });
  });

  test('never moves the last delivery back when a parked one arrives late', async () => {
    await archive().put(eventRecord('repeats', 'late', { receivedAt: RECEIVED_AT + 9_000 }));
    await archive().put(eventRecord('repeats', 'late', { receivedAt: RECEIVED_AT }));
    expect((await archive().find('repeats', 'late'))?.lastSeenAt).toBe(RECEIVED_AT + 9_000);
  });

  test('keeps the first body when the same key comes with other bytes, and says so', async () => {
    // The second is longer than one part: its tail must not be appended to the first.
    const [first, second] = [noise(MIB, 20), noise(2 * MIB, 21)];
    await archive().put(
      eventRecord('differs', 'evt_1', { body: first, flags: EVENT_FLAG.untracked }),
    );
    expect(await archive().put(eventRecord('differs', 'evt_1', { body: second }))).toEqual({
      duplicate: true,
      deliveries: 2,
      bodyDiffers: true,
    });
    const again = await archive().put(eventRecord('differs', 'evt_1', { body: first }));
    expect(again).toEqual({ duplicate: true, deliveries: 3, bodyDiffers: false });
    const answer = await archive().body('differs', 'evt_1');
    expect(answer.kind === 'bytes' && sha256Hex(answer.bytes)).toBe(sha256Hex(first));
    const flags = EVENT_FLAG.untracked | EVENT_FLAG.bodyDiffers;
    expect(await archive().find('differs', 'evt_1')).toMatchObject({ flags, bodyBytes: MIB });
  });

  test('tells the same key of two sources apart', async () => {
    await archive().put(eventRecord('twin-a', 'evt_1', { body: noise(10, 1) }));
    const second = await archive().put(eventRecord('twin-b', 'evt_1', { body: noise(10, 2) }));
    expect(second).toEqual({ duplicate: false, deliveries: 1, bodyDiffers: false });
    expect(await archive().body('twin-b', 'evt_1')).toMatchObject({ bytes: noise(10, 2) });
  });

  test('takes a digest that the caller has already, and does not trust it when reading', async () => {
    const body = noise(40, 3);
    await archive().put(eventRecord('digest', 'right', { body, bodySha256: sha256Hex(body) }));
    expect(await archive().body('digest', 'right')).toEqual({ kind: 'bytes', bytes: body });
    await archive().put(eventRecord('digest', 'wrong', { body, bodySha256: '0'.repeat(64) }));
    await expect(archive().body('digest', 'wrong')).rejects.toMatchObject({ reason: 'corrupt' });
  });

  test('says "first" exactly once per key when a thousand puts of a hundred keys race', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) => {
        const key = `evt_${index % 100}`;
        return { key, ...(await archive().put(eventRecord('race', key))) };
      }),
    );
    const firsts = outcomes.filter((outcome) => !outcome.duplicate).map((outcome) => outcome.key);
    expect(firsts.length).toBe(100);
    expect(new Set(firsts).size).toBe(100);
    for (let key = 0; key < 100; key += 1) {
      const counts = outcomes.filter((outcome) => outcome.key === `evt_${key}`);
      expect(counts.map((outcome) => outcome.deliveries).sort((a, b) => a - b)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
    }
    const stored = await archive().list({ source: 'race', limit: 1_000 });
    expect(stored.map((event) => event.deliveries)).toEqual(Array(100).fill(10));
  });
}

function testDamage(archive: () => Archive, executor: () => SqlExecutor): void {
  const run = (sql: string) => executor().batch([{ sql, parameters: [] }]);

  test('refuses to give a body that was changed in the database', async () => {
    const keys = ['flipped', 'cut', 'gone', 'inflated'];
    const body = paymentJson(20_000, 30);
    await Promise.all(keys.map((key) => archive().put(eventRecord('damage', key, { body }))));
    await run(
      "UPDATE bodies SET bytes = unhex('00ff') WHERE source = 'damage' AND key = 'flipped'",
    );
    await run(
      "UPDATE bodies SET bytes = substr(bytes, 1, 900) WHERE source = 'damage' AND key = 'cut'",
    );
    await run("DELETE FROM bodies WHERE source = 'damage' AND key = 'gone'");
    await run("UPDATE events SET body_bytes = 100 WHERE source = 'damage' AND key = 'inflated'");
    for (const key of keys) {
      await expect(archive().body('damage', key), key).rejects.toMatchObject({ reason: 'corrupt' });
    }
  });

  test('says that a removed body is gone, and a repeated delivery does not bring it back', async () => {
    await archive().put(eventRecord('expunged', 'evt_1'));
    await run("DELETE FROM bodies WHERE source = 'expunged'");
    await run(`UPDATE events SET flags = flags | ${EVENT_FLAG.expunged} WHERE source = 'expunged'`);
    expect(await archive().body('expunged', 'evt_1')).toEqual({ kind: 'gone' });
    await archive().put(eventRecord('expunged', 'evt_1'));
    expect(await archive().body('expunged', 'evt_1')).toEqual({ kind: 'gone' });
    const [rows] = await executor().read([
      { sql: "SELECT count(*) AS n FROM bodies WHERE source = 'expunged'", parameters: [] },
    ]);
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('takes the body away with its event', async () => {
    await archive().put(eventRecord('forgotten', 'evt_1'));
    await run("DELETE FROM events WHERE source = 'forgotten'");
    const [rows] = await executor().read([
      { sql: "SELECT count(*) AS n FROM bodies WHERE source = 'forgotten'", parameters: [] },
    ]);
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('does nothing of a batch in which one statement fails', async () => {
    const insert =
      "INSERT INTO bookmarks (source, name, position, updated_at) VALUES ('half', 'a', '1', 1)";
    const queries = [insert, insert].map((sql) => ({ sql, parameters: [] }));
    await expect(executor().batch(queries)).rejects.toMatchObject({ reason: 'statement' });
    const [rows] = await executor().read([
      { sql: "SELECT * FROM bookmarks WHERE source = 'half'", parameters: [] },
    ]);
    expect(rows).toEqual([]);
  });
}
