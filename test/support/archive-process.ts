/**
 * A process of its own that uses an archive file: `burst` puts until it is killed and prints every
 * key once it is durable; `share` puts a fixed set of keys; `open` opens, says so and forgets to close;
 * `ack` puts one event after the other and says `ack` after each; `fill` fills its disk, makes room and
 * prints what it saw.
 */
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import type { Archive } from '../../src/archive/contract.ts';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { eventRecord, noise, paymentJson, sha256Hex } from './archive.ts';

const [command, path, seedText] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: archive-process.ts COMMAND FILE [SEED]');
const seed = Number(seedText ?? 0);
const archive = await openNodeArchive(path, { busyTimeoutMs: 20_000 });
// Synchronous, so that a line is out of the process before the process can be killed.
const print = (line: string): void => void writeSync(1, `${line}\n`);

if (command === 'open') {
  await archive.ready();
  print('opened');
}

if (command === 'ack') {
  for (let index = 0; index < 40; index += 1) {
    await archive.put(eventRecord('ack', `${index}`));
    print(`ack ${index}`);
  }
  await archive.close();
}

if (command === 'fill') {
  const ballast = `${path}.ballast`;
  writeFileSync(ballast, noise(4 * 1024 * 1024, 1));
  const kept: string[] = [];
  const bytes = (key: string): Uint8Array => noise(100_000, Number(key));
  const put = await untilRefused(200, async (index) => {
    await archive.put(eventRecord('full', `${index}`, { body: bytes(`${index}`) }));
    kept.push(`${index}`);
  });
  // Small writes still find a gap, and then they do not.
  const beat = await untilRefused(500, () => archive.ready());
  rmSync(ballast);
  await archive.ready();
  const after = await archive.put(eventRecord('full', 'after'));
  const whole = await Promise.all(kept.map((key) => isWhole(archive, key, bytes(key))));
  print(
    JSON.stringify({ kept: kept.length, whole: whole.filter(Boolean).length, put, beat, after }),
  );
  await archive.close();
}

/** What the first failure says of itself; null: there was none. */
async function untilRefused(
  times: number,
  act: (index: number) => Promise<void>,
): Promise<{ readonly reason: unknown; readonly message: string } | null> {
  for (let index = 0; index < times; index += 1) {
    try {
      await act(index);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { reason: 'reason' in error ? error.reason : null, message: error.message };
    }
  }
  return null;
}

async function isWhole(from: Archive, key: string, expected: Uint8Array): Promise<boolean> {
  const answer = await from.body('full', key);
  return answer.kind === 'bytes' && sha256Hex(answer.bytes) === sha256Hex(expected);
}

if (command === 'share') {
  const puts = Array.from({ length: 300 }, (_, index) =>
    archive.put(eventRecord('shared', `${index}`)),
  );
  const outcomes = await Promise.all(puts);
  print(String(outcomes.filter((outcome) => !outcome.duplicate).length));
  await archive.close();
}

if (command === 'burst') {
  let next = 0;
  const putForEver = async (): Promise<never> => {
    for (;;) {
      const index = next;
      next += 1;
      const key = `${seed}-${index}`;
      // One in fifty is longer than a part, so that a kill also falls between parts.
      const length = index % 50 === 0 ? 1_200_000 : 3_500;
      await archive.put(eventRecord('burst', key, { body: paymentJson(length, index) }));
      print(key);
    }
  };
  await Promise.all(Array.from({ length: 40 }, putForEver));
}
