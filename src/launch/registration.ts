/** Registers the objects at Restate and calls one of them, so that a start that works really works. */
import { registerDeployment, selfCheck } from '../durable/register.ts';
import { LaunchRefused } from './faults.ts';
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
  if (adminUrl === null) {
    ground.supervisor.say(
      `RESTATE_ADMIN_URL is not set, so ${endpoint.uri} was not registered; register it yourself.`,
    );
  } else {
    const registered = await registerDeployment({
      adminUrl,
      ...endpoint,
      force: true,
      headers,
      fetch,
      deadlineMs: DEADLINE_MS,
    });
    if (!registered.ok) {
      throw new LaunchRefused(
        `The objects could not be registered at ${adminUrl}: ${registered.failure.detail} ` +
          `(${registered.failure.reason}). Restate must reach them at ${endpoint.uri}; where it runs ` +
          'elsewhere, set HOOKLINE_ENDPOINT_URL.',
      );
    }
  }
  const checked = await selfCheck({
    ingressUrl: ground.restateIngressUrl,
    headers,
    fetch,
    timeoutMs: DEADLINE_MS,
  });
  if (!checked.ok) {
    throw new LaunchRefused(
      `A call through Restate (${ground.restateIngressUrl}) failed: ${checked.failure.detail}.`,
    );
  }
}
