/** The vector files beside the repository, where a checkout has them. */
import { readFileSync } from 'node:fs';
import type { SignatureVector } from '../../src/cli/vectors.ts';
import { parseVectors } from '../../src/cli/vectors.ts';
import { sharedPath } from './shared.ts';

const path = sharedPath('vectors/signatures.json');

/** For `it.skipIf` around whatever asks for `sharedVectors`. */
export const vectorsAbsent = path === null;

/** The vectors of these providers; throws where there are none to read. */
export function sharedVectors(names: readonly string[]): readonly SignatureVector[] {
  if (path === null) throw new Error('ask only where vectorsAbsent is false');
  const parsed = parseVectors(JSON.parse(readFileSync(path, 'utf8')));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.vectors.filter((vector) => names.includes(vector.provider));
}
