/** How a parked event lies in Restate. It is wire format: what was written once must stay readable. */
import { describe, expect, it } from 'vitest';
import type { ParkMessage } from '../../src/durable/contract.ts';
import { packParked, unpackParked } from '../../src/durable/parked.ts';

const message = (body: Uint8Array): ParkMessage => ({
  v: 2,
  record: {
    source: 'github',
    key: 'caf\u00e9:1',
    type: 'push',
    subject: null,
    providerTime: null,
    receivedAt: 1_767_600_000_000,
    flags: 2,
    headers: { 'content-type': 'application/json' },
    secretId: '5f3a9c01',
    body,
    note: null,
  },
});
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a parked event', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['bytes of all values', Uint8Array.from({ length: 256 }, (_, value) => value)],
    ['what looks like the old form', bytesOf('{"v":1}')],
  ])('comes back as it was, with a body of %s', (_name, body) => {
    const { record } = message(body);
    expect(unpackParked(packParked(message(body)))).toEqual({ ok: true, value: record });
  });

  it('is read from the middle of a larger buffer, as a runtime may hand it over', () => {
    const packed = packParked(message(bytesOf('{}')));
    const around = new Uint8Array(packed.length + 14);
    around.set(packed, 7);
    const { record } = message(bytesOf('{}'));
    const within = around.subarray(7, 7 + packed.length);
    expect(unpackParked(within)).toEqual({ ok: true, value: record });
  });

  it('has room: 25 MiB and its head stay under what Restate takes, 32 MiB', () => {
    const packed = packParked(message(new Uint8Array(25 * 2 ** 20)));
    expect(packed.length).toBeLessThan(26 * 2 ** 20);
  });

  it('of version 1 reads the same: bytes written by that version', () => {
    const written =
      '{"v":1,"record":{"source":"github","key":"caf\u00e9:1","type":"push","subject":null,' +
      '"providerTime":null,"receivedAt":1767600000000,"flags":2,"headers":{"content-type":' +
      '"application/json"},"secretId":"5f3a9c01","bodyBase64":"AAH/Cg0=","note":null}}';
    const { record } = message(new Uint8Array([0, 1, 255, 10, 13]));
    expect(unpackParked(bytesOf(written))).toEqual({ ok: true, value: record });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['half a length', new Uint8Array([0, 0, 0])],
    ['a length alone', new Uint8Array([0, 0, 0, 9])],
    ['one byte less than its head', packParked(message(new Uint8Array(0))).slice(0, -1)],
    ['a head that is no JSON', new Uint8Array([0, 0, 0, 1, 0x7d])],
    ['a head that is null', new Uint8Array([0, 0, 0, 4, ...bytesOf('null')])],
    ['JSON of a version nobody wrote', bytesOf('{"v":3,"record":{}}')],
    ['version 1 without a record', bytesOf('{"v":1}')],
    ['version 1 whose base64 is none', bytesOf('{"v":1,"record":{"bodyBase64":"*"}}')],
  ])('that is %s is refused with a reason, never a throw', (_name, packed) => {
    expect(unpackParked(packed)).toEqual({ ok: false, failure: expect.any(String) });
  });
});
