/**
 * The vocabulary of verification: how a maker proves that a delivery is theirs, as data.
 * `verify.ts` interprets it. A maker who does not fit gets `custom` with a `why`, which is a request
 * for a new word here; a new word is a new member of a union, never a change of an old one.
 */

import type { Encoding } from './bytes.ts';
import type { AsymmetricAlgorithm, CryptoPort, Hash } from './crypto.ts';
import type { DeliveryRequest } from './delivery.ts';
import type { CertificateChainKey, CertificateKey, KeyForm, PublicKeyForm } from './key-form.ts';
import type { Result } from './result.ts';
import type { VerifyFailure } from './verify-failure.ts';

/** A signing secret of a source. `id`: first 8 hex of sha256(value), safe to log. */
export interface Secret {
  readonly id: string;
  readonly value: string;
  /** Epoch seconds; outside them the secret is not tried. Null: unbounded. */
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  /** The maker's name of this key, where deliveries name one (Pusher, Worldline, Circle). */
  readonly keyId?: string;
}

/** What a good delivery proved. */
export interface Verified {
  /** Which of the source's secrets matched: its id, never its value. */
  readonly secretId: string;
  /** The signed time of this attempt, epoch seconds (with a fraction where the maker sends ms). Null: none is signed. */
  readonly signedAtSeconds: number | null;
}

export type HeaderName = Lowercase<string>;

/**
 * Where a text stands. Several names are aliases (old and new spelling): the first present counts.
 * `signature` is a named field of the signature text itself (Stripe's `t`). `item` is the element of
 * a batch, `member` the first of the named members that exists (Telegram), its name being the text.
 */
export type TextSource =
  | { readonly from: 'header'; readonly names: readonly HeaderName[]; readonly prefix?: string }
  | { readonly from: 'query'; readonly name: string; readonly lowerCase?: boolean }
  | { readonly from: 'body'; readonly paths: readonly string[] }
  | { readonly from: 'item'; readonly paths: readonly string[] }
  | { readonly from: 'form'; readonly name: string }
  | { readonly from: 'signature'; readonly field: string }
  | { readonly from: 'member'; readonly names: readonly string[] }
  | { readonly from: 'whole-body' };

/** One part of the signed bytes, in order. Texts are signed as they were sent, as UTF-8. */
export type SignedPart =
  | 'body'
  | 'timestamp'
  | 'id'
  | 'method'
  | 'url'
  | 'url-without-query'
  /** Where it is no secret but the maker's id of this endpoint (PayPal). */
  | 'secret'
  | { readonly literal: string }
  | { readonly text: TextSource }
  /** As a decimal number (PayPal). Covers nothing: whoever wants the same sum can have it. */
  | { readonly crc32: 'body' }
  /** As a JSON string with its quotes (Hygraph's envelope). */
  | { readonly jsonString: 'body' | TextSource }
  /** Values of the headers named in a text, joined (Hook0, Coinbase CDP). */
  | {
      readonly headersNamedBy: TextSource;
      readonly separator: string;
      readonly join: string;
    }
  /** Dropped as a whole when a text in it is missing (MercadoPago). Never counts as covered. */
  | { readonly optional: readonly SignedPart[] };

/**
 * How signatures stand in their text.
 * `whole`: the text, after a fixed prefix. `list`: several of those.
 * `pairs`: `t=1,v1=…,v1=…`; only `name` is a signature, other names are ignored or fields.
 * `fields`: items of positional fields (`v1,<base64> v1a,<base64>`); items whose fields differ from
 * `where` are ignored. `timestamp-first`: `ts,sig,sig`; the field is called `timestamp`.
 */
export type SignatureFormat =
  | { readonly kind: 'whole'; readonly prefix?: string; readonly prefixOptional?: boolean }
  | {
      readonly kind: 'list';
      readonly separator: ',' | ' ' | ';';
      readonly prefix?: string;
      readonly prefixOptional?: boolean;
    }
  | {
      readonly kind: 'pairs';
      readonly separator: ',' | ';' | '&';
      readonly name: string;
      /** Several sets, each with its own time (Persona's rotation). */
      readonly setSeparator?: ' ';
      /** Refuse when one of these is there: a right old version must not rescue a wrong new one (Hook0). */
      readonly unlessNamed?: readonly string[];
    }
  | {
      readonly kind: 'fields';
      readonly separator: ',' | ' ' | '&';
      readonly fieldSeparator: ',' | '/' | '|' | '=';
      /** One of them is `signature`. */
      readonly fields: readonly string[];
      readonly where: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'timestamp-first'; readonly separator: ',' };

export interface TimestampSource {
  readonly from: TextSource;
  readonly unit: 's' | 'ms' | 'iso';
}

/**
 * No default on purpose: a provider that signs no time must say so, and why that is safe. The window
 * holds on both sides; a signed time too far ahead is as wrong as one too old.
 */
