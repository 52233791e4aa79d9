/** Vectors and labelled payloads that lie beside a checkout in CI, and not on a user's machine. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { leftOut } from './skipped.ts';

/** Where a shared file or folder is, or null for `it.skipIf`; see `leftOut`. */
export function sharedPath(name: string): string | null {
  const path = fileURLToPath(new URL(`../../../shared/${name}`, import.meta.url));
  const isHere = existsSync(path);
  return leftOut(isHere ? null : { what: `../shared/${name} is absent` }) ? null : path;
}
