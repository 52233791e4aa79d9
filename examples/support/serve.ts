/** `npm start` with another config: what an example starts as a process of its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { enter } from '../../src/launch/entry.ts';
import { startNodeRuntime } from '../../src/launch/node-runtime.ts';

const [path = 'gateway.config.ts', ...argv] = process.argv.slice(2);

await enter({
  command: `node examples/support/serve.ts ${path}`,
  argv,
  load: () => import(pathToFileURL(resolve(path)).href),
  configPath: resolve(path),
  startRuntime: startNodeRuntime,
});
