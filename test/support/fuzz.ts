/** Property runs whose seed is always known: printed when one fails, settable to repeat it. */
import fc from 'fast-check';

const given = process.env['FUZZ_SEED'];
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

export function fuzz<Values>(property: fc.IProperty<Values>, numRuns: number): void {
  announce(numRuns);
  fc.assert(property, { seed, numRuns });
}

export async function fuzzAsync<Values>(
  property: fc.IAsyncProperty<Values>,
  numRuns: number,
): Promise<void> {
  announce(numRuns);
  await fc.assert(property, { seed, numRuns });
}

function announce(numRuns: number): void {
  process.stderr.write(`fuzz: ${numRuns} runs, FUZZ_SEED=${seed}\n`);
}
