/** `npm run dev:edge`: the same application in workerd, with a local D1, Restate and mail catcher. */
import { keepCompiledModules } from './compile-cache.js';
import { refuseOldNode } from './node-version.ts';

refuseOldNode();
keepCompiledModules();
// Imported only now: on an older Node the imports themselves would fail, and say nothing useful.
const { enter } = await import('./entry.ts');
const { startEdgeRuntime } = await import('./edge-runtime.ts');
const { wranglerChild } = await import('./wrangler-child.ts');

await enter({
  command: 'npm run dev:edge',
  argv: process.argv.slice(2),
  load: () => import('../../gateway.config.ts'),
  startRuntime: startEdgeRuntime,
  moreChildren: (settings) => [wranglerChild(settings, {}, {})],
  endpointInGateway: true,
});
