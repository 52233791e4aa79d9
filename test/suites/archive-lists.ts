/** Lists of events: paging and filters. */
import { expect, test } from 'vitest';
import { type Archive, EVENT_FLAG, type StoredEvent } from '../../src/archive/contract.ts';
import { eventRecord, RECEIVED_AT } from '../support/archive.ts';

export function testListing(archive: () => Archive): void {
  const name = (event: StoredEvent): string => `${event.source}/${event.key}`;

  test('pages newest first without a gap or a repeat, also where times tie', async () => {
    // Three events per millisecond and the same keys in two sources: pages end inside ties.
    const puts = Array.from({ length: 48 }, (_, index) => {
      const receivedAt = RECEIVED_AT + 100_000_000 + Math.floor(index / 6);
      const source = `page-${index % 2}`;
      return archive().put(eventRecord(source, `evt_${Math.floor(index / 2)}`, { receivedAt }));
    });
    await Promise.all(puts);
    for (const [limit, source] of [
      [5, undefined],
      [7, undefined],
      [4, 'page-1'],
    ] as const) {
      const seen: StoredEvent[] = [];
      for (;;) {
        const last = seen.at(-1);
        const page = await archive().list({
          limit,
          ...(source === undefined ? {} : { source }),
          ...(last === undefined ? {} : { before: last }),
        });
        const ours = page.filter((event) => event.source.startsWith('page-'));
        seen.push(...ours);
        if (ours.length < limit) break;
      }
      expect(new Set(seen.map(name)).size).toBe(seen.length);
      expect(seen.length).toBe(source === undefined ? 48 : 24);
      const times = seen.map((event) => event.receivedAt);
      expect(times).toEqual(times.toSorted((a, b) => b - a));
    }
  });

  test('means strictly older by time and key when no source is given', async () => {
    const at = (receivedAt: number, key: string) => eventRecord('strict', key, { receivedAt });
    const records = [at(5, 'a'), at(5, 'b'), at(4, 'z'), at(6, 'a')];
    await Promise.all(records.map((record) => archive().put(record)));
    const page = await archive().list({
      source: 'strict',
      limit: 9,
      before: { receivedAt: 5, key: 'b' },
    });
    expect(page.map((event) => event.key)).toEqual(['a', 'z']);
  });

  test('finds by subject and by flag', async () => {
    const { quarantined, untracked, bodyDiffers } = EVENT_FLAG;
    const put = (key: string, subject: string | null, flags: number) =>
      archive().put(eventRecord('filter', key, { subject, flags }));
    await put('a', 'filter/in_1', 0);
    await put('b', 'filter/in_1', quarantined);
    await put('c', 'filter/in_2', untracked);
    await put('d', null, quarantined | untracked);
    const keys = async (query: object) =>
      (await archive().list({ source: 'filter', limit: 10, ...query })).map((event) => event.key);
    expect(await keys({ subject: 'filter/in_1' })).toEqual(['b', 'a']);
    expect(await keys({ subject: 'filter/in_' })).toEqual([]);
    expect(await keys({ anyFlag: quarantined })).toEqual(['d', 'b']);
    expect(await keys({ anyFlag: quarantined | untracked })).toEqual(['d', 'c', 'b']);
    expect(await keys({ anyFlag: bodyDiffers })).toEqual([]);
    expect(await keys({ subject: 'filter/in_1', anyFlag: quarantined })).toEqual(['b']);
  });

  test('gives at least one and at most a thousand events, whatever is asked', async () => {
    expect((await archive().list({ source: 'filter', limit: 0 })).length).toBe(1);
    expect((await archive().list({ source: 'filter', limit: 1e9 })).length).toBe(4);
  });
}
