/**
 * The Worker of `src/worker.ts` with the sources that the gateway suite asks for; everything below
 * the config is what is deployed. The same sources as `testGatewayConfig()`, as a user writes them.
 */
import type { ExecutionContext } from 'hono';
import { d1Archive } from '../../src/archive/d1.ts';
import { defineGateway } from '../../src/config.ts';
import {
  type BuiltWorker,
  buildWorker,
  type WorkerEnvironment,
} from '../../src/launch/worker-parts.ts';
import { encode } from './archive-wire.ts';
import { KEPT_PATH, keptEvent } from './kept-event.ts';

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

/** What is in the archive, for the test alone: through wrangler's proxy 25 MiB take seconds. */
async function kept(request: Request, { ARCHIVE }: WorkerEnvironment): Promise<unknown> {
  if (ARCHIVE === undefined) throw new Error('no archive is bound');
  const { searchParams } = new URL(request.url);
  const source = searchParams.get('source') ?? '';
  return keptEvent(d1Archive(ARCHIVE), source, searchParams.get('key') ?? '');
}

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
    if (pathname === KEPT_PATH) return new Response(encode(await kept(request, env)));
    return worker.app.fetch(request, env, context);
  },
};
