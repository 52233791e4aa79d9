/**
 * What every runtime's gateway must do, asked over HTTP. The caller brings a running gateway made
 * of `testGatewayConfig()` and two windows on what it stored and sent.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/archive/contract.ts';
import { flagNamesOf } from '../support/edge-ports.ts';
import {
  type Delivery,
  failedInvoice,
  githubDelivery,
  OPERATOR_TOKEN,
  SECRETS,
  secretOf,
  standardDelivery,
  stripeDelivery,
  uniqueId,
  untrackedEvent,
} from '../support/gateway.ts';
import { seriesIn } from '../support/metrics.ts';
import { testMakers } from './gateway-makers.ts';

export interface GatewayUnderTest {
  /** `path` starts with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly archiveView: {
    /** The stored event with its bytes, or null. */
    find(source: string, key: string): Promise<Omit<EventRecord, 'receivedAt'> | null>;
    count(): Promise<number>;
  };
  readonly ingressView: {
    /** Keys of the events whose facts reached this subject, each once. */
    eventKeys(subject: string): Promise<readonly string[]>;
    /** Facts accepted so far, over all subjects. */
    count(): Promise<number>;
  };
  close(): Promise<void>;
}

export interface GatewaySuiteOptions {
  /** No HTTP stands between: a request may carry a length that is not its body's. */
  readonly lengthMayLie?: boolean;
}

