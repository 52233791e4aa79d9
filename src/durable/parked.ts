/**
 * How a parked event lies in Restate: four bytes with the length of a JSON head (big-endian), the
 * head, and the body as it came. Also reads version 1, which was JSON from its first byte on: a
 * length that begins with `{` would be a head of 2 GB.
 */
import { fail, ok, type Result } from '../core/result.ts';
import type { ParkedRecord, ParkMessage, ParkMessageV1 } from './contract.ts';

const LENGTH_BYTES = 4;
const OPENING_BRACE = 0x7b;

/** One copy of the body, which may be 25 MiB. */
export function packParked({ v, record }: ParkMessage): Uint8Array<ArrayBuffer> {
  const { body, ...rest } = record;
  const head = new TextEncoder().encode(JSON.stringify({ v, record: rest }));
  const packed = new Uint8Array(LENGTH_BYTES + head.length + body.length);
  new DataView(packed.buffer).setUint32(0, head.length);
  packed.set(head, LENGTH_BYTES);
  packed.set(body, LENGTH_BYTES + head.length);
  return packed;
}

/** The record of any version, or why it cannot be read. */
export function unpackParked(packed: Uint8Array): Result<ParkedRecord, string> {
  try {
    return packed[0] === OPENING_BRACE ? readV1(packed) : readV2(packed);
  } catch {
    return fail('neither the JSON nor the base64 of a parked event');
  }
}

function readV2(packed: Uint8Array): Result<ParkedRecord, string> {
  if (packed.length < LENGTH_BYTES) return fail('shorter than its own length');
  const headEnd = LENGTH_BYTES + new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  if (packed.length < headEnd) return fail('shorter than its head');
  const head = parse(packed.subarray(LENGTH_BYTES, headEnd)) as Partial<ParkMessage> | null;
  if (head?.v !== 2 || head.record === undefined) return fail('not a version 2 head');
  return ok({ ...head.record, body: packed.subarray(headEnd) });
}

function readV1(packed: Uint8Array): Result<ParkedRecord, string> {
  const message = parse(packed) as Partial<ParkMessageV1>;
  if (message.v !== 1 || message.record === undefined) return fail('not a version 1 message');
  const { bodyBase64, ...rest } = message.record;
  const body = Uint8Array.from(atob(bodyBase64), (character) => character.charCodeAt(0));
  return ok({ ...rest, body });
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}
