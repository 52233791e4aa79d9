/** The parts of the Worker, from its bindings: D1, secrets and variables. */
import { createHash } from 'node:crypto';
import { createEndpointHandler } from '@restatedev/restate-sdk-cloudflare-workers/fetch';
import type { Hono } from 'hono';
import { providers } from '../../webhooks/index.ts';
import { type D1Binding, d1Archive } from '../archive/d1.ts';
import { compose } from '../compose.ts';
import type { GatewayConfig } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createIngress } from '../durable/ingress.ts';
import { createWebCrypto } from '../edge/crypto-web.ts';
import { consoleSink, createLog } from '../edge/log.ts';
import { createMetrics } from '../edge/metrics.ts';
import { refuse } from '../edge/respond.ts';
import type { Gateway } from '../gateway.ts';
import { mailStaysHere } from '../mail/smtp-url.ts';
import { smtpTransport } from '../mail/transport-smtp.ts';
import { type ConfigProblem, resolveGateway } from '../resolve.ts';
import { VERSION } from '../version.ts';
import { restateLogger } from './restate-logger.ts';
import { clockOf, TIME_SCALE_MAX } from './time-scale.ts';

/** `wrangler.toml` lists them. Everything but the archive is a text. */
export interface WorkerEnvironment {
  readonly ARCHIVE: D1Binding;
  readonly [variable: string]: unknown;
}

export interface BuiltWorker {
  readonly app: Pick<Hono, 'fetch'>;
  readonly objects: (request: Request) => Promise<Response>;
}

const SMTP_TIMEOUT_MS = 20_000;

/**
 * Builds app and objects. A config or environment that does not hold up answers every request with
 * 503, so that providers come again, and logs every problem with its remedy: never an open door.
 */
export function buildWorker(
  env: WorkerEnvironment,
  config: GatewayConfig,
  origin: string,
): BuiltWorker {
  const wallNow = (): number => Date.now();
  const text = textsOf(env);
  const settled = settle(env, config, origin);
  if (!settled.ok) return closedDoor(settled.failure);
  const { gateway, ingressUrl, smtpUrl, clock } = settled.value;
  const metrics = createMetrics(gateway.sources.keys());
  const log = createLog({ sink: consoleSink, wallNow });
  const token = text('RESTATE_AUTH_TOKEN');
  const { app, services } = compose({
    gateway,
    archive: d1Archive(env.ARCHIVE, { onCommit: metrics.archiveCommitted, nowMs: wallNow }),
    ingress: createIngress({
      ingressUrl,
      adminUrl: text('RESTATE_ADMIN_URL'),
      // Called as a function of nothing: workerd refuses a `fetch` torn off another object.
      fetch: (url, init) => fetch(url, init),
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    }),
    crypto: createWebCrypto(),
    clock,
    transport: smtpTransport({ url: smtpUrl, timeoutMs: SMTP_TIMEOUT_MS }),
    log,
    metrics,
    wallNow,
    version: VERSION,
    // Remembering a timer's id costs a round trip per armed timer here; generations decide anyway.
    cancelTimers: false,
    metricsPublic: text('HOOKLINE_METRICS_PUBLIC') === 'yes',
    // Set by Cloudflare at the edge; a client cannot write it.
    clientOf: (request) => request.headers.get('cf-connecting-ip'),
  });
  const identityKeys = (text('RESTATE_IDENTITY_KEY') ?? '').split(/[\s,]+/).filter(Boolean);
  const serve = createEndpointHandler({
    services,
    ...(identityKeys.length === 0 ? {} : { identityKeys }),
    logger: restateLogger(log, () => false),
  });
  // On the public internet an open endpoint lets anybody run any handler, so it stays shut until
  // there is a key; locally the Restate server has none.
  const isOpen = identityKeys.length > 0 || text('HOOKLINE_ENDPOINT_IS_PRIVATE') === 'yes';
  if (!isOpen) log.error('objects_closed', { remedy: 'Set RESTATE_IDENTITY_KEY.' });
  return { app, objects: isOpen ? serve : async () => refuse({ kind: 'unavailable' }) };
}

/** Reads a variable or a secret; null: not set, or empty. */
function textsOf(env: WorkerEnvironment): (name: string) => string | null {
  return (name) => {
    const value = env[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
}

interface Settled {
  readonly gateway: Gateway;
  readonly ingressUrl: string;
  readonly smtpUrl: string;
  readonly clock: Clock;
}

/** Everything the Worker cannot do without, or every problem at once. */
function settle(
  env: WorkerEnvironment,
  config: GatewayConfig,
  origin: string,
): Result<Settled, readonly ConfigProblem[]> {
  const text = textsOf(env);
  const smtpUrl = text('SMTP_URL');
  const ingressUrl = text('RESTATE_INGRESS_URL');
  const resolved = resolveGateway({
    config,
    env: Object.fromEntries(
      Object.entries(env).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    ),
    providers,
    // Set by `npm run dev:edge` only, where all mail ends in its catcher.
    liveByDefault: text('HOOKLINE_MAIL_IS_CAUGHT') === 'yes',
    mailStaysHere: smtpUrl !== null && mailStaysHere(smtpUrl),
    publicUrl: text('HOOKLINE_URL') ?? origin,
    sha256Hex: (value) => createHash('sha256').update(value).digest('hex'),
  });
  const clock = clockOf(text('HOOKLINE_TIME_SCALE'), text('HOOKLINE_TIME_BASE_MS'));
  if (resolved.ok && ingressUrl !== null && smtpUrl !== null && clock !== null) {
    return ok({ gateway: resolved.value, ingressUrl, smtpUrl, clock });
  }
  return fail([
    ...(resolved.ok ? [] : resolved.failure),
    ...(ingressUrl === null ? [unset('RESTATE_INGRESS_URL')] : []),
    ...(smtpUrl === null ? [unset('SMTP_URL')] : []),
    ...(clock === null ? [WRONG_CLOCK] : []),
  ]);
}

function unset(field: string): ConfigProblem {
  return {
    field,
    problem: 'It is not set.',
    remedy: `Set it: npx wrangler secret put ${field}.`,
  };
}

function closedDoor(problems: readonly ConfigProblem[]): BuiltWorker {
  const log = createLog({ sink: consoleSink, wallNow: () => Date.now() });
  const answer = async (): Promise<Response> => {
    for (const { field, problem, remedy } of problems) {
      log.error('not_configured', { field, problem, remedy });
    }
    return refuse({ kind: 'unavailable' });
  };
  return { app: { fetch: answer }, objects: answer };
}

const WRONG_CLOCK: ConfigProblem = {
  field: 'HOOKLINE_TIME_SCALE',
  problem:
    `It is no number from 1 to ${TIME_SCALE_MAX}, or HOOKLINE_TIME_BASE_MS is no whole number of ` +
    'milliseconds.',
  remedy: 'Remove both, for real time.',
};
