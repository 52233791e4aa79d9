import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'hookline-compiled-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// Whoever could write a common temporary directory before us could leave code there for us to run.
it('keeps compiled modules inside the project, and nothing in the common temporary directory', () => {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const run = spawnSync(process.execPath, ['src/cli/hookline.js', '--version'], {
    env: { ...env, TMPDIR: dir },
    encoding: 'utf8',
  });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(readdirSync(dir)).toEqual([]);
  expect(readdirSync('node_modules/.cache/hookline').length).toBeGreaterThan(0);
});
