import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import type { ProviderDefinition } from '../../src/core/provider.ts';
import { signDelivery } from '../../src/core/sign.ts';
import type { Verification } from '../../src/core/verification.ts';
import { secretOf, verifyDelivery } from '../../src/core/verify.ts';
import { github } from '../../webhooks/github.ts';
import { standardWebhooks } from '../../webhooks/standard-webhooks.ts';
import { NOW_SECONDS, PORTS } from '../suites/provider.ts';
import { definitionOf, makers } from '../support/makers.ts';

describe.each(PORTS)('signing on %s', (_name, crypto) => {
  const common = {
    body: utf8('{}'),
    nowSeconds: NOW_SECONDS,
    id: 'id_1',
    url: 'https://e.com/',
    crypto,
  };
  it('puts the id where the maker puts it', async () => {
    const signed = await signDelivery({ ...common, provider: github, secret: 's1' });
    expect(signed).toMatchObject({
      'x-github-delivery': 'id_1',
      'content-type': 'application/json',
    });
    expect(signed['x-hub-signature-256']).toMatch(/^sha256=[0-9a-f]{64}$/);
  });
  it.each<[string, Verification, string]>([
    [
      'a token',
      { scheme: 'token', token: { from: 'header', names: ['x-token'], prefix: 'T ' }, why: 'w' },
      'abc',
    ],
    ['basic auth', { scheme: 'basic', why: 'w' }, 'ada:pass'],
  ])('makes %s that verifies', async (_what, verification, secret) => {
    const provider = definitionOf('maker', verification);
    const headers = new Headers(await signDelivery({ ...common, provider, secret }));
    const request = { method: 'POST', url: common.url, headers, body: common.body };
    const secrets = [await secretOf(secret, crypto)];
    const input = { provider, request, secrets, nowSeconds: NOW_SECONDS, crypto };
    expect((await verifyDelivery(input)).ok).toBe(true);
  });
  it('throws where a public key, a blank secret or the body would have to sign', async () => {
    const unsigned = async (provider: ProviderDefinition = github, secret = 's1') =>
      expect(signDelivery({ ...common, provider, secret })).rejects.toThrow('cannot be signed');
    await unsigned(github, '');
    await unsigned(makers.get('discord'));
    await unsigned(makers.get('mailgun'));
    await expect(
      signDelivery({ ...common, provider: standardWebhooks, secret: 'whpk_AAAA' }),
    ).rejects.toThrow('cannot be signed');
  });
});
