/**
 * The Worker: the gateway and, under /restate/, the objects. Built once per isolate from `env`,
 * because secrets exist only there.
 */
import type { ExecutionContext } from 'hono';
import config from '../gateway.config.ts';
import { type BuiltWorker, buildWorker, type WorkerEnvironment } from './launch/worker-parts.ts';

const built = new WeakMap<WorkerEnvironment, BuiltWorker>();

export default {
  async fetch(
    request: Request,
    env: WorkerEnvironment,
    context: ExecutionContext,
  ): Promise<Response> {
    const worker = built.get(env) ?? buildWorker(env, config, new URL(request.url).origin);
    built.set(env, worker);
    if (new URL(request.url).pathname.startsWith('/restate/')) return worker.objects(request);
    return worker.app.fetch(request, env, context);
  },
};
