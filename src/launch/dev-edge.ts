/** `npm run dev:edge`: the same application in workerd, with a local D1, Restate and mail catcher. */
import { refuseOldNode } from './node-version.ts';

refuseOldNode();
// Imported only now: on an older Node the imports themselves would fail, and say nothing useful.
const { launch } = await import('./start.ts');
const { startEdgeRuntime } = await import('./edge-runtime.ts');
const { wranglerChild } = await import('./wrangler-child.ts');
const { loadConfig } = await import('./load-config.ts');
const config = await loadConfig(() => import('../../gateway.config.ts'));
const err = (text: string) => process.stderr.write(`${text}\n`);

if (config.ok) {
  await launch({
    command: 'npm run dev:edge',
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    config: config.value,
    startRuntime: (ground) => startEdgeRuntime(ground, config.value),
    moreChildren: (settings) => [wranglerChild(settings, {}, {})],
    endpointInGateway: true,
    out: (text) => process.stdout.write(`${text}\n`),
    err,
  });
} else {
  err(config.failure);
  process.exitCode = 1;
}
