/** The two handlers of the Lambda runtime, from its environment. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createEndpointHandler } from '@restatedev/restate-sdk/lambda';
import { handle } from 'hono/aws-lambda';
import { providers } from '../../webhooks/index.ts';
import { openNodeArchive } from '../archive/node-sqlite.ts';
import { compose } from '../compose.ts';
import type { GatewayConfig } from '../config.ts';
import { wallClock } from '../core/clock.ts';
import { createIngress } from '../durable/ingress.ts';
import { createNodeCrypto } from '../edge/crypto-node.ts';
import { consoleSink, createLog } from '../edge/log.ts';
import { createMetrics } from '../edge/metrics.ts';
import { mailStaysHere } from '../mail/smtp-url.ts';
import { smtpTransport } from '../mail/transport-smtp.ts';
import { formatProblems, resolveGateway } from '../resolve.ts';
import { VERSION } from '../version.ts';

const SMTP_TIMEOUT_MS = 20_000;

/** Throws with every problem at once: a function that cannot verify must not come up. */
export async function buildLambda(
  config: GatewayConfig,
  env: Readonly<Record<string, string | undefined>>,
) {
  const wallNow = (): number => Date.now();
  const resolved = resolveGateway({
    config,
    env,
    providers,
    liveByDefault: false,
    mailStaysHere: mailStaysHere(env['SMTP_URL'] ?? ''),
    publicUrl: env['HOOKLINE_URL'] ?? '',
    sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
  });
  if (!resolved.ok) throw new Error(formatProblems(resolved.failure));
  const metrics = createMetrics(resolved.value.sources.keys());
  const log = createLog({ sink: consoleSink, wallNow });
  const token = env['RESTATE_AUTH_TOKEN'];
  const { app, services } = compose({
    gateway: resolved.value,
    archive: await openNodeArchive(archivePath(env), { onCommit: metrics.archiveCommitted }),
    ingress: createIngress({
      ingressUrl: required(env, 'RESTATE_INGRESS_URL'),
      adminUrl: env['RESTATE_ADMIN_URL'] || null,
      fetch: (url, init) => fetch(url, init),
      headers: token ? { authorization: `Bearer ${token}` } : {},
    }),
    crypto: createNodeCrypto(),
    clock: wallClock,
    transport: smtpTransport({ url: required(env, 'SMTP_URL'), timeoutMs: SMTP_TIMEOUT_MS }),
    log,
    metrics,
    wallNow,
    version: VERSION,
    // Request and response only: remembering a timer's id would cost an invocation per timer.
    cancelTimers: false,
    metricsPublic: env['HOOKLINE_METRICS_PUBLIC'] === 'yes',
    // Where the platform saw the request come from; a client cannot write it.
    clientOf: (_request, bindings) => sourceAddress(bindings),
  });
  const identityKeys = (env['RESTATE_IDENTITY_KEY'] ?? '').split(/[\s,]+/).filter(Boolean);
  return {
    gateway: handle(app),
    objects: createEndpointHandler({
      services,
      // Lambda's own permissions decide who may invoke it; the key is a second lock.
      ...(identityKeys.length === 0 ? {} : { identityKeys }),
    }),
  };
}

function required(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set; the function cannot work without it.`);
  return value;
}

function archivePath(env: Readonly<Record<string, string | undefined>>): string {
  const url = required(env, 'DATABASE_URL');
  const path = url.startsWith('file:') && URL.canParse(url) ? fileURLToPath(url) : null;
  // The function's own disk is gone with its instance: acknowledged bytes would be lost.
  if (path === null || path.startsWith('/tmp/')) {
    throw new Error('DATABASE_URL must be file:/… on a mounted volume, not in /tmp.');
  }
  return path;
}

function sourceAddress(bindings: unknown): string | null {
  const http = field(field(field(bindings, 'event'), 'requestContext'), 'http');
  const identity = field(field(field(bindings, 'event'), 'requestContext'), 'identity');
  const address = field(http, 'sourceIp') ?? field(identity, 'sourceIp');
  return typeof address === 'string' ? address : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name] // an object, just checked
    : undefined;
}
