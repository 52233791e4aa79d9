import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import type { EventFailure, EventIdentity } from '../../src/core/event.ts';
import { explainEventFailure, fallbackKey, readEvents } from '../../src/core/event.ts';
import type { Verification } from '../../src/core/verification.ts';
import { NOW_SECONDS, PORTS } from '../suites/provider.ts';
import { definitionOf, makers } from '../support/makers.ts';

const TOKEN: Verification = {
  scheme: 'token',
  token: { from: 'header', names: ['x-token'] },
  why: 'a test',
};
const OVER_BODY = makers.get('razorpay')?.verification ?? TOKEN;

describe.each(PORTS)('event identity on %s', (_name, crypto) => {
  const read = async (
    body: string | Uint8Array,
    event: Partial<EventIdentity> = {},
    options: {
      headers?: Record<string, string>;
      verification?: Verification;
      signedAtSeconds?: number;
    } = {},
  ) => {
    const definition = definitionOf('maker', options.verification ?? OVER_BODY);
    return readEvents({
      provider: { ...definition, event: { ...definition.event, ...event } },
      source: 'shop',
      request: {
        method: 'POST',
        url: 'https://example.com/',
        headers: new Headers(options.headers),
        body: typeof body === 'string' ? utf8(body) : body,
      },
      verified: { secretId: 'x', signedAtSeconds: options.signedAtSeconds ?? null },
      crypto,
    });
  };
  const keys = async (...input: Parameters<typeof read>) => {
    const events = await read(...input);
    return events.ok ? events.value.map(({ key }) => key) : [events.failure.reason];
  };
  const headerId: Partial<EventIdentity> = {
    id: { parts: [{ from: 'header', names: ['x-id'] }], ifMissing: 'quarantine' },
  };

  describe('the key', () => {
    it('is the id where the id is signed', async () => {
      expect(await keys('{"id":"evt_1"}')).toEqual(['evt_1']);
      expect(await keys('{"id":12}')).toEqual(['12']);
    });
    it('carries the digest of the body where the id is not signed', async () => {
      // printf '{}' | sha256sum
      const headers = { 'x-id': 'd1' };
      expect(await keys('{}', headerId, { headers })).toEqual(['d1:44136fa355b3678a']);
    });
    it('is the id alone where the request as a whole is vouched for by a token', async () => {
      const headers = { 'x-id': 'd1' };
      expect(await keys('{}', headerId, { headers, verification: TOKEN })).toEqual(['d1']);
    });
    it('carries the digest where only some alternatives sign the id', async () => {
      const alternatives = [OVER_BODY, TOKEN].flatMap((one) => (one.scheme === 'any' ? [] : [one]));
      const verification: Verification = { scheme: 'any', alternatives };
      const headers = { 'x-id': 'd1' };
      expect(await keys('{}', headerId, { headers, verification })).toEqual([
        'd1:44136fa355b3678a',
      ]);
    });
    it('is a digest of a long id, at the length where it would not fit', async () => {
      const id = (length: number) => JSON.stringify({ id: 'x'.repeat(length) });
      expect(await keys(id(200))).toEqual(['x'.repeat(200)]);
      const [long = ''] = await keys(id(201));
      expect(long).toMatch(/^id-sha256:[0-9a-f]{64}$/);
      expect(await keys(id(202))).not.toEqual([long]);
      const [unsigned = ''] = await keys('{}', headerId, { headers: { 'x-id': 'y'.repeat(183) } });
      expect(unsigned).toHaveLength(200);
      const [longer = ''] = await keys('{}', headerId, { headers: { 'x-id': 'y'.repeat(184) } });
      expect(longer).toMatch(/^id-sha256:[0-9a-f]{64}:[0-9a-f]{16}$/);
    });
    it('is never made of an id with control characters or half a character', async () => {
      for (const id of ['a\\u0000b', 'a\\r\\nb', '\\u007f', 'a\\u2028', '\\ud800']) {
        expect(await keys(`{"id":"${id}"}`)).toEqual(['id_malformed']);
      }
      expect(await keys('{"id":"größe/☕ ../x?y#z"}')).toEqual(['größe/☕ ../x?y#z']);
    });
    it('is missing without an id, with an empty one, and with a number JSON cannot hold', async () => {
      for (const body of [
        '{}',
        '{"id":""}',
        '{"id":null}',
        '{"id":{}}',
        '{"id":12345678901234567890}',
        '[]',
        '1',
      ]) {
        expect(await keys(body), body).toEqual(['id_missing']);
      }
    });
    it('joins several parts so that no two lists make one key', async () => {
      const parts = ['a', 'b'].map((path) => ({ from: 'body', paths: [path] }) as const);
      const event = { id: { parts, ifMissing: 'quarantine' } } as const;
      expect(await keys('{"a":"x","b":"y"}', event)).toEqual(['x:y']);
      const first = await keys('{"a":"x:y","b":"z"}', event);
      expect(await keys('{"a":"x","b":"y:z"}', event)).not.toEqual(first);
      const slash = await keys('{"a":"x\\\\","b":"y"}', event);
      expect(await keys('{"a":"x","b":"\\\\:y"}', event)).not.toEqual(slash);
    });
    it('takes the last of two members with one name, and __proto__ as an ordinary one', async () => {
      expect(await keys('{"id":"evt_1","id":"evt_2"}')).toEqual(['evt_2']);
      expect(await keys('{"__proto__":{"id":"evt_1"}}')).toEqual(['id_missing']);
      expect(await keys('{"constructor":{"id":"evt_1"}}')).toEqual(['id_missing']);
    });
  });

  describe('the key of a delivery without an id', () => {
    const none: Partial<EventIdentity> = { id: null };
    it('changes with source, time and body, and with nothing else', async () => {
      const [first] = await keys('{}', none, { signedAtSeconds: 1 });
      expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await keys('{}', none, { signedAtSeconds: 1, headers: { 'x-id': 'd1' } })).toEqual([
        first,
      ]);
      expect(await keys('{}', none, { signedAtSeconds: 2 })).not.toEqual([first]);
      expect(await keys('{}', none)).not.toEqual([first]);
      expect(await keys('{ }', none, { signedAtSeconds: 1 })).not.toEqual([first]);
    });
    it('puts a length before each part', async () => {
      const key = (source: string, signedAtSeconds: number | null, body: string) =>
        fallbackKey({ source, signedAtSeconds, body: utf8(body), crypto });
      expect(await key('a', null, 'bc')).not.toBe(await key('ab', null, 'c'));
      expect(await key('a', 12, '3')).not.toBe(await key('a', 1, '23'));
      expect(await key('a', null, '')).not.toBe(await key('a', 0, ''));
    });
    it('is used where the maker has events without an id', async () => {
      const id = { parts: [{ from: 'body', paths: ['id'] }], ifMissing: 'digest' } as const;
      expect((await keys('{}', { id }))[0]).toMatch(/^sha256:/);
      expect(await keys('{"id":"evt_1"}', { id })).toEqual(['evt_1']);
    });
  });

  describe('a batch', () => {
    const batch: Partial<EventIdentity> = {
      id: { parts: [{ from: 'item', paths: ['sg_event_id'] }], ifMissing: 'quarantine' },
      type: [{ from: 'item', paths: ['event'] }],
      time: [{ from: { from: 'item', paths: ['timestamp'] }, unit: 's' }],
      items: { path: '' },
    };
    it('takes a time nobody can mean for none', async () => {
      for (const timestamp of [0, 946_684_799, 7_258_118_400, 999_999_999_999]) {
        const body = JSON.stringify([{ sg_event_id: 'a', event: 'open', timestamp }]);
        expect(await read(body, batch)).toMatchObject({ value: [{ providerTimeMs: null }] });
      }
    });

    it('gives one event per item, in order', async () => {
      const body = `[{"sg_event_id":"a","event":"bounce","timestamp":${NOW_SECONDS}},{"sg_event_id":"b","event":"open"}]`;
      const events = await read(body, batch);
      expect(events).toEqual({
        ok: true,
        value: [
          {
            key: 'a',
            id: 'a',
            type: 'bounce',
            json: { sg_event_id: 'a', event: 'bounce', timestamp: NOW_SECONDS },
            providerTimeMs: NOW_SECONDS * 1000,
            index: 0,
            itemCount: 2,
          },
          {
            key: 'b',
            id: 'b',
            type: 'open',
            json: { sg_event_id: 'b', event: 'open' },
            providerTimeMs: null,
            index: 1,
            itemCount: 2,
          },
        ],
      });
    });
    it('is found at its path', async () => {
      expect(
        await keys('{"events":[{"sg_event_id":"a"}]}', { ...batch, items: { path: 'events' } }),
      ).toEqual(['a']);
      expect(await keys('{"events":{}}', { ...batch, items: { path: 'events' } })).toEqual([
        'items_missing',
      ]);
      expect(await keys('[]', batch)).toEqual([]);
    });
    it('of items without ids gives each its own key', async () => {
      const [first, second] = await keys('[{},{}]', { ...batch, id: null });
      expect(first).toMatch(/^sha256:[0-9a-f]{64}:0$/);
      expect(second).toBe(first?.replace(/0$/, '1'));
    });
    it('has at most a thousand events', async () => {
      const body = (count: number) => JSON.stringify(Array(count).fill({}));
      expect(await keys(body(1_000), { ...batch, id: null })).toHaveLength(1_000);
      expect(await keys(body(1_001), { ...batch, id: null })).toEqual(['items_too_many']);
    });
  });

  describe('the type', () => {
    const types = async (body: string, type: EventIdentity['type']) => {
      const events = await read(body, { type });
      return events.ok ? events.value[0]?.type : events;
    };
    const at = (...paths: string[]) => ({ from: 'body', paths }) as const;
    it('joins what is there with dots, and is absent without its first part', async () => {
      expect(await types('{"id":"1","a":"x","b":"y"}', [at('a'), at('b')])).toBe('x.y');
      expect(await types('{"id":"1","a":"x"}', [at('a'), at('b')])).toBe('x');
      expect(await types('{"id":"1","b":"y"}', [at('a'), at('b')])).toBeNull();
      expect(await types('{"id":"1","b":"y"}', [at('a', 'b')])).toBe('y');
    });
    it('may be the name of the member that is there', async () => {
      const member = { from: 'member', names: ['message', 'edited_message'] } as const;
      expect(await types('{"id":"1","edited_message":{}}', [member])).toBe('edited_message');
    });
    it('is absent when it is too long or has control characters', async () => {
      expect(await types(JSON.stringify({ id: '1', a: 'x'.repeat(200) }), [at('a')])).toHaveLength(
        200,
      );
      expect(await types(JSON.stringify({ id: '1', a: 'x'.repeat(201) }), [at('a')])).toBeNull();
      expect(await types('{"id":"1","a":"x\\ny"}', [at('a')])).toBeNull();
    });
  });

  describe('a payload', () => {
    const problem = async (body: string | Uint8Array, event: Partial<EventIdentity> = {}) => {
      const events = await read(body, event);
      return events.ok
        ? 'read'
        : 'problem' in events.failure
          ? events.failure.problem
          : events.failure.reason;
    };
    it('that cannot be read says why', async () => {
      expect(await problem('')).toBe('empty');
      expect(await problem(' \n')).toBe('empty');
      expect(await problem('{"id":')).toBe('not_json');
      expect(await problem(new Uint8Array([0x22, 0xff, 0x22]))).toBe('not_utf8');
    });
    it('may be nested a hundred deep, not more; brackets in strings do not count', async () => {
      const nested = (depth: number) =>
        `{"id":"1","a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
      expect(await problem(nested(100))).toBe('read');
      expect(await problem(nested(101))).toBe('too_deep');
      expect(await problem(`{"id":"1","a":"${'[\\"'.repeat(200)}"}`)).toBe('read');
      expect(await problem('['.repeat(1_000_000))).toBe('too_deep');
    });
    it('may start with a byte order mark', async () => {
      expect(await problem('\ufeff{"id":"1"}')).toBe('read');
    });
    it('may be a form: its fields are the event', async () => {
      const event: Partial<EventIdentity> = {
        payload: { kind: 'form' },
        id: { parts: [{ from: 'form', name: 'CallSid' }], ifMissing: 'quarantine' },
      };
      const events = await read('CallSid=CA1&To=%2B1&To=%2B2&__proto__=x', event);
      expect(events).toMatchObject({
        ok: true,
        value: [{ key: 'CA1', json: { To: ['+1', '+2'] } }],
      });
      expect(await problem('CallSid=CA1&CallSid=CA2', event)).toBe('id_missing');
      expect(await problem('', event)).toBe('empty');
    });
    it('may be JSON in a form field, once', async () => {
      const event: Partial<EventIdentity> = { payload: { kind: 'json', formField: 'payload' } };
      expect(await keys('payload=%7B%22id%22%3A%22evt_1%22%7D', event)).toEqual(['evt_1']);
      expect(await keys('{"id":"evt_1"}', event)).toEqual(['evt_1']);
      expect(await problem('payload=%7B%7D&payload=%7B%7D', event)).toBe('no_form_field');
      expect(await problem('other=1', event)).toBe('not_json');
    });
  });
});

describe('explainEventFailure', () => {
  it('has one sentence for every failure', () => {
    const failures: readonly EventFailure[] = [
      { reason: 'unparsable', problem: 'not_json' },
      { reason: 'id_missing', where: 'header x' },
      { reason: 'id_malformed', where: 'header x' },
      { reason: 'items_missing', path: 'events' },
      { reason: 'items_too_many', count: 2, max: 1 },
    ];
    for (const sentence of failures.map(explainEventFailure)) {
      expect(sentence).toMatch(/^The delivery is authentic but .*\.$/);
    }
  });
});
