/** `npm start` with another config: what an example starts as a process of its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../../src/launch/load-config.ts';
import { startNodeRuntime } from '../../src/launch/node-runtime.ts';
import { launch } from '../../src/launch/start.ts';

const [path = 'gateway.config.ts', ...argv] = process.argv.slice(2);
const config = await loadConfig(() => import(pathToFileURL(resolve(path)).href), resolve(path));
const err = (text: string) => process.stderr.write(`${text}\n`);

if (config.ok) {
  await launch({
    command: `node examples/support/serve.ts ${path}`,
    argv,
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
