/** `npm start`: the whole gateway in one foreground process with supervised children. */
import { refuseOldNode } from './launch/node-version.ts';

refuseOldNode();
// Imported only now: on an older Node the imports themselves would fail, and say nothing useful.
const { launch } = await import('./launch/start.ts');
const { startNodeRuntime } = await import('./launch/node-runtime.ts');
const { loadConfig } = await import('./launch/load-config.ts');
const config = await loadConfig(() => import('../gateway.config.ts'));
const err = (text: string) => process.stderr.write(`${text}\n`);

if (config.ok) {
  await launch({
    command: 'npm start',
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    config: config.value,
    startRuntime: (ground) => startNodeRuntime(ground, config.value),
    out: (text) => process.stdout.write(`${text}\n`),
    err,
  });
} else {
  err(config.failure);
  process.exitCode = 1;
}
