import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encode, utf8 } from '../../src/core/bytes.ts';
import type { AsymmetricAlgorithm, CryptoPort, Hash, PublicKey } from '../../src/core/crypto.ts';
import { createKeyCache } from '../../src/edge/key-cache.ts';
import { PORTS } from '../suites/provider.ts';

const HASHES: readonly Hash[] = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];
function pair(algorithm: AsymmetricAlgorithm) {
  if (algorithm.name === 'Ed25519') return generateKeyPairSync('ed25519');
  if (algorithm.name === 'ECDSA') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

const ALGORITHMS: readonly AsymmetricAlgorithm[] = [
  { name: 'Ed25519' },
  { name: 'ECDSA', curve: 'P-256', hash: 'SHA-256' },
  { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' },
];

describe.each(PORTS)('%s', (_name, crypto) => {
  it.each(HASHES)('does HMAC and digests with %s over chunks as over the whole', async (hash) => {
    const chunks = ['ab', '', 'c'].map(utf8);
    for (const [, other] of PORTS) {
      expect(encode(await crypto.hmac(hash, utf8('k'), chunks), 'hex')).toBe(
        encode(await other.hmac(hash, utf8('k'), [utf8('abc')]), 'hex'),
      );
      expect(encode(await crypto.digest(hash, chunks), 'hex')).toBe(
        encode(await other.digest(hash, [utf8('abc')]), 'hex'),
      );
    }
  });
  it('gives the documented values (RFC 2202 and RFC 4231, case 2)', async () => {
    const mac = async (hash: Hash) =>
      encode(await crypto.hmac(hash, utf8('Jefe'), [utf8('what do ya want for nothing?')]), 'hex');
    expect(await mac('SHA-1')).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
    expect(await mac('SHA-256')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
  it('compares lengths and every byte', () => {
    const bytes = utf8('abc');
    expect(crypto.equal(bytes, utf8('abc'))).toBe(true);
    for (const other of ['', 'ab', 'abcd', 'abd', 'bbc', 'aXc']) {
      expect(crypto.equal(bytes, utf8(other))).toBe(false);
      expect(crypto.equal(utf8(other), bytes)).toBe(false);
    }
  });
  it.each(ALGORITHMS)('verifies $name with a key of that kind only', async (algorithm) => {
    const { publicKey, privateKey } = pair(algorithm);
    const key: PublicKey = {
      format: 'spki',
      bytes: publicKey.export({ format: 'der', type: 'spki' }),
    };
    const message = utf8('message');
    const hash = 'hash' in algorithm ? algorithm.hash.replace('-', '') : null;
    const options = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = new Uint8Array(sign(hash, message, options));
    const check = (by: CryptoPort, k: PublicKey = key, s: Uint8Array = signature, m = message) =>
      by.verify(algorithm, k, s, [m]);
    expect(await check(crypto)).toBe(true);
    expect(await check(crypto)).toBe(true);
    expect(await check(crypto, key, signature, utf8('massage'))).toBe(false);
    expect(await check(crypto, key, signature.slice(1))).toBe(false);
    expect(await check(crypto, { format: 'spki', bytes: utf8('junk') })).toBe(false);
    expect(await check(crypto, { format: 'jwk', jwk: { kty: 'junk' } })).toBe(false);
    for (const other of ALGORITHMS.filter(({ name }) => name !== algorithm.name)) {
      expect(await crypto.verify(other, key, signature, [message])).toBe(false);
    }
  });
  it('verifies with a JWK', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const message = utf8('message');
    const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const key: PublicKey = { format: 'jwk', jwk: { kty, crv, x, y } };
    const algorithm = { name: 'ECDSA', curve: 'P-256', hash: 'SHA-256' } as const;
    expect(await crypto.verify(algorithm, key, signature, [message])).toBe(true);
    expect(await crypto.verify(algorithm, key, signature, [utf8('massage')])).toBe(false);
  });
});

describe('the key cache', () => {
  it('keeps the keys used last and makes each once', () => {
    const made: string[] = [];
    const cache = createKeyCache<string>(2);
    const get = (id: string) =>
      cache.get(id, () => {
        made.push(id);
        return id;
      });
    for (const id of ['a', 'b', 'a', 'c', 'a', 'b']) expect(get(id)).toBe(id);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });
});
