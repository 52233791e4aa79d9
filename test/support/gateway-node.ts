/**
 * The gateway on Node as `npm start` puts it together, on an SQLite file and a real restate-server,
 * all of it on loopback and gone afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Hono } from 'hono';
import type { Archive } from '../../src/archive/contract.ts';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { compose } from '../../src/compose.ts';
import { wallClock } from '../../src/core/clock.ts';
import { serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { createIngress } from '../../src/durable/ingress.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { createLog } from '../../src/edge/log.ts';
import { createMetrics } from '../../src/edge/metrics.ts';
import { ingressConnections } from '../../src/launch/ingress-fetch.ts';
import { serveGateway } from '../../src/launch/node-gateway.ts';
import { smtpTransport } from '../../src/mail/transport-smtp.ts';
import type { GatewayUnderTest } from '../suites/gateway.ts';
import { testGatewayConfig } from './gateway.ts';
import { countIn, ingressView } from './gateway-views.ts';
import { keptEvent } from './kept-event.ts';
import { freePorts, type RunningRestate, startRestate } from './restate.ts';

export interface GatewayOnNode extends Omit<GatewayUnderTest, 'fetch'> {
  readonly app: Hono;
  readonly origin: string;
  readonly restate: RunningRestate;
  readonly archive: Archive;
  /** Takes the write lock of the archive's file as another process would; call what it returns to give it back. */
  lockArchive(): () => void;
}

export interface GatewayOnNodeOptions {
  /** For an answer, where the deployed limit is not what is tested. */
  readonly answerMs?: number;
}

export async function startGatewayOnNode(
  options: GatewayOnNodeOptions = {},
): Promise<GatewayOnNode> {
  const { answerMs } = options;
  const dir = mkdtempSync(join(tmpdir(), 'hookline-gateway-node-'));
  const path = join(dir, 'archive.db');
  const gateway = testGatewayConfig();
  const metrics = createMetrics(gateway.sources.keys());
  const [restate, archive, [smtpPort = 0, port = 0, endpointPort = 0]] = await Promise.all([
    startRestate(),
    openNodeArchive(path, { onCommit: metrics.archiveCommitted }),
    freePorts(3),
  ]);
  const connections = ingressConnections();
  const { app, services } = compose({
    gateway,
    archive,
    ingress: createIngress({
      ingressUrl: restate.ingressUrl,
      adminUrl: restate.adminUrl,
      fetch: connections.fetch,
      ...(answerMs === undefined ? {} : { timeoutMs: answerMs }),
    }),
    crypto: createNodeCrypto(),
    clock: wallClock,
    // Nobody listens there: no step of a ladder is due while the tests run.
    transport: smtpTransport({ url: `smtp://127.0.0.1:${smtpPort}`, timeoutMs: 1_000 }),
    log: createLog({ sink: () => undefined, wallNow: () => Date.now() }),
    metrics,
    wallNow: () => Date.now(),
    version: '1.2.3',
    cancelTimers: true,
    metricsPublic: false,
    ...(answerMs === undefined ? {} : { limits: { answerMs } }),
  });
  const endpoint = await serveEndpoint({
    services,
    host: '127.0.0.1',
    port: endpointPort,
    logger: () => undefined,
  });
  const served = await serveGateway(app, '127.0.0.1', port);
  const close = async (): Promise<void> => {
    // Restate first: it would go on calling an endpoint that is no more.
    await restate.stop();
    await Promise.all([served.drain(0), endpoint.close(), connections.close(), archive.close()]);
    rmSync(dir, { recursive: true, force: true });
  };
  const registered = await registerDeployment({
    adminUrl: restate.adminUrl,
    uri: `http://127.0.0.1:${endpoint.port}`,
    force: true,
    useHttp11: false,
    fetch,
    deadlineMs: 20_000,
  });
  if (!registered.ok) {
    await close();
    throw new Error(JSON.stringify(registered.failure));
  }
  return {
    app,
    origin: `http://127.0.0.1:${port}`,
    restate,
    archive,
    lockArchive: () => lock(path),
    archiveView: {
      find: (source, key) => keptEvent(archive, source, key),
      count: async () => rowsIn(path),
    },
    ingressView: ingressView(restate),
    close,
  };
}

function lock(path: string): () => void {
  // A commit of the gateway may be under way; it ends on a thread of its own.
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec('BEGIN IMMEDIATE');
  return () => {
    if (database.isOpen) database.close();
  };
}

function rowsIn(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return countIn(database.prepare('SELECT count(*) AS count FROM events').all());
  } finally {
    database.close();
  }
}
