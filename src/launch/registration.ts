/** Registers the objects at Restate and calls one of them, so that a start that works really works. */
import { registerDeployment, selfCheck } from '../durable/register.ts';
import { LaunchRefused } from './faults.ts';
import { announced } from './patience.ts';
import type { Ground } from './start.ts';

const DEADLINE_MS = 30_000;

/**
 * `force`: the same address serves new handlers after every change of the code, and without it
 * Restate keeps the old list. Without an admin address somebody else registers; that is said.
 */
export async function registerAndCheck(
  ground: Ground,
  endpoint: { readonly uri: string; readonly useHttp11: boolean },
): Promise<void> {
  const { restateAdminUrl: adminUrl, restateHeaders: headers } = ground;
  const { say } = ground.supervisor;
  if (adminUrl === null) {
    say(
      `RESTATE_ADMIN_URL is not set, so ${endpoint.uri} was not registered; register it yourself.`,
    );
  } else {
    const registering = registerDeployment({
      adminUrl,
      ...endpoint,
      force: true,
      headers,
      fetch,
      deadlineMs: DEADLINE_MS,
    });
    const registered = await announced(say, `Restate's admin API at ${adminUrl}`, registering);
    if (!registered.ok) {
      const { detail, reason } = registered.failure;
      const remedy =
        reason === 'endpoint_refused'
          ? `Restate must reach them at ${endpoint.uri}; where it runs elsewhere, set HOOKLINE_ENDPOINT_URL.`
          : 'See that it runs, and that RESTATE_ADMIN_URL is the address of its admin API.';
      throw new LaunchRefused(
        `The objects could not be registered at ${adminUrl}: ${detail} (${reason}). ${remedy}`,
      );
    }
  }
  const { restateIngressUrl: ingressUrl } = ground;
  const checking = selfCheck({ ingressUrl, headers, fetch, timeoutMs: DEADLINE_MS });
  const checked = await announced(say, `a call through Restate at ${ingressUrl}`, checking);
  if (!checked.ok) {
    throw new LaunchRefused(
      `A call through Restate (${ingressUrl}) failed: ${checked.failure.detail}. ` +
        'See that it runs, and that RESTATE_INGRESS_URL is the address of its ingress.',
    );
  }
}
