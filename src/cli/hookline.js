#!/usr/bin/env node
// Starts the CLI. Plain JavaScript, because it must run on any Node from 20 on: TypeScript is run
// without a build, which needs a newer Node, and that one comes from the npm package `node`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';

const NODE_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) {
  const { keepCompiledModules } = await import('../launch/compile-cache.js');
  keepCompiledModules();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.exitCode = runOnOwnNode();
}

function runOnOwnNode() {
  const binary = ownNode();
  if (binary === null) {
    process.stderr.write(
      `hookline needs Node ${NODE_MAJOR}; this is Node ${process.versions.node}. ` +
        'Run `npm ci` in the project: it brings its own.\n',
    );
    return 1;
  }
  // Ctrl-C reaches both processes: this one only waits, so that the exit code is the child's.
  process.on('SIGINT', () => {});
  const run = spawnSync(
    binary,
    [import.meta.filename ?? process.argv[1], ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  return run.status ?? 1;
}

function ownNode() {
  try {
    const home = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const binary = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}
