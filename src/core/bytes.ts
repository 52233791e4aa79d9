/**
 * Bytes and their text forms. Every decoder is total and canonical: one byte string has exactly
 * one text, so a signature cannot be re-spelled (Sanity's vector `…hcoh0N1` decodes to the bytes of
 * the valid `…hcoh0N0` in a lenient decoder and must be refused).
 */

/** `hex` is lower case, `hex-upper` upper case, `base64` padded, `base64url` not padded. */
export type Encoding = 'hex' | 'hex-upper' | 'base64' | 'base64url';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = `${BASE64.slice(0, 62)}-_`;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** The text's bytes. Half a surrogate pair becomes U+FFFD, as the Encoding Standard has it. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text, without a byte order mark, or null if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

/** The chunks in order, as one new array. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/** The checksum of zlib and Ethernet, reflected polynomial EDB88320, as a number of 32 bits. */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** The bytes of a text, or null when the text is not the canonical form of any. */
export function decode(text: string, encoding: Encoding): Uint8Array | null {
  switch (encoding) {
    case 'hex':
      return decodeHex(text, '0123456789abcdef');
    case 'hex-upper':
      return decodeHex(text, '0123456789ABCDEF');
    case 'base64':
      return decodeBase64(text, BASE64, true);
    case 'base64url':
      return decodeBase64(text, BASE64URL, false);
  }
}

/** The one text that `decode` takes for these bytes. */
export function encode(bytes: Uint8Array, encoding: Encoding): string {
  switch (encoding) {
    case 'hex':
      return toHex(bytes);
    case 'hex-upper':
      return toHex(bytes).toUpperCase();
    case 'base64':
      return encodeBase64(bytes, BASE64, true);
    case 'base64url':
      return encodeBase64(bytes, BASE64URL, false);
  }
}

/** Two lower-case digits for each byte. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

function decodeHex(text: string, digits: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const high = digits.indexOf(text.charAt(index * 2));
    const low = digits.indexOf(text.charAt(index * 2 + 1));
    if (high < 0 || low < 0) return null;
    bytes[index] = high * 16 + low;
  }
  return bytes;
}

function decodeBase64(text: string, alphabet: string, padded: boolean): Uint8Array | null {
  if (padded && text.length % 4 !== 0) return null;
  const unpadded = padded ? text.replace(/={1,2}$/, '') : text;
  const rest = unpadded.length % 4;
  if (rest === 1) return null;
  const bytes = new Uint8Array(Math.floor((unpadded.length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let offset = 0;
  for (const char of unpadded) {
    const value = alphabet.indexOf(char);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[offset] = (bits >> bitCount) & 0xff;
      offset += 1;
    }
  }
  // Left-over bits that are not zero would make a second spelling of the same bytes.
  const leftOver = bits & ((1 << bitCount) - 1);
  return leftOver === 0 ? bytes : null;
}

function encodeBase64(bytes: Uint8Array, alphabet: string, padded: boolean): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    if (left > 1) text += alphabet.charAt((group >> 6) & 63);
    if (left > 2) text += alphabet.charAt(group & 63);
  }
  return padded ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text;
}

/**
 * An ECDSA signature from ASN.1 DER (SendGrid, Circle) to the fixed form `r || s` that WebCrypto
 * wants. Strict: minimal lengths, positive minimal integers, nothing after the sequence.
 */
export function derToP1363(der: Uint8Array, coordinateBytes: number): Uint8Array | null {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 127) return null;
  const joined = new Uint8Array(coordinateBytes * 2);
  let offset = 2;
  for (const half of [0, 1]) {
    const length = der[offset + 1];
    if (der[offset] !== 0x02 || length === undefined || length === 0) return null;
    let integer = der.subarray(offset + 2, offset + 2 + length);
    if (integer.length !== length) return null;
    offset += 2 + length;
    const first = integer[0] ?? 0;
    if (first >= 0x80) return null;
    if (first === 0 && length > 1) {
      if ((integer[1] ?? 0) < 0x80) return null;
      integer = integer.subarray(1);
    }
    if (integer.length > coordinateBytes) return null;
    joined.set(integer, (half + 1) * coordinateBytes - integer.length);
  }
  return offset === der.length ? joined : null;
}
