/** What the edge is given. Everything that touches the world arrives here. */
import type { Archive } from '../archive/contract.ts';
import type { Clock } from '../core/clock.ts';
import type { CryptoPort } from '../core/crypto.ts';
import type { Ingress } from '../durable/ingress-contract.ts';
import type { Gateway } from '../gateway.ts';
import type { LinkCodec } from './links.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface EdgeDeps {
  readonly gateway: Gateway;
  readonly archive: Archive;
  readonly ingress: Ingress;
  readonly crypto: CryptoPort;
  /** Follow-up time; signature windows use `wallNow`. */
  readonly clock: Clock;
  /** Wall time, epoch ms. */
  readonly wallNow: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  readonly links: LinkCodec;
  readonly limits?: Partial<EdgeLimits>;
  /** Serve `/metrics` without the operator token (a scraper on a private network). */
  readonly metricsPublic?: boolean;
  /** The address of a client, for counting wrong tokens; null where the runtime cannot say. */
  readonly clientOf?: (request: Request, env: unknown) => string | null;
}

export interface EdgeLimits {
  /** For the whole body to arrive. */
  readonly bodyReadMs: number;
  /** For the archive, before the bytes are parked in Restate instead. */
  readonly archiveMs: number;
  /** From the last byte to the answer: providers give up after 5 s at the earliest. */
  readonly answerMs: number;
  /**
   * Verified deliveries being made durable at once. Beyond, the sender is asked to come back at
   * once: a queue that cannot be worked off within `answerMs` turns every delivery in it into a 503.
   */
  readonly inFlightMax: number;
  /** Of all bodies held at once. */
  readonly bodyBytesMax: number;
  /** For each part that `/readyz` asks. */
  readonly readyMs: number;
}

export const EDGE_LIMITS: EdgeLimits = {
  bodyReadMs: 10_000,
  archiveMs: 1500,
  answerMs: 4000,
  inFlightMax: 256,
  bodyBytesMax: 64 * 1024 * 1024,
  readyMs: 2500,
};
