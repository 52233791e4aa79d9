import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoding } from '../../src/core/bytes.ts';
import { decode, decodeUtf8, derToP1363, encode } from '../../src/core/bytes.ts';
import { holds } from '../support/property.ts';

const ENCODINGS: readonly Encoding[] = ['hex', 'hex-upper', 'base64', 'base64url'];

function reference(bytes: Uint8Array, encoding: Encoding): string {
  const buffer = Buffer.from(bytes);
  return encoding === 'hex-upper'
    ? buffer.toString('hex').toUpperCase()
    : buffer.toString(encoding === 'base64url' ? 'base64url' : encoding);
}

describe.each(ENCODINGS)('%s', (encoding) => {
  it('encodes as Node does and decodes what it encoded', () => {
    holds(
      `${encoding} there and back`,
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encode(bytes, encoding);
        expect(text).toBe(reference(bytes, encoding));
        expect(decode(text, encoding)).toEqual(bytes);
      }),
      2_000,
    );
  });
  it('accepts exactly one spelling of any bytes', () => {
    const alphabet = fc.constantFrom(...'ABab01+/-_= \n.');
    holds(
      `${encoding}, one spelling`,
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const bytes = decode(text, encoding);
        if (bytes !== null) expect(encode(bytes, encoding)).toBe(text);
      }),
      10_000,
    );
  });
});

describe('text', () => {
  it('is refused when it is not UTF-8, and loses a byte order mark', () => {
    expect(decodeUtf8(new Uint8Array([0xff]))).toBeNull();
    expect(decodeUtf8(new Uint8Array([0xc0, 0x80]))).toBeNull();
    expect(decodeUtf8(new Uint8Array([0xed, 0xa0, 0x80]))).toBeNull();
    expect(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toBe('a');
  });
});

describe('an ECDSA signature in DER', () => {
  const hex = (text: string) => decode(text, 'hex') ?? new Uint8Array();
  it('becomes two numbers of fixed length', () => {
    expect(derToP1363(hex('3006020101020102'), 2)).toEqual(hex('00010002'));
    expect(derToP1363(hex('30080202008002020102'), 2)).toEqual(hex('00800102'));
  });
  it.each([
    ['nothing', ''],
    ['a wrong tag', '3106020101020102'],
    ['a length too small', '3005020101020102'],
    ['trailing bytes', '300602010102010200'],
    ['a negative number', '3006020181020102'],
    ['a number with needless zeros', '300702020001020102'],
    ['an empty number', '30050200020102'],
    ['a number too long', '300802030100000201020'.slice(0, 20)],
    ['one number only', '3003020101'],
    ['a number that ends after the bytes', '3006020101020502'],
  ])('is refused with %s', (_what, der) => {
    expect(derToP1363(hex(der), 2)).toBeNull();
  });
  it('never throws', () => {
    holds(
      'signatures in DER',
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const joined = derToP1363(bytes, 32);
        expect(joined === null || joined.length === 64).toBe(true);
      }),
      10_000,
    );
  });
});
