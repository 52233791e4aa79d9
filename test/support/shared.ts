/** Vectors and labelled payloads that lie beside a checkout in CI, and not on a user's machine. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Where a shared file or folder is, or null with a line on the console: a skipped test must be
 * seen. With `HOOKLINE_REQUIRE_SHARED` set, as CI sets it, absence is a failure.
 */
export function sharedPath(name: string): string | null {
  const path = fileURLToPath(new URL(`../../../shared/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  if (process.env['HOOKLINE_REQUIRE_SHARED'] !== undefined) {
    throw new Error(`../shared/${name} is absent, and this run must not skip it`);
  }
  process.stderr.write(`SKIPPED: ../shared/${name} is absent\n`);
  return null;
}
