/** `npm start`: the whole gateway in one foreground process with supervised children. */
import { keepCompiledModules } from './launch/compile-cache.js';
import { refuseOldNode } from './launch/node-version.ts';

refuseOldNode();
keepCompiledModules();
// Imported only now: on an older Node the imports themselves would fail, and say nothing useful.
const { enter } = await import('./launch/entry.ts');
const { startNodeRuntime } = await import('./launch/node-runtime.ts');

await enter({
  command: 'npm start',
  argv: process.argv.slice(2),
  load: () => import('../gateway.config.ts'),
  startRuntime: startNodeRuntime,
});
