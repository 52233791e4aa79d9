import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runVectors } from '../../src/cli/vectors.ts';
import { encode, utf8 } from '../../src/core/bytes.ts';
import type { CryptoPort } from '../../src/core/crypto.ts';
import { secretOf, secretProblem, verifyDelivery } from '../../src/core/verify.ts';
import { providers } from '../../webhooks/index.ts';
import { standardWebhooks } from '../../webhooks/standard-webhooks.ts';
import { NOW_SECONDS, PORTS, testProvider } from '../suites/provider.ts';
import { sharedVectors, vectorsAbsent } from '../support/vectors.ts';

const KEY = utf8('a key of thirty-two bytes, for us');
const SECRET = `whsec_${encode(KEY.subarray(0, 32), 'base64')}`;
const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const BODY = '{"type":"user.created","timestamp":"2025-11-24T10:00:00Z","data":{"id":"u_1"}}';

// https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
const documented = {
  provider: 'standard-webhooks',
  url: 'https://example.com/',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  body: '{"test": 2432232314}',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  now: 1_614_265_330,
  expect: 'valid',
  note: 'the sign() vector',
} as const;

testProvider(
  standardWebhooks,
  [documented, { ...documented, now: 1_614_265_631, expect: 'invalid', note: '301 s old' }],
  {
    secret: SECRET,
    otherSecret: `whsec_${encode(utf8('another key of thirty-two bytes!'), 'base64')}`,
    body: BODY,
    id: ID,
    type: 'user.created',
    key: new RegExp(`^${ID}$`),
  },
);

interface Envelope {
  readonly id?: string;
  readonly time?: string;
  readonly body?: string;
}

async function macFor(envelope: Envelope, crypto: CryptoPort): Promise<string> {
  const text = `${envelope.id ?? ID}.${envelope.time ?? NOW_SECONDS}.${envelope.body ?? BODY}`;
  return encode(await crypto.hmac('SHA-256', KEY.subarray(0, 32), [utf8(text)]), 'base64');
}

describe.each(PORTS)('standard-webhooks on %s', (_name, crypto) => {
  const judge = async (
    signature: string,
    envelope: Envelope = {},
    secrets = [SECRET],
    prefix = 'webhook',
  ) => {
    const outcome = await verifyDelivery({
      provider: standardWebhooks,
      request: {
        method: 'POST',
        url: 'https://example.com/',
        headers: new Headers({
          [`${prefix}-id`]: envelope.id ?? ID,
          [`${prefix}-timestamp`]: envelope.time ?? String(NOW_SECONDS),
          [`${prefix}-signature`]: signature,
        }),
        body: utf8(envelope.body ?? BODY),
      },
      secrets: await Promise.all(secrets.map((secret) => secretOf(secret, crypto))),
      nowSeconds: NOW_SECONDS,
      crypto,
    });
    return outcome.ok ? 'valid' : outcome.failure.reason;
  };
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const whpk = `whpk_${encode(raw, 'base64')}`;
  const asymmetric = encode(sign(null, utf8(`${ID}.${NOW_SECONDS}.${BODY}`), privateKey), 'base64');

  it.skipIf(vectorsAbsent)(
    'gives the verdict of every vector of the catalogue, those of Svix too',
    async () => {
      const vectors = sharedVectors(['standard-webhooks', 'svix']);
      expect(vectors.length).toBeGreaterThan(10);
      const results = await runVectors(vectors, providers, crypto);
      expect(results.filter((result) => !result.passed)).toEqual([]);
    },
  );
  it('takes the header names of Svix', async () => {
    expect(await judge(`v1,${await macFor({}, crypto)}`, {}, [SECRET], 'svix')).toBe('valid');
  });
  it('verifies v1a with a public key, and each version only with its own kind of key', async () => {
    const mac = await macFor({}, crypto);
    expect(await judge(`v1a,${asymmetric}`, {}, [whpk])).toBe('valid');
    expect(await judge(`v1,AAAA v1a,${asymmetric}`, {}, [SECRET, whpk])).toBe('valid');
    expect(await judge(`v1a,${asymmetric}`, { body: `${BODY} ` }, [whpk])).toBe(
      'signature_mismatch',
    );
    expect(await judge(`v1a,${asymmetric}`, {}, [SECRET])).not.toBe('valid');
    expect(await judge(`v1,${asymmetric}`, {}, [whpk])).not.toBe('valid');
    expect(await judge(`v1a,${mac}`, {}, [SECRET, whpk])).not.toBe('valid');
  });
  it('never uses a public key as a shared secret', async () => {
    for (const key of [utf8(whpk), raw, utf8(encode(raw, 'base64'))]) {
      const text = utf8(`${ID}.${NOW_SECONDS}.${BODY}`);
      const mac = encode(await crypto.hmac('SHA-256', key, [text]), 'base64');
      expect(await judge(`v1,${mac}`, {}, [whpk])).not.toBe('valid');
    }
  });
  it('refuses bytes shifted between id, time and body under one valid signature', async () => {
    const mac = await macFor({}, crypto);
    const time = String(NOW_SECONDS);
    // The same concatenation, read in another way.
    expect(await judge(`v1,${mac}`, { id: `${ID}.${time}`, time: BODY, body: '' })).not.toBe(
      'valid',
    );
    const dotted = { id: 'msg.1', time, body: `${time}.${BODY}` };
    const valid = await macFor(dotted, crypto);
    expect(await judge(`v1,${valid}`, dotted)).toBe('signed_part_malformed');
    const shifted = { id: 'msg', time: `1.${time}`, body: dotted.body };
    expect(await judge(`v1,${valid}`, shifted)).toBe('timestamp_malformed');
  });
  it('requires canonical base64', async () => {
    const mac = await macFor({}, crypto);
    const last = mac.charAt(42);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const respelled = alphabet.charAt(alphabet.indexOf(last) + 1);
    expect(Buffer.from(`${mac.slice(0, 42)}${respelled}=`, 'base64')).toEqual(
      Buffer.from(mac, 'base64'),
    );
    expect(await judge(`v1,${mac.slice(0, 42)}${respelled}=`)).toBe('signature_malformed');
    expect(await judge(`v1,${mac.slice(0, -1)}`)).toBe('signature_malformed');
    expect(
      await judge(`v1,${mac.replaceAll('+', '-').replaceAll('/', '_').slice(0, -1)}`),
    ).not.toBe('valid');
    expect(await judge(`v1,${mac}`)).toBe('valid');
  });
  it('says at start-up which secrets cannot be right', async () => {
    const secret = (count: number) => `whsec_${encode(new Uint8Array(count).fill(7), 'base64')}`;
    for (const good of [SECRET, whpk, secret(24), secret(64), SECRET.slice(6)]) {
      expect(await secretProblem(standardWebhooks, good, crypto)).toBeNull();
    }
    for (const bad of [
      '',
      ' ',
      'whsec_',
      'whsec_not base64',
      secret(17),
      secret(65),
      'whpk_AAAA',
    ]) {
      expect(await secretProblem(standardWebhooks, bad, crypto)).not.toBeNull();
    }
  });
});
