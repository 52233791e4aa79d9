import { describe, expect, it } from 'vitest';
import { runVectors } from '../../src/cli/vectors.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { readEvents } from '../../src/core/event.ts';
import { signDelivery } from '../../src/core/sign.ts';
import { secretOf, verifyDelivery } from '../../src/core/verify.ts';
import { github } from '../../webhooks/github.ts';
import { providers } from '../../webhooks/index.ts';
import { NOW_SECONDS, PORTS, testProvider } from '../suites/provider.ts';
import { githubExamples } from '../support/maker-deliveries.ts';
import { sharedVectors, vectorsAbsent } from '../support/vectors.ts';

const GUID = '72d3162e-cc78-11e3-81ab-4c9367dc0958';
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
const documented = {
  provider: 'github',
  url: 'https://example.com/',
  headers: {
    'x-hub-signature-256':
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  },
  body: 'Hello, World!',
  secret: "It's a Secret to Everybody",
  now: NOW_SECONDS,
  expect: 'valid',
  note: 'documented by GitHub',
} as const;

testProvider(
  github,
  [documented, { ...documented, body: 'Hello, World', expect: 'invalid', note: 'one byte less' }],
  {
    secret: 'development',
    otherSecret: 'production-secret',
    body: '{"action":"created","alert":{"number":1}}',
    headers: { 'x-github-event': 'dependabot_alert' },
    id: GUID,
    type: 'dependabot_alert.created',
    key: new RegExp(`^${GUID}:[0-9a-f]{16}$`),
  },
);

describe.each(PORTS)('github on %s', (_name, crypto) => {
  const deliver = async (body: Uint8Array, event: string, id = GUID) => {
    const signed = await signDelivery({
      provider: github,
      secret: 'mysecret',
      body,
      nowSeconds: NOW_SECONDS,
      id,
      url: 'https://example.com/',
      crypto,
    });
    const headers = new Headers({ ...signed, 'x-github-event': event });
    return { method: 'POST', url: 'https://example.com/', headers, body };
  };
  const read = (request: Awaited<ReturnType<typeof deliver>>) =>
    readEvents({
      provider: github,
      source: 'github',
      request,
      verified: { secretId: 'x', signedAtSeconds: null },
      crypto,
    });

  it.skipIf(vectorsAbsent)('gives the verdict of every vector of the catalogue', async () => {
    const vectors = sharedVectors(['github']);
    expect(vectors.length).toBeGreaterThan(0);
    const results = await runVectors(vectors, providers, crypto);
    expect(results.filter((result) => !result.passed)).toEqual([]);
  });
  it('verifies and names every example payload of GitHub', async () => {
    expect(githubExamples.length).toBeGreaterThan(40);
    const secrets = [await secretOf('mysecret', crypto)];
    for (const { name, examples: payloads } of githubExamples) {
      for (const payload of payloads) {
        const request = await deliver(utf8(JSON.stringify(payload)), name);
        const input = { provider: github, request, secrets, nowSeconds: NOW_SECONDS, crypto };
        expect((await verifyDelivery(input)).ok).toBe(true);
        const events = await read(request);
        const action = typeof payload['action'] === 'string' ? `.${payload['action']}` : '';
        expect(events).toMatchObject({ ok: true, value: [{ type: `${name}${action}` }] });
      }
    }
  });
  it('reads a payload sent as a form, as the default content type of GitHub does', async () => {
    const json = '{"action":"opened","title":"a b+c&d=é"}';
    const form = utf8(new URLSearchParams({ payload: json }).toString());
    const events = await read(await deliver(form, 'pull_request'));
    expect(events).toMatchObject({
      ok: true,
      value: [{ type: 'pull_request.opened', json: { title: 'a b+c&d=é' } }],
    });
  });
  it('ignores the SHA-1 signature and refuses it under the other header', async () => {
    const body = utf8('{}');
    const mac = Buffer.from(await crypto.hmac('SHA-1', utf8('mysecret'), [body])).toString('hex');
    const judge = async (headers: Record<string, string>) => {
      const request = { method: 'POST', url: '', headers: new Headers(headers), body };
      const secrets = [await secretOf('mysecret', crypto)];
      const input = { provider: github, request, secrets, nowSeconds: NOW_SECONDS, crypto };
      const outcome = await verifyDelivery(input);
      return outcome.ok ? 'valid' : outcome.failure.reason;
    };
    expect(await judge({ 'x-hub-signature': `sha1=${mac}` })).toBe('signature_missing');
    expect(await judge({ 'x-hub-signature-256': `sha1=${mac}` })).toBe('signature_malformed');
    expect(await judge({ 'x-hub-signature-256': `sha256=${mac}` })).toBe('signature_malformed');
  });
  it('gives a replayed body under a new delivery id a key of its own, and the same pair the same', async () => {
    const body = utf8('{"action":"created"}');
    const key = async (id: string, bytes = body) => {
      const events = await read(await deliver(bytes, 'ping', id));
      return events.ok ? events.value[0]?.key : events;
    };
    expect(await key('a')).toBe(await key('a'));
    expect(await key('a')).not.toBe(await key('b'));
    expect(await key('a')).not.toBe(await key('a', utf8('{"action":"deleted"}')));
  });
});
