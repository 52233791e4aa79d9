/** The vector files beside the repository, where a checkout has them. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SignatureVector } from '../../src/cli/vectors.ts';
import { parseVectors } from '../../src/cli/vectors.ts';

const FILE = fileURLToPath(new URL('../../../shared/vectors/signatures.json', import.meta.url));

/** Null, with a line on the console, when the file is absent: a skipped test must be seen. */
export function sharedVectors(names: readonly string[]): readonly SignatureVector[] | null {
  if (!existsSync(FILE)) {
    process.stderr.write(
      `SKIPPED: ../shared/vectors/signatures.json is absent (${names.join(', ')})\n`,
    );
    return null;
  }
  const parsed = parseVectors(JSON.parse(readFileSync(FILE, 'utf8')));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.vectors.filter((vector) => names.includes(vector.provider));
}
