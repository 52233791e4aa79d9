/** A directory that a test has to itself, and what a gateway keeps in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { WantedSecret } from '../../src/launch/secrets.ts';

/** The directory of the test that runs now; empty until `freshDir` was called. */
export let dir = '';

/** A new empty `dir` before each test of a file, gone after it. */
export function freshDir(): void {
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'hookline-dir-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
}

/** A secret of each form. */
export const WANTED: readonly WantedSecret[] = [
  { variable: 'STRIPE_WEBHOOK_SECRET', form: 'whsec' },
  { variable: 'GITHUB_WEBHOOK_SECRET', form: 'hex' },
];
