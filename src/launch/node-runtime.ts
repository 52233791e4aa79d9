/** What `npm start` runs in its own process: archive, objects, gateway, in this order. */
import { join } from 'node:path';
import type { Archive, CommitListener } from '../archive/contract.ts';
import { openNodeArchive } from '../archive/node-sqlite.ts';
import { compose } from '../compose.ts';
import type { GatewayConfig } from '../config.ts';
import { serveEndpoint } from '../durable/endpoint-node.ts';
import { createIngress } from '../durable/ingress.ts';
import { createNodeCrypto } from '../edge/crypto-node.ts';
import { createLog, type Log } from '../edge/log.ts';
import { createMetrics } from '../edge/metrics.ts';
import { smtpTransport } from '../mail/transport-smtp.ts';
import { VERSION } from '../version.ts';
import { archiveRefusal } from './archive-fault.ts';
import { ingressConnections } from './ingress-fetch.ts';
import { openLogFile } from './log-sink.ts';
import { peerAddress, serveGateway } from './node-gateway.ts';
import { announced } from './patience.ts';
import { readyFacts } from './ready-facts.ts';
import type { ReadyFacts } from './ready-text.ts';
import { registerAndCheck } from './registration.ts';
import { restateLogger } from './restate-logger.ts';
import { type Ground, urlOf } from './start.ts';
import { untilReady } from './until-ready.ts';

const SMTP_TIMEOUT_MS = 30_000;
const DRAIN_MS = 10_000;
const READY_WITHIN_MS = 30_000;

/** Starts it all and resolves when `/readyz` says that an event can be accepted. */
export async function startNodeRuntime(ground: Ground, config: GatewayConfig): Promise<ReadyFacts> {
  const { settings, gateway, shutdown } = ground;
  const { ports } = settings;
  const wallNow = (): number => Date.now();
  const log = openLog(ground, wallNow);
  const metrics = createMetrics(gateway.sources.keys());
  const archive = await openArchive(ground, metrics.archiveCommitted);
  shutdown.add({ name: 'The archive', stop: () => archive.close() });
  const connections = ingressConnections();
  shutdown.add({ name: 'The connections to Restate', stop: connections.close });
  const { app, services } = compose({
    gateway,
    archive,
    ingress: createIngress({
      ingressUrl: ground.restateIngressUrl,
      adminUrl: ground.restateAdminUrl,
      fetch: connections.fetch,
      headers: ground.restateHeaders,
    }),
    crypto: createNodeCrypto(),
    clock: ground.clock.clock,
    transport: smtpTransport({ url: ground.smtpUrl, timeoutMs: SMTP_TIMEOUT_MS }),
    log,
    metrics,
    wallNow,
    version: VERSION,
    cancelTimers: true,
    metricsPublic: settings.metricsPublic,
    clientOf: peerAddress,
  });
  const endpoint = await serveEndpoint({
    services,
    host: settings.endpointHost,
    port: ports.endpoint,
    ...(settings.restateIdentityKeys.length === 0
      ? {}
      : { identityKeys: settings.restateIdentityKeys }),
    logger: restateLogger(log, () => shutdown.begun),
  });
  shutdown.add({ name: 'The object endpoint', stop: endpoint.close });
  const served = await serveGateway(app, settings.host, ports.gateway);
  shutdown.add({ name: 'The gateway', stop: () => served.drain(DRAIN_MS) });
  const endpointUrl = settings.restate?.endpointUrl ?? urlOf(settings.endpointHost, ports.endpoint);
  await registerAndCheck(ground, { uri: endpointUrl, useHttp11: false });
  await untilReady({
    name: 'The gateway',
    ask: () => app.request('/readyz'),
    withinMs: READY_WITHIN_MS,
    everyMs: 200,
  });
  return readyFacts(ground, config, endpointUrl);
}

async function openArchive(ground: Ground, onCommit: CommitListener): Promise<Archive> {
  const { settings, supervisor } = ground;
  const path = settings.archivePath ?? join(settings.dataDir, 'archive.db');
  try {
    const opening = openNodeArchive(path, { onCommit });
    return await announced(supervisor.say, `the archive ${path}`, opening);
  } catch (error) {
    throw archiveRefusal(error, path);
  }
}

function openLog({ settings, shutdown, supervisor }: Ground, wallNow: () => number): Log {
  const logFile = openLogFile({
    path: join(settings.dataDir, 'hookline.log'),
    dataDir: settings.dataDir,
    say: supervisor.say,
    monotonicMs: () => performance.now(),
  });
  shutdown.add({ name: 'The log', stop: logFile.close });
  return createLog({ sink: logFile.sink, wallNow });
}
