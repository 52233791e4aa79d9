import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'hookline-compiled-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a clone holds once its packages are installed. */
function cloneInto(path: string): void {
  for (const part of ['src', 'webhooks', 'package.json', 'gateway.config.ts']) {
    cpSync(part, join(path, part), { recursive: true });
  }
  mkdirSync(join(path, 'node_modules'));
  const packages = readdirSync('node_modules').filter((name) => !name.startsWith('.'));
  for (const name of packages) {
    symlinkSync(join(process.cwd(), 'node_modules', name), join(path, 'node_modules', name));
  }
}

// Whoever could write a common temporary directory before us could leave code there for us to run.
it('keeps compiled modules inside the project, and nothing in the common temporary directory', () => {
  const project = join(dir, 'project');
  const temporary = join(dir, 'temporary');
  mkdirSync(temporary);
  cloneInto(project);
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const run = spawnSync(process.execPath, ['src/cli/hookline.js', '--version'], {
    cwd: project,
    env: { ...env, TMPDIR: temporary },
    encoding: 'utf8',
  });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(readdirSync(temporary)).toEqual([]);
  const [version = ''] = readdirSync(join(project, 'node_modules/.cache/hookline'));
  expect(
    readdirSync(join(project, 'node_modules/.cache/hookline', version)).length,
  ).toBeGreaterThan(20);
});
