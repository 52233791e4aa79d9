/** `npm start` with another config: what an example starts as a process of its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GatewayConfig } from '../../src/config.ts';
import { startNodeRuntime } from '../../src/launch/node-runtime.ts';
import { launch } from '../../src/launch/start.ts';

const [path = 'gateway.config.ts', ...argv] = process.argv.slice(2);
const loaded: { readonly default: GatewayConfig } = await import(pathToFileURL(resolve(path)).href);

await launch({
  command: `node examples/support/serve.ts ${path}`,
  argv,
  env: process.env,
  cwd: process.cwd(),
  config: loaded.default,
  startRuntime: (ground) => startNodeRuntime(ground, loaded.default),
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
});
