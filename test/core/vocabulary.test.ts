import { describe, expect, it } from 'vitest';
import { runVectors } from '../../src/cli/vectors.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { providerProblems } from '../../src/core/provider-problems.ts';
import { signDelivery } from '../../src/core/sign.ts';
import { secretOf, verifyDelivery } from '../../src/core/verify.ts';
import { NOW_SECONDS, PORTS } from '../suites/provider.ts';
import { makers } from '../support/makers.ts';
import { sharedVectors, vectorsAbsent } from '../support/vectors.ts';

describe('the vocabulary', () => {
  it('describes every maker without contradiction', () => {
    expect(makers.size).toBeGreaterThan(30);
    for (const definition of makers.values()) expect(providerProblems(definition)).toEqual([]);
  });
});

describe.each(PORTS)('the vocabulary on %s', (_name, crypto) => {
  it.skipIf(vectorsAbsent).each([...makers.keys()])(
    'carries %s: every vector gets its verdict',
    async (maker) => {
      const vectors = sharedVectors([maker]);
      expect(vectors.length).toBeGreaterThan(0);
      const results = await runVectors(vectors, makers, crypto);
      const failed = results.filter(({ passed }) => !passed);
      expect(failed).toEqual([]);
    },
  );

  it.each(
    [...makers.values()].filter(({ verification }) => {
      const isMac = verification.scheme === 'hmac' || verification.scheme === 'digest';
      return (
        isMac && verification.signature.from.from === 'header' && verification.keyId === undefined
      );
    }),
  )('signs for $id what it then verifies', async (provider) => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = utf8(`{"id":"1","webhookTimestamp":${NOW_SECONDS * 1000}}`);
    const url = 'https://example.com/hook?data.id=A1';
    const headers = new Headers(
      await signDelivery({
        provider,
        secret,
        body,
        nowSeconds: NOW_SECONDS,
        id: 'msg_1',
        url,
        crypto,
      }),
    );
    const judge = async (bytes: Uint8Array) => {
      const request = { method: 'POST', url, headers, body: bytes };
      const secrets = [await secretOf(secret, crypto)];
      return verifyDelivery({ provider, request, secrets, nowSeconds: NOW_SECONDS, crypto });
    };
    expect(await judge(body)).toMatchObject({ ok: true });
    const other = utf8('{"id":"2"}');
    // MercadoPago signs a manifest and not the body; everybody else notices another body.
    expect((await judge(other)).ok).toBe(provider.id === 'mercadopago');
  });
});
