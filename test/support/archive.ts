/** Records for the archive's tests, from seeds. */
import { createCipheriv, hash } from 'node:crypto';
import type { EventRecord, RejectionRecord } from '../../src/archive/contract.ts';
import type { RejectionLimits } from '../../src/archive/rejection-log.ts';

export const RECEIVED_AT = Date.UTC(2026, 0, 5, 9, 0, 0);

export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

export function eventRecord(
  source: string,
  key: string,
  changes: Partial<EventRecord> = {},
): EventRecord {
  return {
    source,
    key,
    type: 'invoice.payment_failed',
    subject: null,
    providerTime: RECEIVED_AT - 1_500,
    receivedAt: RECEIVED_AT,
    flags: 0,
    headers: { 'content-type': 'application/json' },
    secretId: '5f3a9c01',
    body: new TextEncoder().encode(`{"id":"${key}"}`),
    note: null,
    ...changes,
  };
}

export function rejectionRecord(
  source: string,
  changes: Partial<RejectionRecord> = {},
): RejectionRecord {
  return {
    source,
    at: RECEIVED_AT,
    reason: 'signature_mismatch',
    detail: 'secretsTried=2',
    headers: { 'user-agent': 'curl/8' },
    bodyBytes: 12,
    bodySha256: sha256Hex(new Uint8Array(12)),
    ...changes,
  };
}

/** Limits of refusals small enough to reach; the shared suite expects them. */
export const SMALL_LIMITS: RejectionLimits = {
  sampledPerSecond: 5,
  rowsPerSourceMax: 30,
  rowsMax: 100,
  trimEvery: 10,
  pendingMax: 60,
  pairsMax: 50,
};

/** Numbers in [0, 1) that repeat for a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that no compression makes smaller: a cipher's key stream, the same for a seed. */
export function noise(length: number, seed: number): Uint8Array {
  const [key, counter] = [Buffer.alloc(16), Buffer.alloc(16)];
  key.writeUInt32LE(seed);
  const stream = createCipheriv('aes-128-ctr', key, counter).update(new Uint8Array(length));
  return new Uint8Array(stream);
}

/** JSON of about that many bytes, as repetitive as webhooks are. */
export function paymentJson(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const lines: string[] = [];
  let size = 0;
  while (size < length) {
    const line = {
      id: `il_${random().toString(36).slice(2)}`,
      amount: Math.floor(random() * 10_000),
      currency: 'eur',
      description: '1 × Pro plan (at €49.00 / month)',
    };
    const text = JSON.stringify(line, null, 2);
    lines.push(text);
    size += text.length + 3;
  }
  const head = `{"id": "evt_${seed}", "object": "event", "lines": [`;
  return new TextEncoder().encode(`${head}${lines.join(',\n')}]}`);
}
