/** What `npm run dev:edge` runs: the Worker in workerd, which serves gateway and objects. */
import type { GatewayConfig } from '../config.ts';
import { createChild } from './child.ts';
import { readyFacts } from './ready-facts.ts';
import type { ReadyFacts } from './ready-text.ts';
import { registerAndCheck } from './registration.ts';
import type { Ground } from './start.ts';
import { untilReady } from './until-ready.ts';
import { migrateLocalD1, wranglerChild } from './wrangler-child.ts';

const READY_WITHIN_MS = 60_000;
/** Variables that reach the Worker when they are set, besides the secrets the config names. */
const PASSED_ON = [
  'HOOKLINE_TEAM_EMAIL',
  'HOOKLINE_METRICS_PUBLIC',
  'RESTATE_AUTH_TOKEN',
  'RESTATE_IDENTITY_KEY',
];

/** Starts it all and resolves when `/readyz` says that an event can be accepted. */
export async function startEdgeRuntime(ground: Ground, config: GatewayConfig): Promise<ReadyFacts> {
  const { settings, gatewayUrl, shutdown, supervisor } = ground;
  await migrateLocalD1(settings, ground.childEnv);
  const spec = wranglerChild(settings, ground.childEnv, workerVariables(ground, config));
  const worker = createChild(spec, supervisor);
  shutdown.add({ name: spec.name, ...worker });
  await worker.start();
  const endpointUrl = `${gatewayUrl}/restate`;
  // Local workerd speaks HTTP/1.1 only.
  await registerAndCheck(ground, { uri: endpointUrl, useHttp11: true });
  await untilReady({
    name: 'The Worker',
    ask: () => fetch(`${gatewayUrl}/readyz`),
    withinMs: READY_WITHIN_MS,
    everyMs: 500,
  });
  return readyFacts(ground, config, endpointUrl);
}

function workerVariables(ground: Ground, config: GatewayConfig): Readonly<Record<string, string>> {
  const { line } = ground.clock;
  const named = Object.values(config.sources).flatMap((source) => [...source.secrets]);
  const passed = [...named, ...PASSED_ON].flatMap((name) => {
    const value = ground.env[name];
    return value ? [[name, value] as const] : [];
  });
  return {
    ...Object.fromEntries(passed),
    ...ground.secrets.values,
    HOOKLINE_URL: ground.gateway.publicUrl,
    HOOKLINE_TIME_SCALE: String(line.scale),
    HOOKLINE_TIME_BASE_MS: String(line.baseMs),
    RESTATE_INGRESS_URL: ground.restateIngressUrl,
    ...(ground.restateAdminUrl === null ? {} : { RESTATE_ADMIN_URL: ground.restateAdminUrl }),
    SMTP_URL: ground.smtpUrl,
    ...(ground.settings.smtpUrl === null ? { HOOKLINE_MAIL_IS_CAUGHT: 'yes' } : {}),
    ...(ground.settings.host === '127.0.0.1' ? { HOOKLINE_ENDPOINT_IS_PRIVATE: 'yes' } : {}),
  };
}
