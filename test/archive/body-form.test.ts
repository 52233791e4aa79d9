/** When a body is worth deflating, and that finding out costs little. */
import { expect, test } from 'vitest';
import { toStoredForm } from '../../src/archive/body-form.ts';
import { joinBytes } from '../../src/archive/compression.ts';
import { nodeCompression } from '../../src/archive/node-compression.ts';
import { noise, paymentJson } from '../support/archive.ts';

const SAMPLE_BYTES = 256 * 1024;
const text = paymentJson(2 * SAMPLE_BYTES, 1);
const short = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, SAMPLE_BYTES);

test.each([
  ['noise: its beginning alone is tried', noise(4 * SAMPLE_BYTES, 1), 'identity', [SAMPLE_BYTES]],
  ['noise no longer than the sample', noise(SAMPLE_BYTES, 2), 'identity', [SAMPLE_BYTES]],
  ['text no longer than the sample: once', short(text), 'deflate-raw', [SAMPLE_BYTES]],
  [
    'text one byte longer',
    text.subarray(0, SAMPLE_BYTES + 1),
    'deflate-raw',
    [SAMPLE_BYTES, SAMPLE_BYTES + 1],
  ],
  [
    'text that goes on as noise: the whole decides',
    joinBytes([short(text), noise(16 * SAMPLE_BYTES, 3)]),
    'identity',
    [SAMPLE_BYTES, 17 * SAMPLE_BYTES],
  ],
])('%s', async (_name, body, encoding, deflatedLengths) => {
  const lengths: number[] = [];
  const counting = {
    ...nodeCompression,
    deflate: (bytes: Uint8Array) => {
      lengths.push(bytes.length);
      return nodeCompression.deflate(bytes);
    },
  };
  expect((await toStoredForm(body, counting, 'bytes')).encoding).toBe(encoding);
  expect(lengths).toEqual(deflatedLengths);
});
