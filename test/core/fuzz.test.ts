import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import type { DeliveryRequest } from '../../src/core/delivery.ts';
import { readEvents } from '../../src/core/event.ts';
import { signDelivery } from '../../src/core/sign.ts';
import { verifyDelivery } from '../../src/core/verify.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { providers } from '../../webhooks/index.ts';
import { NOW_SECONDS } from '../suites/provider.ts';
import { makers } from '../support/makers.ts';
import { holdsAsync } from '../support/property.ts';

const crypto = createNodeCrypto();
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const secrets = [{ id: 'a', value: SECRET, notBefore: null, notAfter: null, keyId: 'k' }];
const all = [...providers.values(), ...makers.values()];

/** Texts that look like headers of a maker, and texts that look like nothing. */
const shard = fc.constantFrom(
  't=',
  'v1=',
  'v0=',
  'v1,',
  'v1a,',
  'sha256=',
  'sha1=',
  ',',
  ';',
  ' ',
  '.',
  '=',
  '==',
  ':',
  '|',
  '&',
  String(NOW_SECONDS),
  '12abc',
  '1e3',
  '-1',
  'a'.repeat(64),
  'A'.repeat(43),
  `${'A'.repeat(43)}=`,
  'Bearer ',
  'Basic ',
  'eyJhbGciOiJIUzI1NiJ9',
  '{}',
  '\u0000',
  'é',
  '\ud800',
  '💥',
);
const text = fc.oneof(
  fc.array(shard, { maxLength: 8 }).map((shards) => shards.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
const json = fc.json({ maxDepth: 4 });
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  json.map(utf8),
  text.map(utf8),
  fc.constant(utf8('['.repeat(5_000))),
  fc
    .record({
      id: fc.oneof(text, fc.integer(), json),
      type: text,
      created: fc.oneof(text, fc.double()),
    })
    .map((fields) => utf8(JSON.stringify(fields))),
);
/** Every header a definition may ask for, whatever its name: the map answers with some fuzzed text. */
const request: fc.Arbitrary<DeliveryRequest> = fc
  .record({
    method: fc.constantFrom('POST', 'GET', '', 'post'),
    url: fc.oneof(fc.webUrl({ withQueryParameters: true }), text),
    values: fc.array(fc.oneof(text, fc.constant(null)), { minLength: 1, maxLength: 6 }),
    body,
  })
  .map(({ method, url, values, body: bytes }) => ({
    method,
    url,
    headers: { get: (name) => values[name.length % values.length] ?? null },
    body: bytes,
  }));

describe('whatever is sent', () => {
  it('verifyDelivery gives a verdict, never throws, and never believes noise', async () => {
    await holdsAsync(
      'verdicts on noise',
      fc.asyncProperty(fc.constantFrom(...all), request, async (provider, delivery) => {
        const input = { provider, request: delivery, secrets, nowSeconds: NOW_SECONDS, crypto };
        const outcome = await verifyDelivery(input);
        expect(outcome.ok).toBe(false);
      }),
      10_000,
    );
  });
  it('readEvents gives events with usable keys or a reason, never throws', async () => {
    await holdsAsync(
      'events of noise',
      fc.asyncProperty(fc.constantFrom(...all), request, async (provider, delivery) => {
        const verified = { secretId: 'a', signedAtSeconds: null };
        const input = { provider, source: 's', request: delivery, verified, crypto };
        const events = await readEvents(input);
        for (const { key } of events.ok ? events.value : []) {
          expect(key.length).toBeGreaterThan(0);
          expect(key.length).toBeLessThanOrEqual(200);
          expect(encodeURIComponent(key)).not.toBe('');
        }
      }),
      10_000,
    );
  });
  it('a signed delivery with any one header or body byte changed is not believed', async () => {
    const signable = [...providers.values()];
    await holdsAsync(
      'one byte changed',
      fc.asyncProperty(
        fc.constantFrom(...signable),
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (provider, bytes, position, change, inBody) => {
          const url = 'https://example.com/';
          const common = { provider, nowSeconds: NOW_SECONDS, crypto };
          const signed = await signDelivery({
            ...common,
            secret: SECRET,
            body: bytes,
            id: 'msg_1',
            url,
          });
          const judge = async (headers: Record<string, string>, sent: Uint8Array) =>
            verifyDelivery({
              ...common,
              secrets,
              request: {
                method: 'POST',
                url,
                headers: { get: (name) => headers[name] ?? null },
                body: sent,
              },
            });
          expect((await judge(signed, bytes)).ok).toBe(true);
          if (inBody) {
            const changed = bytes.slice();
            const at = position % bytes.length;
            changed[at] = (changed[at] ?? 0) ^ change;
            expect((await judge(signed, changed)).ok).toBe(false);
          } else {
            const names = Object.keys(signed).filter((name) =>
              /signature|webhook-(id|timestamp)/.test(name),
            );
            const name = names[position % names.length] ?? '';
            const value = signed[name] ?? '';
            const at = change % value.length;
            const other = value.charAt(at) === '7' ? '8' : '7';
            const headers = {
              ...signed,
              [name]: `${value.slice(0, at)}${other}${value.slice(at + 1)}`,
            };
            expect((await judge(headers, bytes)).ok).toBe(false);
          }
        },
      ),
      10_000,
    );
  });
});
