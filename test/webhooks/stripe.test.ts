import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { runVectors } from '../../src/cli/vectors.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { readEvents } from '../../src/core/event.ts';
import { signDelivery } from '../../src/core/sign.ts';
import { secretOf, verifyDelivery } from '../../src/core/verify.ts';
import { providers } from '../../webhooks/index.ts';
import { stripe } from '../../webhooks/stripe.ts';
import { NOW_SECONDS, PORTS, testProvider } from '../suites/provider.ts';
import { sharedVectors, vectorsAbsent } from '../support/vectors.ts';

const SECRET = 'whsec_test_of_hookline';
const BODY = JSON.stringify({
  id: 'evt_1PExample',
  object: 'event',
  type: 'invoice.payment_failed',
  created: 1_763_999_990,
  data: { object: { id: 'in_1', metadata: { note: 'größe ☕ 𝄞' } } },
});
const sdk = new Stripe('sk_test_unused');
const header = (payload: string, options: { timestamp?: number; scheme?: string } = {}) =>
  sdk.webhooks.generateTestHeaderString({
    payload,
    secret: SECRET,
    timestamp: NOW_SECONDS,
    ...options,
  });
const signed = {
  provider: 'stripe',
  url: 'https://example.com/',
  headers: { 'stripe-signature': header(BODY) },
  body: BODY,
  secret: SECRET,
  now: NOW_SECONDS,
  expect: 'valid',
  note: "signed by Stripe's own SDK",
} as const;

testProvider(
  stripe,
  [
    signed,
    { ...signed, body: `${BODY} `, expect: 'invalid', note: 'one space more' },
    {
      ...signed,
      headers: { 'stripe-signature': header(BODY, { scheme: 'v0' }) },
      expect: 'invalid',
      note: 'the right MAC under v0',
    },
  ],
  {
    secret: SECRET,
    otherSecret: 'whsec_other',
    body: BODY,
    id: 'evt_1PExample',
    type: 'invoice.payment_failed',
    key: /^evt_1PExample$/,
  },
);

describe.each(PORTS)('stripe on %s', (_name, crypto) => {
  const judge = async (signature: string, nowSeconds = NOW_SECONDS) => {
    const outcome = await verifyDelivery({
      provider: stripe,
      request: {
        method: 'POST',
        url: 'https://example.com/',
        headers: new Headers({ 'stripe-signature': signature }),
        body: utf8(BODY),
      },
      secrets: [await secretOf('whsec_old', crypto), await secretOf(SECRET, crypto)],
      nowSeconds,
      crypto,
    });
    return outcome.ok ? 'valid' : outcome.failure.reason;
  };
  const mac = header(BODY).split('v1=')[1] ?? '';
  const wrong = 'a'.repeat(64);

  it.skipIf(vectorsAbsent)('gives the verdict of every vector of the catalogue', async () => {
    const vectors = sharedVectors(['stripe']);
    expect(vectors.length).toBeGreaterThan(0);
    const results = await runVectors(vectors, providers, crypto);
    expect(results.filter((result) => !result.passed)).toEqual([]);
  });
  it('signs what the SDK of Stripe accepts', async () => {
    const headers = await signDelivery({
      provider: stripe,
      secret: SECRET,
      body: utf8(BODY),
      nowSeconds: Math.floor(Date.now() / 1000),
      id: 'unused',
      url: 'https://example.com/',
      crypto,
    });
    const event = sdk.webhooks.constructEvent(BODY, headers['stripe-signature'] ?? '', SECRET);
    expect(event.id).toBe('evt_1PExample');
  });
  it('finds the one valid v1 of a list, wherever it stands', async () => {
    expect(await judge(`t=${NOW_SECONDS},v1=${wrong},v1=${mac}`)).toBe('valid');
    expect(await judge(`t=${NOW_SECONDS},v1=${mac},v1=${wrong},v0=${wrong}`)).toBe('valid');
    expect(await judge(`v1=${mac},t=${NOW_SECONDS}`)).toBe('valid');
  });
  it('looks at sixteen signatures and refuses a list of seventeen', async () => {
    const list = (count: number) => `,v1=${wrong}`.repeat(count);
    expect(await judge(`t=${NOW_SECONDS}${list(15)},v1=${mac}`)).toBe('valid');
    expect(await judge(`t=${NOW_SECONDS},v1=${mac}${list(16)}`)).toBe('signature_malformed');
  });
  it('never takes a v0 signature, even the right MAC', async () => {
    expect(await judge(`t=${NOW_SECONDS},v0=${mac}`)).toBe('signature_malformed');
    expect(await judge(`t=${NOW_SECONDS},v1=${wrong},v0=${mac}`)).toBe('signature_mismatch');
  });
  it('refuses a header with two times, as two joined headers make it', async () => {
    const twice = `t=${NOW_SECONDS},v1=${mac}, t=${NOW_SECONDS + 1},v1=${wrong}`;
    expect(await judge(twice)).toBe('header_duplicated');
  });
  it('refuses a time that is not plain digits, though its MAC is right', async () => {
    for (const time of [
      '12abc',
      '1e3',
      '-1',
      '+1',
      '01',
      '0x10',
      ' 1',
      '1.0',
      'NaN',
      '',
      '1'.repeat(19),
    ]) {
      const payload = utf8(`${time}.${BODY}`);
      const bytes = await crypto.hmac('SHA-256', utf8(SECRET), [payload]);
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      expect(await judge(`t=${time},v1=${hex}`, 1_000), time).not.toBe('valid');
      expect(await judge(`t=${time},v1=${hex}`, 1), time).not.toBe('valid');
    }
  });
  it('refuses a time far in the future, which the SDK of Stripe accepts', async () => {
    const future = header(BODY, { timestamp: NOW_SECONDS + 301 });
    expect(await judge(future)).toBe('timestamp_in_future');
    expect(await judge(header(BODY, { timestamp: NOW_SECONDS + 300 }))).toBe('valid');
    expect(await judge(header(BODY, { timestamp: 1 }))).toBe('timestamp_too_old');
  });
  it('reads the time of the event, also of a thin one', async () => {
    const read = async (body: string) => {
      const events = await readEvents({
        provider: stripe,
        source: 'stripe',
        request: { method: 'POST', url: '', headers: new Headers(), body: utf8(body) },
        verified: { secretId: 'x', signedAtSeconds: NOW_SECONDS },
        crypto,
      });
      return events.ok ? events.value[0]?.providerTimeMs : events;
    };
    expect(await read(BODY)).toBe(1_763_999_990_000);
    const thin =
      '{"id":"evt_2","object":"v2.core.event","type":"v1.x","created":"2025-11-24T00:00:00.5Z"}';
    expect(await read(thin)).toBe(Date.parse('2025-11-24T00:00:00.5Z'));
    expect(await read('{"id":"evt_3","type":"x","created":"yesterday"}')).toBeNull();
  });
});
