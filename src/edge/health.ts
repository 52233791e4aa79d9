/**
 * `/healthz`: the process answers. `/readyz`: an event could be accepted now. Both are public,
 * because balancers carry no token; they name the part that fails and nothing else.
 */
import type { EdgeDeps, EdgeLimits } from './deps.ts';
import { errorText } from './log.ts';
import { jsonResponse } from './respond.ts';
import { within } from './within.ts';

const CACHE_MS = 1000;

/**
 * `ready` gives Restate and the archive `readyMs` each and answers 200 or 503; that answer holds
 * for a second.
 */
export function createHealth(deps: EdgeDeps, limits: EdgeLimits) {
  // Only the settled answer is kept: on workerd a request may not wait for another one's promise.
  let last: { readonly at: number; readonly ready: Readiness } | null = null;
  return {
    alive: (): Response => jsonResponse(200, { status: 'alive', version: deps.version }),
    ready: async (): Promise<Response> => {
      const now = deps.wallNow();
      if (last === null || now - last.at >= CACHE_MS || now < last.at)
        last = { at: now, ready: await askAll(deps, limits.readyMs) };
      const { ready } = last;
      const all = ready.restate && ready.archive;
      return jsonResponse(all ? 200 : 503, {
        status: all ? 'ready' : 'not_ready',
        restate: ready.restate ? 'ok' : 'failing',
        archive: ready.archive ? 'ok' : 'failing',
      });
    },
  };
}

interface Readiness {
  readonly restate: boolean;
  readonly archive: boolean;
}

async function askAll(deps: EdgeDeps, limitMs: number): Promise<Readiness> {
  const [restate, archive] = await Promise.all([
    within(deps.ingress.ready(), limitMs),
    within(deps.archive.ready(), limitMs),
  ]);
  const restateReady = restate.kind === 'done' && restate.value.ok;
  if (!restateReady || archive.kind !== 'done')
    deps.log.warn('not_ready', {
      restate:
        restate.kind === 'done'
          ? restate.value.ok
            ? 'ok'
            : restate.value.failure.reason
          : restate.kind,
      archive: archive.kind === 'failed' ? errorText(archive.error) : archive.kind,
    });
  return { restate: restateReady, archive: archive.kind === 'done' };
}
