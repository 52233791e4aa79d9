/**
 * The gateway put together from its parts, the same on every runtime: what differs (archive,
 * crypto, clock, mail transport) comes in, the app and the objects come out.
 */
import type { Archive } from './archive/contract.ts';
import type { Clock } from './core/clock.ts';
import type { CryptoPort } from './core/crypto.ts';
import type { Ingress } from './durable/ingress-contract.ts';
import { createServices } from './durable/services.ts';
import { createApp } from './edge/app.ts';
import type { EdgeDeps, EdgeLimits } from './edge/deps.ts';
import { createLinkCodec, createLinks } from './edge/links.ts';
import type { Log } from './edge/log.ts';
import type { Metrics } from './edge/metrics.ts';
import type { Gateway } from './gateway.ts';
import type { MailTransport } from './mail/contract.ts';

export interface Parts {
  readonly gateway: Gateway;
  readonly archive: Archive;
  readonly ingress: Ingress;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly transport: MailTransport;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly wallNow: () => number;
  readonly version: string;
  /** True on Node; see `ServiceDeps`. */
  readonly cancelTimers: boolean;
  readonly metricsPublic: boolean;
  readonly clientOf?: NonNullable<EdgeDeps['clientOf']>;
  readonly limits?: Partial<EdgeLimits>;
}

/** `app` answers HTTP; `services` are the Restate definitions for this runtime's endpoint. */
export function compose(parts: Parts) {
  const { gateway, clock, archive, wallNow } = parts;
  const codec = createLinkCodec({ secret: gateway.linkSecret, clock });
  const services = createServices({
    gateway,
    clock,
    wallNow,
    archive,
    transport: parts.transport,
    linksFor: createLinks({ codec, publicUrl: gateway.publicUrl }),
    cancelTimers: parts.cancelTimers,
  });
  const app = createApp({
    gateway,
    archive,
    ingress: parts.ingress,
    crypto: parts.crypto,
    clock,
    wallNow,
    log: parts.log,
    metrics: parts.metrics,
    version: parts.version,
    links: codec,
    metricsPublic: parts.metricsPublic,
    ...(parts.clientOf === undefined ? {} : { clientOf: parts.clientOf }),
    ...(parts.limits === undefined ? {} : { limits: parts.limits }),
  });
  return { app, services };
}
