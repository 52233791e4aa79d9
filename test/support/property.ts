/** Everything that tests draw at random comes from one seed: printed with every run, settable. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect } from 'vitest';

/** `SEED=n` repeats a run: of properties, bursts and kills alike. */
export const SEED = readSeed(process.env['SEED']);

/** Asserts a property over `runs` cases, seed printed. */
export function holds<Ts>(name: string, property: fc.IProperty<Ts>, runs = 10_000): void {
  announce(name, runs);
  fc.assert(property, { seed: SEED, numRuns: runs });
}

/** The same for a property that waits. */
export async function holdsAsync<Ts>(
  name: string,
  property: fc.IAsyncProperty<Ts>,
  runs: number,
): Promise<void> {
  announce(name, runs);
  await fc.assert(property, { seed: SEED, numRuns: runs });
}

/** `toEqual`, where it is asked ten thousand times: the matcher itself costs more than what it matches. */
export function same(actual: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(actual, wanted)) expect(actual).toEqual(wanted);
}

function announce(name: string, runs: number): void {
  process.stdout.write(`${name}: ${runs} runs, SEED=${SEED}\n`);
}

/** Refuses what is no whole number: it would run with another seed than the one that was typed. */
function readSeed(text: string | undefined): number {
  if (text === undefined || text === '') return Date.now() % 2 ** 31;
  const seed = Number(text);
  if (!Number.isSafeInteger(seed)) throw new Error(`SEED is "${text}"; it is a whole number.`);
  return seed;
}
