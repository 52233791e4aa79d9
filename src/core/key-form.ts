/** How keys are configured, or found: the part of the vocabulary of verification that is about keys. */
import type { Hash } from './crypto.ts';
import type { TextSource } from './verification.ts';

/** From the configured text to key bytes. Sizes are of the bytes, both ends included. */
export type KeyForm =
  | { readonly form: 'text'; readonly normalize?: 'NFKD' }
  | {
      readonly form: 'encoded';
      /** `hex` keys may come in either case. */
      readonly encoding: 'hex' | 'base64' | 'base64url';
      readonly prefix?: string;
      /** The maker's own libraries also take the secret without its prefix. */
      readonly prefixOptional?: boolean;
      readonly bytesMin: number;
      readonly bytesMax: number;
    }
  /** The digest of the text is the key (Braintree). */
  | { readonly form: 'digest-of-text'; readonly hash: Hash };

export type PublicKeyForm =
  /** 32 bytes for Ed25519, 65 (uncompressed point) for P-256. */
  | { readonly form: 'raw'; readonly encoding: 'hex' | 'base64'; readonly prefix?: string }
  | { readonly form: 'spki'; readonly encoding: 'base64' }
  | { readonly form: 'pem' };

/**
 * A public key that stands in a certificate. Typed here, refused as unsupported until a port exists
 * that fetches certificates and checks chain, validity and purpose.
 * `certificate-url`: the delivery names its address, and only https on one of `hosts` is believed, for
 * a forger would name a host of theirs (SNS, PayPal). A host that begins with a dot means any name
 * below it. `boundTo` must be the configured secret: a certificate signs for all customers of the
 * maker, and a forger may be one of them (SNS: the topic).
 */
export interface CertificateKey {
  readonly form: 'certificate-url';
  readonly from: TextSource;
  readonly hosts: readonly string[];
  readonly boundTo: TextSource | null;
}

/**
 * The chain of certificates in a token's own header, leaf first (Apple). The configured secret is
 * the root it must end at; the object identifiers are extensions that must be there, leaf first.
 */
export interface CertificateChainKey {
  readonly kind: 'x5c';
  readonly requiredOids: readonly string[];
}
