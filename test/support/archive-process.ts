/**
 * A process of its own that uses an archive file: `burst` puts until it is killed and prints every
 * key once it is durable; `share` puts a fixed set of keys; `open` opens, says so and forgets to close.
 */
import { writeSync } from 'node:fs';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { eventRecord, paymentJson } from './archive.ts';

const [command, path, seedText] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: archive-process.ts burst|share|open <file> [seed]');
const seed = Number(seedText ?? 0);
const archive = await openNodeArchive(path, { busyTimeoutMs: 20_000 });
// Synchronous, so that a line is out of the process before the process can be killed.
const print = (line: string): void => void writeSync(1, `${line}\n`);

if (command === 'open') {
  await archive.ready();
  print('opened');
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
