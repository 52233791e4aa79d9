/** The gateway's HTTP application, the same on every runtime. It composes; others decide. */
import { Hono } from 'hono';
import { createApi } from './api.ts';
import { operatorAuth } from './auth.ts';
import { createBodyBudget } from './body-budget.ts';
import { EDGE_LIMITS, type EdgeDeps } from './deps.ts';
import { createHealth } from './health.ts';
import { createLinkPages } from './link-pages.ts';
import { errorText } from './log.ts';
import { createReceive } from './receive.ts';
import { refuse } from './respond.ts';

export type { EdgeDeps } from './deps.ts';

/**
 * All routes of the gateway; limits that `deps` leaves out are `EDGE_LIMITS`. Asks nothing of
 * anybody before the first request. A handler that throws is answered with 503.
 */
export function createApp(deps: EdgeDeps): Hono {
  const limits = { ...EDGE_LIMITS, ...deps.limits };
  const budget = createBodyBudget({ bytesMax: limits.bodyBytesMax, wallNow: deps.wallNow });
  const operator = operatorAuth({
    token: deps.gateway.token,
    wallNow: deps.wallNow,
    clientOf: deps.clientOf ?? (() => null),
    onRefused: deps.metrics.operatorRefused,
  });
  const health = createHealth(deps, limits);
  const pages = createLinkPages(deps);
  const app = new Hono();

  app.all('/webhooks/*', createReceive(deps, limits, budget));

  app.get('/healthz', health.alive);
  app.get('/readyz', health.ready);
  const metrics = () =>
    new Response(deps.metrics.render(), {
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    });
  if (deps.metricsPublic === true) app.get('/metrics', metrics);
  else app.get('/metrics', operator, metrics);

  app.use('/api/*', operator);
  app.route('/api', createApi(deps, limits, budget));

  app.get('/payments/*', (c) => pages.showSubject(c, 'payment'));
  app.get('/alerts/*', (c) => pages.showSubject(c, 'alert'));
  app.get('/ack/:token', pages.showAcknowledge);
  app.post('/ack/:token', pages.acknowledge);
  app.get('/unsubscribe/:token', pages.showUnsubscribe);
  app.post('/unsubscribe/:token', pages.unsubscribe);

  app.notFound(() => refuse({ kind: 'not_found' }));
  // A throw is a bug of ours, so the sender must come back: never a 4xx, and nothing about it.
  app.onError((error) => {
    deps.log.error('bug', { error: errorText(error) });
    return refuse({ kind: 'unavailable' });
  });
  return app;
}
