/**
 * What the core needs of cryptography. The runtimes bring it (`edge/crypto-node.ts`,
 * `edge/crypto-web.ts`), so that Node may answer at once and the core never touches a global.
 */
import type { JsonObject } from './json.ts';

/** SHA-1 stays for makers that sign with it (Twilio, Vercel, Intercom, Trello): as an HMAC it holds. */
export type Hash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** ECDSA signatures are `r || s` (P1363); the core converts DER before it calls. */
export type AsymmetricAlgorithm =
  | { readonly name: 'Ed25519' }
  | { readonly name: 'ECDSA'; readonly curve: 'P-256'; readonly hash: Hash }
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: Hash };

export type PublicKey =
  | { readonly format: 'spki'; readonly bytes: Uint8Array }
  | { readonly format: 'jwk'; readonly jwk: JsonObject };

/** At once where the runtime can (Node), later where it cannot (WebCrypto): `await` fits both. */
type MaybePromise<Value> = Value | Promise<Value>;

export interface CryptoPort {
  /** Over the concatenation of `chunks`, which is not copied where that can be avoided. */
  hmac(hash: Hash, key: Uint8Array, chunks: readonly Uint8Array[]): MaybePromise<Uint8Array>;
  digest(hash: Hash, chunks: readonly Uint8Array[]): MaybePromise<Uint8Array>;
  /** Constant time for equal lengths; different lengths are unequal. Never `===` on a MAC. */
  equal(left: Uint8Array, right: Uint8Array): boolean;
  /** False for a wrong signature and for a key that cannot be imported; never rejects. */
  verify(
    algorithm: AsymmetricAlgorithm,
    key: PublicKey,
    signature: Uint8Array,
    message: readonly Uint8Array[],
  ): MaybePromise<boolean>;
}

export const HASH_BYTES: Readonly<Record<Hash, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};
