import fc from 'fast-check';

/** Every run prints its seed; `SEED=n` repeats it. */
const seed = process.env['SEED'] === undefined ? Date.now() % 2 ** 31 : Number(process.env['SEED']);

/** Asserts a property over `runs` cases, seed printed. */
export function holds<Ts>(name: string, property: fc.IPropertyWithHooks<Ts>, runs = 10_000): void {
  process.stdout.write(`${name}: ${runs} runs, SEED=${seed}\n`);
  fc.assert(property, { seed, numRuns: runs, endOnFailure: false });
}
