/** `npm start`: the whole gateway in one foreground process with supervised children. */
import { refuseOldNode } from './launch/node-version.ts';

refuseOldNode();
// Imported only now: on an older Node the imports themselves would fail, and say nothing useful.
const { launch } = await import('./launch/start.ts');
const { startNodeRuntime } = await import('./launch/node-runtime.ts');
const { default: config } = await import('../gateway.config.ts');

await launch({
  command: 'npm start',
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  config,
  startRuntime: (ground) => startNodeRuntime(ground, config),
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
});
