/** The edge application over in-memory ports, for tests that look inside or make parts fail. */
import { wallClock } from '../../src/core/clock.ts';
import { createApp, type EdgeDeps } from '../../src/edge/app.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { createLinkCodec } from '../../src/edge/links.ts';
import { createLog } from '../../src/edge/log.ts';
import { createMetrics } from '../../src/edge/metrics.ts';
import { memoryArchive, memoryIngress } from './edge-ports.ts';
import { testGatewayConfig } from './gateway.ts';

export function edgeUnderTest(over: Partial<EdgeDeps> = {}) {
  const archive = memoryArchive();
  const ingress = memoryIngress();
  const lines: string[] = [];
  const gateway = over.gateway ?? testGatewayConfig();
  const wallNow = over.wallNow ?? (() => Date.now());
  const clock = over.clock ?? wallClock;
  const links = createLinkCodec({ secret: gateway.linkSecret, clock });
  const metrics = createMetrics(gateway.sources.keys());
  const app = createApp({
    gateway,
    archive,
    ingress,
    crypto: createNodeCrypto(),
    clock,
    wallNow,
    log: createLog({ sink: (line) => lines.push(line), wallNow }),
    metrics,
    version: '1.2.3',
    links,
    ...over,
  });
  return { app, archive, ingress, lines, gateway, links, metrics };
}

export type EdgeUnderTest = ReturnType<typeof edgeUnderTest>;
