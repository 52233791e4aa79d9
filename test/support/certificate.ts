/**
 * A self-signed certificate for `localhost`, made on the spot: a checked-in one expires, and the
 * one that smtp-server brings expired in February 2025. DER by hand, because Node cannot issue one.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const octets = (content: Uint8Array) => der(0x04, content);
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const SUBJECT_ALT_NAME = oid('551d11');
const BASIC_CONSTRAINTS = oid('551d13');

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`, 'ascii'));
}

function pem(label: string, content: Uint8Array): string {
  const lines = Buffer.from(content).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** P-256, valid from a day ago for ten days, its own authority. */
export function localhostCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(
    der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('localhost', 'utf8')))),
  );
  const day = 86_400_000;
  const now = Date.now();
  const authority = sequence(BASIC_CONSTRAINTS, octets(sequence(der(0x01, Buffer.from([0xff])))));
  const names = sequence(
    SUBJECT_ALT_NAME,
    octets(sequence(der(0x82, Buffer.from('localhost', 'ascii')))),
  );
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([0x40]), randomBytes(8)),
    ECDSA_SHA256,
    name,
    sequence(utcTime(now - day), utcTime(now + 9 * day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(authority, names)),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', sequence(toBeSigned, ECDSA_SHA256, bits(signature))),
  };
}