export type Freshness =
  | { readonly kind: 'signed'; readonly toleranceSeconds: number }
  | { readonly kind: 'unsigned'; readonly why: string };

/** A text that must be one of some constants before anything else is looked at (Box's algorithm header). */
export interface Requirement {
  readonly text: TextSource;
  readonly equals: readonly string[];
}

/** What every scheme with a signature over a template says. */
export interface SignedTemplate {
  readonly signature: {
    /** Several headers: the signatures of all that are present count (Box, DocuSign, Shopify). */
    readonly from: TextSource;
    readonly format: SignatureFormat;
    readonly encoding: Encoding;
  };
  readonly signs: readonly SignedPart[];
  readonly id?: TextSource;
  readonly timestamp?: TimestampSource;
  readonly freshness: Freshness;
  readonly keyId?: TextSource;
  readonly requires?: readonly Requirement[];
}

export interface HmacVerification extends SignedTemplate {
  readonly scheme: 'hmac';
  readonly hash: Hash;
  readonly key: KeyForm;
}

/** A plain digest over secret and template (HubSpot v1 and v2): the secret comes first. */
export interface DigestVerification extends SignedTemplate {
  readonly scheme: 'digest';
  readonly hash: Hash;
  readonly key: KeyForm;
}

export interface AsymmetricVerification extends SignedTemplate {
  readonly scheme: 'asymmetric';
  readonly algorithm: AsymmetricAlgorithm;
  /** ECDSA only; absent: P1363. */
  readonly signatureForm?: 'der';
  readonly key: PublicKeyForm | CertificateKey;
}

export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'ES256'
  | 'EdDSA';

/** A claim that ties the token to this delivery; without one the token only names its sender. */
export type ClaimCheck =
  | { readonly claim: string; readonly equals: readonly string[] }
  | {
      readonly claim: string;
      readonly digestOf: 'body' | 'url';
      readonly hash: Hash;
      readonly encoding: Encoding;
      /** Only where the maker leaves it out for an empty body. */
      readonly optionalWhenBodyEmpty?: boolean;
    }
  | { readonly claim: string; readonly equalsUrl: true };

export interface JwtVerification {
  readonly scheme: 'jwt';
  readonly token: TextSource;
  /** Pinned: what the token says of itself never chooses another (`alg: none`, RS256 read as HS256). */
  readonly algorithms: readonly JwtAlgorithm[];
  readonly key:
    | { readonly kind: 'secret'; readonly form: KeyForm }
    | { readonly kind: 'public'; readonly form: PublicKeyForm }
    /** Fetched by the runtime; typed here, refused as unsupported until a key port exists. */
    | { readonly kind: 'jwks'; readonly url: string }
    | CertificateChainKey;
  readonly claims: readonly ClaimCheck[];
  /** `exp` and `nbf` are always held to when present. Which must be there is said here. */
  readonly requiredTimes: readonly ('exp' | 'nbf' | 'iat')[];
  readonly leewaySeconds: number;
  readonly freshness: Freshness;
  readonly requires?: readonly Requirement[];
}

/** A shared secret sent as it is. Proves the sender, not the bytes; TLS has to do the rest. */
export interface TokenVerification {
  readonly scheme: 'token';
  readonly token: TextSource;
  readonly why: string;
  readonly requires?: readonly Requirement[];
}

/** HTTP basic auth; the configured secret is `user:password`. */
export interface BasicVerification {
  readonly scheme: 'basic';
  readonly why: string;
  readonly requires?: readonly Requirement[];
}

/** Any one of the alternatives is enough. Each pins its own algorithm and key form. */
interface AnyVerification {
  readonly scheme: 'any';
  readonly alternatives: readonly Exclude<Verification, AnyVerification>[];
}

interface CustomPort {
  readonly request: DeliveryRequest;
  /** Valid now, never empty. */
  readonly secrets: readonly Secret[];
  readonly nowSeconds: number;
  readonly window: Window;
  readonly crypto: CryptoPort;
}

/** Code instead of data, with the reason. */
interface CustomVerification {
  readonly scheme: 'custom';
  readonly why: string;
  /** Which sources the proof covers, for the event key. */
  readonly covers: readonly TextSource['from'][];
  readonly freshness: Freshness;
  readonly verify: (port: CustomPort) => Promise<Result<Verified, VerifyFailure>>;
}

export type Verification =
  | HmacVerification
  | DigestVerification
  | AsymmetricVerification
  | JwtVerification
  | TokenVerification
  | BasicVerification
  | AnyVerification
  | CustomVerification;

/** How far the signed time may be off, on each side. Null: that side is not held (vector runs only). */
export interface Window {
  readonly maxAgeSeconds: number | null;
  readonly maxAheadSeconds: number | null;
}
