/**
 * Turns configured texts into keys. Key forms are typed per scheme, so that a public key can never
 * serve as an HMAC secret: whoever knows the public key could sign with it.
 */
import { concat, decode, utf8 } from '../bytes.ts';
import type { AsymmetricAlgorithm, CryptoPort, PublicKey } from '../crypto.ts';
import type { CertificateKey, KeyForm, PublicKeyForm } from '../key-form.ts';
import { SECRET_CHARS_MAX } from '../limits.ts';
import type { Secret } from '../verification.ts';

/** Blank secrets never verify: an unset variable must not become the key `""` (n8n, CVE-2026-21894). */
export function isBlank(value: string): boolean {
  return value.trim() === '' || value.length > SECRET_CHARS_MAX;
}

/** `nowSeconds` is epoch seconds; the first and the last of its validity are inside. */
export function isValidAt(secret: Secret, nowSeconds: number): boolean {
  if (secret.notBefore !== null && nowSeconds < secret.notBefore) return false;
  return secret.notAfter === null || nowSeconds <= secret.notAfter;
}

/** The key bytes, or null when the text is not of this form. Never empty. */
export async function keyBytes(
  value: string,
  form: KeyForm,
  crypto: CryptoPort,
): Promise<Uint8Array | null> {
  if (isBlank(value)) return null;
  switch (form.form) {
    case 'text':
      return utf8(form.normalize === undefined ? value : value.normalize(form.normalize));
    case 'digest-of-text':
      return crypto.digest(form.hash, [utf8(value)]);
    case 'encoded': {
      const text = withoutPrefix(value.trim(), form.prefix, form.prefixOptional === true);
      if (text === null) return null;
      const bytes = decode(form.encoding === 'hex' ? text.toLowerCase() : text, form.encoding);
      if (bytes === null || bytes.length < form.bytesMin || bytes.length > form.bytesMax)
        return null;
      return bytes.length === 0 ? null : bytes;
    }
  }
}

/** The public key, or null when the text is not of this form and size. */
export function publicKey(
  value: string,
  form: PublicKeyForm | CertificateKey,
  algorithm: AsymmetricAlgorithm,
): PublicKey | null {
  if (isBlank(value)) return null;
  switch (form.form) {
    case 'certificate-url':
      return null;
    case 'pem': {
      const body = PEM.exec(value.trim())?.[1];
      return body === undefined ? null : spki(body.replace(/\s+/g, ''));
    }
    case 'spki':
      return spki(value.trim());
    case 'raw': {
      const text = withoutPrefix(value.trim(), form.prefix, false);
      if (text === null) return null;
      const raw = decode(form.encoding === 'hex' ? text.toLowerCase() : text, form.encoding);
      const head = SPKI_HEADS[algorithm.name];
      if (raw === null || head === null || raw.length !== head.rawBytes) return null;
      return { format: 'spki', bytes: concat([head.bytes, raw]) };
    }
  }
}

const PEM = /^-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----$/;

/** The DER bytes before a raw key in its SubjectPublicKeyInfo (RFC 8410, RFC 5480). */
const SPKI_HEADS: Readonly<
  Record<
    AsymmetricAlgorithm['name'],
    { readonly rawBytes: number; readonly bytes: Uint8Array } | null
  >
> = {
  Ed25519: { rawBytes: 32, bytes: hex('302a300506032b6570032100') },
  ECDSA: { rawBytes: 65, bytes: hex('3059301306072a8648ce3d020106082a8648ce3d030107034200') },
  'RSASSA-PKCS1-v1_5': null,
};

function hex(text: string): Uint8Array {
  return decode(text, 'hex') ?? new Uint8Array();
}

function spki(text: string): PublicKey | null {
  const bytes = decode(text, 'base64');
  return bytes === null || bytes.length === 0 ? null : { format: 'spki', bytes };
}

function withoutPrefix(
  value: string,
  prefix: string | undefined,
  optional: boolean,
): string | null {
  if (prefix === undefined) return value;
  if (value.startsWith(prefix)) return value.slice(prefix.length);
  return optional ? value : null;
}
