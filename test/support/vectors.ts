/** The vector files beside the repository, where a checkout has them. */
import { readFileSync } from 'node:fs';
import type { SignatureVector } from '../../src/cli/vectors.ts';
import { parseVectors } from '../../src/cli/vectors.ts';
import { sharedPath } from './shared.ts';

/** Null when the file is absent; see `sharedPath`. */
export function sharedVectors(names: readonly string[]): readonly SignatureVector[] | null {
  const path = sharedPath('vectors/signatures.json');
  if (path === null) return null;
  const parsed = parseVectors(JSON.parse(readFileSync(path, 'utf8')));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.vectors.filter((vector) => names.includes(vector.provider));
}