export function testGateway(
  name: string,
  start: () => Promise<GatewayUnderTest>,
  { lengthMayLie = false }: GatewaySuiteOptions = {},
): void {
  describe(`the gateway on ${name}`, () => {
    let gateway: GatewayUnderTest;
    const post = (source: string, delivery: Delivery, headers: Record<string, string> = {}) =>
      gateway.fetch(`/webhooks/${source}`, {
        method: 'POST',
        headers: { ...delivery.headers, ...headers },
        body: new Uint8Array(delivery.body),
      });
    beforeAll(async () => {
      gateway = await start();
    });
    afterAll(() => gateway.close());

    describe('accepts', () => {
      testMakers(() => gateway, post);

      it('an event nobody tracks: kept, flagged, nothing sent', async () => {
        const key = uniqueId('evt');
        const before = await gateway.ingressView.count();
        const response = await post('stripe', stripeDelivery(untrackedEvent(key)));
        expect(response.status).toBe(200);
        const stored = await gateway.archiveView.find('stripe', key);
        expect(flagNamesOf(stored?.flags ?? 0)).toEqual(['untracked']);
        expect(await gateway.ingressView.count()).toBe(before);
      });

      it('a repeated delivery once, and says so', async () => {
        const [key, invoice] = [uniqueId('evt'), uniqueId('in')];
        const body = failedInvoice(key, invoice);
        await post('stripe', stripeDelivery(body));
        const response = await post('stripe', stripeDelivery(body));
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({ received: true, duplicate: true });
        expect(await gateway.ingressView.eventKeys(`stripe/${invoice}`)).toEqual([key]);
      });

      it('T12: bytes that are not UTF-8: verified and kept as they are, quarantined', async () => {
        const body = new Uint8Array([0x7b, 0xff, 0xfe, 0x00, 0xef, 0xbb, 0xbf, 0x0d, 0x0a, 0x7d]);
        const response = await post('stripe', stripeDelivery(body));
        expect(response.status).toBe(200);
        const { events } = (await response.json()) as { events: { key: string }[] };
        const stored = await gateway.archiveView.find('stripe', events[0]?.key ?? '');
        expect(Buffer.from(stored?.body ?? []).equals(body)).toBe(true);
        expect(flagNamesOf(stored?.flags ?? 0)).toEqual(['quarantined']);
        expect(stored?.note).toContain('cannot be read');
      });

      it('T12: multi-byte text cut between chunks, byte for byte', async () => {
        const key = uniqueId('evt');
        const body = untrackedEvent(key).replace('"data":{}', '"data":{"name":"😀\\r\\n€"}');
        const delivery = stripeDelivery(body);
        const response = await gateway.fetch('/webhooks/stripe', {
          method: 'POST',
          headers: delivery.headers,
          body: streamOf(delivery.body, 1),
          duplex: 'half',
        } as RequestInit);
        expect(response.status).toBe(200);
        const stored = await gateway.archiveView.find('stripe', key);
        expect(Buffer.from(stored?.body ?? []).equals(delivery.body)).toBe(true);
      });

      it('a verified event of a known type in an unknown shape: kept with the reason', async () => {
        const key = uniqueId('evt');
        const body = failedInvoice(key, 'x', { data: { object: { object: 'invoice' } } });
        const response = await post('stripe', stripeDelivery(body));
        expect(response.status).toBe(200);
        const stored = await gateway.archiveView.find('stripe', key);
        expect(flagNamesOf(stored?.flags ?? 0)).toEqual(['quarantined']);
        expect(stored?.note).not.toBeNull();
      });

      it('T13: a nesting bomb: quarantined, not crashed', async () => {
        const body = `{"id":"evt_deep","type":"x","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
        const response = await post('stripe', stripeDelivery(body));
        expect(response.status).toBe(200);
        const { events } = (await response.json()) as { events: { key: string }[] };
        const stored = await gateway.archiveView.find('stripe', events[0]?.key ?? '');
        expect(flagNamesOf(stored?.flags ?? 0)).toEqual(['quarantined']);
      });

      it('T13: two ids in one event: the last one counts, always', async () => {
        const [first, last] = [uniqueId('evt'), uniqueId('evt')];
        const body = `{"id":"${first}","id":"${last}","type":"x","__proto__":{"id":"evil"}}`;
        const response = await post('stripe', stripeDelivery(body));
        expect(await response.json()).toMatchObject({ events: [{ key: last }] });
        expect(await gateway.archiveView.find('stripe', first)).toBeNull();
      });
    });

    describe('refuses', () => {
      it('T24: a delivery without a signature: 401, nothing kept, nothing sent', async () => {
        const before = [await gateway.archiveView.count(), await gateway.ingressView.count()];
        const { body } = stripeDelivery(failedInvoice(uniqueId('evt'), uniqueId('in')));
        const response = await post('stripe', { body, headers: {} });
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({ error: { code: 'not_verified' } });
        expect([await gateway.archiveView.count(), await gateway.ingressView.count()]).toEqual(
          before,
        );
      });

      it.each([
        ['T1: signed with an empty key', { secret: '' }],
        ["T18: signed with another source's secret", { secret: SECRETS.europe }],
        ['T8: a replay from six minutes ago', { ageSeconds: 360 }],
        ['T9: one second past the tolerance', { ageSeconds: 301 + 2 }],
        ['T9: too far in the future', { ageSeconds: -303 }],
      ])('%s: 401', async (_name, { secret = SECRETS.stripe, ageSeconds = 0 }: SigningFault) => {
        const atSeconds = Math.floor(Date.now() / 1000) - ageSeconds;
        const body = untrackedEvent(uniqueId('evt'));
        const response = await post('stripe', stripeDelivery(body, { secret, atSeconds }));
        expect(response.status).toBe(401);
      });

      it('T9: near miss: well inside the tolerance on both sides is 200', async () => {
        for (const ageSeconds of [290, -290]) {
          const atSeconds = Math.floor(Date.now() / 1000) - ageSeconds;
          const body = untrackedEvent(uniqueId('evt'));
          expect((await post('stripe', stripeDelivery(body, { atSeconds }))).status).toBe(200);
        }
      });

      it('T2: every truncation of the signature and every junk after it: 401', async () => {
        const delivery = stripeDelivery(untrackedEvent(uniqueId('evt')));
        const header = delivery.headers['stripe-signature'] ?? '';
        const variants = [
          ...Array.from({ length: 66 }, (_, cut) => header.slice(0, header.length - cut - 1)),
          `${header}0`,
          `${header} x`,
          header.toUpperCase(),
        ];
        for (const variant of variants) {
          const response = await post('stripe', delivery, { 'stripe-signature': variant });
          expect([variant, response.status]).toEqual([variant, 401]);
        }
        expect((await post('stripe', delivery)).status).toBe(200);
      });

      it('T3: as many signatures as a header holds: 401 within a second', async () => {
        const delivery = stripeDelivery(untrackedEvent(uniqueId('evt')));
        const time = Math.floor(Date.now() / 1000);
        const header = `t=${time},${'v1=00,'.repeat(1_500)}`;
        const started = performance.now();
        const response = await post('stripe', delivery, { 'stripe-signature': header });
        expect(response.status).toBe(401);
        expect(performance.now() - started).toBeLessThan(1_000);
      });

      it('T10: bytes moved between id, time and body, the concatenation kept: 401', async () => {
        const time = Math.floor(Date.now() / 1000);
        const id = uniqueId('msg');
        const body = new TextEncoder().encode(`${time}.{"type":"x"}`);
        const good = standardDelivery(body, { id, atSeconds: time });
        expect((await post('standard', good)).status).toBe(200);
        const shifted = await post('standard', {
          headers: { ...good.headers, 'webhook-id': `${id}.${time}` },
          body: new TextEncoder().encode('{"type":"x"}'),
        });
        expect(shifted.status).toBe(401);
      });

      it('T11: SHA-1 alone where SHA-256 is agreed: 401', async () => {
        const { body, headers } = githubDelivery('{"zen":"x"}');
        const { 'x-hub-signature-256': _removed, ...rest } = headers;
        const weak = { ...rest, 'x-hub-signature': `sha1=${'0'.repeat(40)}` };
        expect((await post('github', { body, headers: weak })).status).toBe(401);
      });

      it.each([
        ['/webhooks/stripe/', 'a trailing slash'],
        ['/webhooks//stripe', 'two slashes'],
        ['//webhooks/stripe', 'two slashes in front'],
        ['/webhooks/stripe%2f', 'an encoded slash'],
        ['/webhooks/x%2fstripe', 'an encoded slash before the name'],
        ['/webhooks/stripe%252f', 'a slash encoded twice'],
        ['/webhooks/%2573tripe', 'a letter encoded twice'],
        ['/webhooks/stripe.', 'a trailing dot'],
        ['/webhooks/stripe%20', 'a trailing space'],
        ['/webhooks/stripe%00', 'a NUL'],
        ['/webhooks/STRIPE', 'upper case'],
        ['/webhooks/%E0%A4%A', 'broken encoding'],
        ['/webhooks/github%2f..%2fstripe', 'dot segments'],
        ['/webhooks/__proto__', 'a name every object has'],
        ['/webhooks/', 'no name'],
        ['/webhooks', 'no name and no slash'],
        ['/webhooks/nobody', 'a name nobody has'],
      ])('T15: %s (%s): 404, and a signed delivery changes nothing', async (path) => {
        const before = await gateway.archiveView.count();
        const delivery = stripeDelivery(untrackedEvent(uniqueId('evt')));
        const response = await gateway.fetch(path, {
          method: 'POST',
          headers: delivery.headers,
          body: new Uint8Array(delivery.body),
        });
        expect(response.status).toBe(404);
        expect(await response.json()).toEqual({ error: { code: 'not_found' } });
        expect(await gateway.archiveView.count()).toBe(before);
      });

      it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])(
        '%s where the provider has no handshake: 405 and what is allowed',
        async (method) => {
          const response = await gateway.fetch('/webhooks/stripe', { method });
          expect(response.status).toBe(405);
          expect(response.headers.get('allow')).toBe('POST');
        },
      );

      it('T6: a body of one byte over the cap: 413; of exactly the cap: 200', async () => {
        const sized = (bytes: number): Delivery => {
          const body = JSON.stringify({ id: uniqueId('evt'), type: 'x', pad: '' });
          return stripeDelivery(body.replace('""', `"${'p'.repeat(bytes - body.length)}"`));
        };
        const over = await post('small', sized(2001));
        expect(over.status).toBe(413);
        expect(await over.json()).toEqual({ error: { code: 'too_large' } });
        expect((await post('small', sized(2000))).status).toBe(200);
      });

      it('T7: a body without a declared length: 413 all the same', async () => {
        const delivery = stripeDelivery(new Uint8Array(100_000));
        const response = await gateway.fetch('/webhooks/small', {
          method: 'POST',
          headers: delivery.headers,
          body: streamOf(delivery.body, 4096),
          duplex: 'half',
        } as RequestInit);
        expect(response.status).toBe(413);
      });

      describe.runIf(lengthMayLie)('T7: a length declared shorter than the body', () => {
        const claim = { 'content-length': '10' };

        it('over the cap: 413, nothing kept', async () => {
          const before = await gateway.archiveView.count();
          const key = uniqueId('evt');
          const body = untrackedEvent(key).replace('{}', `"${'p'.repeat(2000)}"`);
          expect((await post('small', stripeDelivery(body), claim)).status).toBe(413);
          expect(await gateway.archiveView.count()).toBe(before);
        });

        it('within the cap: what counts are the bytes, all of them', async () => {
          const key = uniqueId('evt');
          const delivery = stripeDelivery(untrackedEvent(key));
          expect((await post('small', delivery, claim)).status).toBe(200);
          const stored = await gateway.archiveView.find('small', key);
          expect(Buffer.from(stored?.body ?? []).equals(delivery.body)).toBe(true);
        });
      });

      it.each(['gzip', 'br', 'deflate', 'gzip, gzip', 'x-unknown'])(
        'T23: content-encoding %s where the source allows none: 415',
        async (encoding) => {
          const delivery = stripeDelivery(gzipSync(untrackedEvent(uniqueId('evt'))));
          const response = await post('stripe', delivery, { 'content-encoding': encoding });
          expect(response.status).toBe(415);
        },
      );
    });

    describe('compressed bodies, where the source allows gzip', () => {
      it('are verified as sent, kept as sent and read decoded', async () => {
        const key = uniqueId('evt');
        const delivery = stripeDelivery(gzipSync(untrackedEvent(key)));
        const response = await post('zipped', delivery, { 'content-encoding': 'gzip' });
        expect(response.status).toBe(200);
        const stored = await gateway.archiveView.find('zipped', key);
        expect(Buffer.from(stored?.body ?? []).equals(delivery.body)).toBe(true);
        expect(stored?.headers['content-encoding']).toBe('gzip');
      });

      it('T23: that inflate beyond the cap stop at the cap and are quarantined', async () => {
        const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024));
        expect(bomb.length).toBeLessThan(20_000);
        const response = await post('zipped', stripeDelivery(bomb), { 'content-encoding': 'gzip' });
        expect(response.status).toBe(200);
        const { events } = (await response.json()) as { events: { key: string }[] };
        const stored = await gateway.archiveView.find('zipped', events[0]?.key ?? '');
        expect(flagNamesOf(stored?.flags ?? 0)).toEqual(['quarantined']);
        expect(stored?.note).toContain('more than 20000 bytes');
      });

      it('that are no gzip at all are quarantined', async () => {
        const delivery = stripeDelivery(untrackedEvent(uniqueId('evt')));
        const response = await post('zipped', delivery, { 'content-encoding': 'gzip' });
        const { events } = (await response.json()) as { events: { key: string }[] };
        const stored = await gateway.archiveView.find('zipped', events[0]?.key ?? '');
        expect(stored?.note).toContain('not the gzip stream');
      });
    });

    describe('identity', () => {
      it('T18: the same id from two sources is two events', async () => {
        const [key, invoice] = [uniqueId('evt'), uniqueId('in')];
        const body = failedInvoice(key, invoice);
        await post('stripe', stripeDelivery(body));
        await post('stripe-eu', stripeDelivery(body, { secret: SECRETS.europe }));
        expect(await gateway.ingressView.eventKeys(`stripe/${invoice}`)).toEqual([key]);
        expect(await gateway.ingressView.eventKeys(`stripe-eu/${invoice}`)).toEqual([key]);
      });

      it('T18: a forged delivery of a future id does not spend that id', async () => {
        const [key, invoice] = [uniqueId('evt'), uniqueId('in')];
        const body = failedInvoice(key, invoice);
        const forged = stripeDelivery(body, { secret: 'guess' });
        expect((await post('stripe', forged)).status).toBe(401);
        const real = await post('stripe', stripeDelivery(body));
        expect(await real.json()).toMatchObject({ duplicate: false });
        expect(await gateway.ingressView.eventKeys(`stripe/${invoice}`)).toEqual([key]);
      });

      it('T8: an old GitHub body under a new unsigned id does not take the old key', async () => {
        const body = JSON.stringify({ zen: uniqueId('zen') });
        const send = async (id: string): Promise<unknown> =>
          (await post('github', githubDelivery(body, { id }))).json();
        expect(await send('guid-1')).toMatchObject({ duplicate: false });
        expect(await send('guid-1')).toMatchObject({ duplicate: true });
        const other = githubDelivery(JSON.stringify({ zen: uniqueId('zen') }), { id: 'guid-1' });
        expect(await (await post('github', other)).json()).toMatchObject({ duplicate: false });
      });

      it('T16: smuggled headers choose no key and are not kept', async () => {
        const key = uniqueId('evt');
        const delivery = stripeDelivery(untrackedEvent(key));
        const response = await post('stripe', delivery, {
          'idempotency-key': 'chosen',
          'x-restate-id': 'chosen',
          'x-restate-limit-key': 'chosen',
          authorization: 'Bearer x',
          cookie: 'session=x',
          'user-agent': 'caf\u00e9/1.0',
        });
        expect(await response.json()).toMatchObject({ events: [{ key }] });
        const stored = await gateway.archiveView.find('stripe', key);
        expect(Object.keys(stored?.headers ?? {}).toSorted()).toEqual([
          'content-type',
          'user-agent',
        ]);
        expect(stored?.headers['user-agent']).toMatch(/^[\x20-\x7e]*$/);
      });
    });

    describe('for operators', () => {
      const scrape = async () =>
        seriesIn(await (await gateway.fetch('/metrics', bearer(OPERATOR_TOKEN))).text());

      it('the API needs the token', async () => {
        const none = await gateway.fetch('/api/now');
        expect(none.status).toBe(401);
        expect(none.headers.get('www-authenticate')).toContain('Bearer');
        const near = await gateway.fetch('/api/now', bearer(OPERATOR_TOKEN.slice(0, -1)));
        expect(near.status).toBe(401);
        expect((await gateway.fetch('/api/now', bearer(OPERATOR_TOKEN))).status).toBe(200);
      });

      it('sources are listed without their secrets', async () => {
        const response = await gateway.fetch('/api/sources', bearer(OPERATOR_TOKEN));
        const text = await response.text();
        expect(JSON.parse(text).sources).toContainEqual(
          expect.objectContaining({
            id: 'stripe',
            webhookUrl: 'https://hooks.example.com/webhooks/stripe',
            mode: 'shadow',
            secretIds: [secretOf(SECRETS.stripe).id, secretOf(SECRETS.stripeOld).id],
          }),
        );
        for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret);
      });

      it('metrics count accepted, duplicate and rejected deliveries', async () => {
        const response = await gateway.fetch('/metrics', bearer(OPERATOR_TOKEN));
        expect(response.headers.get('content-type')).toContain('text/plain');
        const text = await response.text();
        expect(text).toMatch(/hookline_accepted_total\{source="stripe"\} [1-9]/);
        expect(text).toMatch(/hookline_duplicate_total\{source="stripe"\} [1-9]/);
        expect(text).toMatch(
          /hookline_rejected_total\{source="stripe",reason="signature_mismatch"\} [1-9]/,
        );
        expect(text).toMatch(/hookline_ack_seconds_bucket\{source="stripe",le="\+Inf"\} [1-9]/);
      });

      it('metrics count which secret matched, so that one sees when an old one may go', async () => {
        const secrets = [SECRETS.stripe, SECRETS.stripeOld, 'guess'];
        const series = secrets.map(
          (secret) =>
            `hookline_secret_matched_total{source="stripe",secret="${secretOf(secret).id}"}`,
        );
        const first = await scrape();
        for (const secret of [...secrets, SECRETS.stripeOld])
          await post('stripe', stripeDelivery(untrackedEvent(uniqueId('evt')), { secret }));
        const last = await scrape();
        expect(series.map((name) => last(name) - first(name))).toEqual([1, 2, 0]);
      });

      it('metrics show how many records share a commit of the archive', async () => {
        const first = await scrape();
        await Promise.all(
          Array.from({ length: 12 }, () =>
            post('stripe', stripeDelivery(untrackedEvent(uniqueId('evt')))),
          ),
        );
        const last = await scrape();
        const grown = (name: string) => last(name) - first(name);
        const commits = grown('hookline_archive_batch_size_count');
        const records = grown('hookline_archive_batch_size_sum');
        // Refusals of the tests before may still be on their way to it.
        expect(records).toBeGreaterThanOrEqual(12);
        expect(commits).toBeGreaterThanOrEqual(1);
        expect(commits).toBeLessThanOrEqual(records);
        expect(grown('hookline_archive_batch_size_bucket{le="+Inf"}')).toBe(commits);
        expect(grown('hookline_archive_commit_seconds_count')).toBe(commits);
      });

      it('health says alive, readiness says ready', async () => {
        expect((await gateway.fetch('/healthz')).status).toBe(200);
        expect((await gateway.fetch('/readyz')).status).toBe(200);
      });
    });
  });
}

interface SigningFault {
  readonly secret?: string;
  readonly ageSeconds?: number;
}

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

function streamOf(bytes: Uint8Array, chunkBytes: number): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(offset, offset + chunkBytes));
      offset += chunkBytes;
    },
  });
}
