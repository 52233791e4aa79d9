/**
 * The Worker of `src/worker.ts` with the sources that the gateway suite asks for; everything below
 * the config is what is deployed. The same sources as `testGatewayConfig()`, as a user writes them.
 */
import type { ExecutionContext } from 'hono';
import { defineGateway } from '../../src/config.ts';
import {
  type BuiltWorker,
  buildWorker,
  type WorkerEnvironment,
} from '../../src/launch/worker-parts.ts';

const config = defineGateway({
  sources: {
    stripe: { provider: 'stripe', secrets: ['STRIPE_SECRET', 'STRIPE_SECRET_OLD'] },
    'stripe-eu': { provider: 'stripe', secrets: ['STRIPE_SECRET_EUROPE'] },
    github: { provider: 'github', secrets: ['GITHUB_SECRET'] },
    standard: { provider: 'standard-webhooks', secrets: ['STANDARD_SECRET'] },
    small: { provider: 'stripe', secrets: ['STRIPE_SECRET'], bytesMax: 2000 },
    zipped: {
      provider: 'stripe',
      secrets: ['STRIPE_SECRET'],
      bytesMax: 20_000,
      contentEncodings: ['gzip'],
    },
  },
  mail: {
    from: 'Acme <billing@acme.example>',
    businessName: 'Acme',
    team: [['team@acme-billing.com'], ['lead@acme-billing.com']],
  },
});

const built = new WeakMap<WorkerEnvironment, BuiltWorker>();

// The runtime wants a default export.
export default {
  async fetch(
    request: Request,
    env: WorkerEnvironment,
    context: ExecutionContext,
  ): Promise<Response> {
    const { origin, pathname } = new URL(request.url);
    const worker = built.get(env) ?? buildWorker(env, config, origin);
    built.set(env, worker);
    if (pathname.startsWith('/restate/')) return worker.objects(request);
    return worker.app.fetch(request, env, context);
  },
};
