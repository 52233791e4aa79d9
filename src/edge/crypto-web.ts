/** The crypto port on WebCrypto, for workerd and browsers' cousins. Imported keys are kept. */
import { concat, toHex } from '../core/bytes.ts';
import type { AsymmetricAlgorithm, CryptoPort, Hash, PublicKey } from '../core/crypto.ts';
import { createKeyCache } from './key-cache.ts';

/**
 * Keys are kept for as long as the port. `hmac` rejects for a key that WebCrypto does not import,
 * an empty one for instance; `verify` answers false for it.
 */
export function createWebCrypto(subtle: SubtleCrypto = globalThis.crypto.subtle): CryptoPort {
  const macKeys = createKeyCache<Promise<CryptoKey>>();
  const publicKeys = createKeyCache<Promise<CryptoKey | null>>();
  return {
    hmac: async (hash, key, chunks) => {
      const imported = await macKeys.get(`${hash} ${toHex(key)}`, () =>
        importMac(subtle, hash, key),
      );
      return new Uint8Array(await subtle.sign('HMAC', imported, joined(chunks)));
    },
    digest: async (hash, chunks) => new Uint8Array(await subtle.digest(hash, joined(chunks))),
    equal,
    verify: async (algorithm, key, signature, message) => {
      const imported = await publicKeys.get(`${JSON.stringify(algorithm)} ${keyId(key)}`, () =>
        importPublic(subtle, algorithm, key),
      );
      if (imported === null) return false;
      try {
        const parameters = algorithm.name === 'ECDSA' ? { ...algorithm } : algorithm.name;
        return await subtle.verify(parameters, imported, joined([signature]), joined(message));
      } catch {
        return false;
      }
    },
  };
}

function importMac(subtle: SubtleCrypto, hash: Hash, key: Uint8Array): Promise<CryptoKey> {
  return subtle.importKey('raw', joined([key]), { name: 'HMAC', hash }, false, ['sign']);
}

async function importPublic(
  subtle: SubtleCrypto,
  algorithm: AsymmetricAlgorithm,
  key: PublicKey,
): Promise<CryptoKey | null> {
  const parameters =
    algorithm.name === 'ECDSA'
      ? { name: 'ECDSA', namedCurve: algorithm.curve }
      : algorithm.name === 'Ed25519'
        ? { name: 'Ed25519' }
        : { name: algorithm.name, hash: algorithm.hash };
  try {
    return key.format === 'spki'
      ? await subtle.importKey('spki', joined([key.bytes]), parameters, false, ['verify'])
      : await subtle.importKey('jwk', { ...key.jwk }, parameters, false, ['verify']);
  } catch {
    return null;
  }
}

function keyId(key: PublicKey): string {
  return key.format === 'spki' ? toHex(key.bytes) : JSON.stringify(key.jwk);
}

/** Every byte is looked at, so the time does not tell where two MACs begin to differ. */
function equal(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}

/** One chunk is not copied: a body may have 25 MB, a Worker 128. */
function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined && isPlain(only) ? only : concat(chunks);
}

function isPlain(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
