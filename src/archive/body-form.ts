/** How a body lies in the database: perhaps deflated, in parts, perhaps as hex on the way. */
import { Buffer } from 'node:buffer';
import { type Compression, joinBytes } from './compression.ts';
import { type BodyEncoding, PART_BYTES } from './schema.ts';
import type { BlobForm, SqlValue } from './sql-executor.ts';

export interface StoredForm {
  readonly encoding: BodyEncoding;
  readonly parts: readonly SqlValue[];
}

/** Deflates only when that saves a tenth: signed binary and encrypted bodies gain nothing. */
export async function toStoredForm(
  body: Uint8Array,
  compression: Compression,
  blobForm: BlobForm,
): Promise<StoredForm> {
  if (body.byteLength >= compression.bytesMin) {
    // A second spent on deflating 25 MiB in vain is a second of the few an answer may take.
    const sample = body.subarray(0, SAMPLE_BYTES);
    const deflated = await compression.deflate(sample);
    if (saves(deflated, sample)) {
      const all =
        sample.byteLength === body.byteLength ? deflated : await compression.deflate(body);
      if (saves(all, body)) return { encoding: 'deflate-raw', parts: split(all, blobForm) };
    }
  }
  return { encoding: 'identity', parts: split(body, blobForm) };
}

/** Of the beginning, to see whether deflating the whole is worth it. */
const SAMPLE_BYTES = 256 * 1024;

function saves(deflated: Uint8Array, body: Uint8Array): boolean {
  return deflated.byteLength <= body.byteLength * 0.9;
}

/** Null when the parts cannot be that body; the caller checks the digest of what it is given. */
export async function fromStoredForm(
  parts: readonly SqlValue[],
  encoding: string,
  bodyBytes: number,
  compression: Compression,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  for (const part of parts) {
    const chunk = typeof part === 'string' ? fromHex(part) : part;
    if (!(chunk instanceof Uint8Array)) return null;
    chunks.push(chunk);
  }
  const stored = joinBytes(chunks);
  if (encoding === 'identity') return stored;
  if (encoding !== 'deflate-raw') return null;
  try {
    // One byte more than expected, so that a body that is too long is seen as such.
    const inflated = await compression.inflate(stored, bodyBytes + 1);
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.byteLength);
  } catch {
    return null;
  }
}

function split(bytes: Uint8Array, blobForm: BlobForm): readonly SqlValue[] {
  const parts: SqlValue[] = [];
  for (let start = 0; start < bytes.byteLength; start += PART_BYTES) {
    const part = bytes.subarray(start, start + PART_BYTES);
    parts.push(blobForm === 'hex' ? toHex(part) : part);
  }
  return parts;
}

/** By `Buffer`: digits joined one by one cost a megabyte 30 times the CPU and 30 MB of garbage. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Null on anything but pairs of hex digits. */
function fromHex(hex: string): Uint8Array | null {
  if (hex.length % 2 !== 0) return null;
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const high = digit(hex.charCodeAt(index * 2));
    const low = digit(hex.charCodeAt(index * 2 + 1));
    if (high < 0 || low < 0) return null;
    bytes[index] = high * 16 + low;
  }
  return bytes;
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
