/**
 * `/webhooks/{source}`: the way of a delivery, in the order that decides its safety. Route, bytes
 * under a cap, signature, handshake, meaning, durability, answer. Nothing is parsed before the
 * signature over its bytes is good, and nothing is answered 2xx before it is durable.
 */
import type { Context } from 'hono';
import type { DeliveryRequest } from '../core/delivery.ts';
import { fallbackKey } from '../core/event.ts';
import { answerHandshake, type HandshakeOutcome } from '../core/handshake.ts';
import type { Verified } from '../core/verification.ts';
import { explainFailure, type VerifyFailure, verifyDelivery } from '../core/verify.ts';
import type { ResolvedSource } from '../gateway.ts';
import type { Arrival, Receiver } from './arrival.ts';
import type { BodyBudget, BodyReservation } from './body-budget.ts';
import { encodingOf } from './decode-body.ts';
import type { EdgeDeps, EdgeLimits } from './deps.ts';
import { keptHeaders } from './kept-headers.ts';
import { planWhole, type VerifiedDelivery } from './plan-event.ts';
import { type BodyFailure, readBody } from './read-body.ts';
import { readDelivery } from './read-delivery.ts';
import { createRejectionRecorder } from './rejections.ts';
import { acknowledge, refuse } from './respond.ts';
import { makeDurable, settle } from './settle.ts';
import { sourceNameOf } from './source-path.ts';

/**
 * The handler. Refuses an unknown source (404), a method that is no handshake (405), an encoding
 * (415), a body too large (413), what is not verified (401) and an unfit challenge (400). With 503
 * the delivery is not kept, and the sender must come back.
 */
export function createReceive(deps: EdgeDeps, limits: EdgeLimits, budget: BodyBudget) {
  const reject = createRejectionRecorder(deps);
  const receiver: Receiver = { deps, limits, budget, reject, flight: { count: 0 } };
  return async (c: Context): Promise<Response> => {
    const name = sourceNameOf(c.req.url);
    const source = name === null ? undefined : deps.gateway.sources.get(name);
    if (source === undefined) {
      // Not recorded: strangers could invent as many names as they like.
      deps.metrics.rejectedUnknownSource();
      return refuse({ kind: 'unknown_source' });
    }
    if (c.req.method !== 'POST') return greet(receiver, c, source);
    const encoding = encodingOf(c.req.header('content-encoding') ?? null);
    const headers = keptHeaders(c.req.raw.headers, source.provider.keepHeaders);
    if (encoding === null || (encoding !== 'none' && !source.contentEncodings.includes(encoding))) {
      receiver.reject(c, {
        source: source.id,
        reason: 'content_encoding',
        detail: null,
        headers,
        body: null,
      });
      return refuse({ kind: 'unsupported_encoding', accepted: source.contentEncodings });
    }
    const kept = encoding === 'none' ? headers : { ...headers, 'content-encoding': encoding };
    return take(receiver, { c, source, encoding, headers: kept, startedAt: deps.wallNow() });
  };
}

/** GET, HEAD and OPTIONS belong to the provider's handshake, where it has one. */
async function greet(receiver: Receiver, c: Context, source: ResolvedSource): Promise<Response> {
  const { provider } = source;
  const allow = ['POST', ...new Set(provider.handshake?.map(({ when }) => when.method) ?? [])];
  const refusal = { kind: 'method_not_allowed', allow: [...new Set(allow)].join(', ') } as const;
  if (provider.handshake === null) return refuse(refusal);
  const outcome = await answerHandshake({
    ...verification(receiver, source),
    request: requestOf(receiver, c, source, new Uint8Array(0)),
  });
  return outcome === null ? refuse(refusal) : handshakeResponse(receiver, source, outcome);
}

async function take(receiver: Receiver, arrival: Arrival): Promise<Response> {
  const { c, source } = arrival;
  const reservation = receiver.budget.open();
  try {
    const body = await readBody({
      stream: c.req.raw.body,
      declaredLength: c.req.header('content-length') ?? null,
      bytesMax: source.bytesMax,
      readMs: receiver.limits.bodyReadMs,
      reservation,
    });
    if (!body.ok) return bodyRefused(receiver, arrival, body.failure);
    const request = requestOf(receiver, c, source, body.value);
    const verified = await verifyDelivery({ ...verification(receiver, source), request });
    if (!verified.ok) return notVerified(receiver, arrival, request, verified.failure, reservation);
    return await takeVerified(receiver, arrival, request, verified.value, reservation);
  } finally {
    reservation.close();
  }
}

async function takeVerified(
  receiver: Receiver,
  arrival: Arrival,
  request: DeliveryRequest,
  verified: Verified,
  reservation: BodyReservation,
): Promise<Response> {
  const { deps } = receiver;
  const { source } = arrival;
  deps.metrics.secretMatched(source.id, verified.secretId);
  const delivery: VerifiedDelivery = {
    source,
    sentBytes: request.body,
    requestHeaders: request.headers,
    keptHeaders: arrival.headers,
    secretId: verified.secretId,
    receivedAt: arrival.startedAt,
  };
  const greeting =
    source.provider.handshake === null
      ? null
      : await answerHandshake({ ...verification(receiver, source), request });
  if (greeting !== null) {
    const key = await fallbackKey({
      source: source.id,
      signedAtSeconds: verified.signedAtSeconds,
      body: request.body,
      crypto: deps.crypto,
    });
    const plan = planWhole(delivery, key, { flag: 'handshake', note: null });
    const kept = await makeDurable(receiver, arrival, [plan], reservation);
    return kept === null
      ? refuse({ kind: 'unavailable' })
      : handshakeResponse(receiver, source, greeting);
  }
  const { clock, crypto } = deps;
  const { encoding } = arrival;
  const plan = await readDelivery({ delivery, request, verified, encoding, crypto, clock });
  return settle(receiver, arrival, plan, verified, reservation);
}

async function notVerified(
  receiver: Receiver,
  arrival: Arrival,
  request: DeliveryRequest,
  failure: VerifyFailure,
  reservation: BodyReservation,
): Promise<Response> {
  const { deps } = receiver;
  const { source } = arrival;
  // Only a maker whose handshake carries no signature is looked at before one is found.
  const open = source.provider.handshake?.some(
    ({ when, proof }) => when.method === 'POST' && proof.kind !== 'signature',
  );
  if (open === true) {
    const outcome = await answerHandshake({ ...verification(receiver, source), request });
    if (outcome !== null && outcome.kind !== 'refuse')
      return handshakeResponse(receiver, source, outcome);
  }
  const recorded = receiver.reject(arrival.c, {
    source: source.id,
    reason: failure.reason,
    detail: explainFailure(failure),
    headers: arrival.headers,
    body: request.body,
  });
  reservation.keepUntil(recorded);
  // Without a usable secret of ours nobody can be verified: that is not the sender's fault.
  if (failure.reason === 'no_secret' || failure.reason === 'unsupported') {
    deps.metrics.unavailable(source.id, failure.reason);
    deps.log.error('cannot_verify', { source: source.id, detail: explainFailure(failure) });
    return refuse({ kind: 'unavailable', retryAfterSeconds: 60 });
  }
  return refuse({ kind: 'not_verified' });
}

function bodyRefused(receiver: Receiver, arrival: Arrival, failure: BodyFailure): Response {
  const { source, c, headers } = arrival;
  if (failure.reason === 'too_large') {
    const detail = `more than ${failure.bytesMax} bytes`;
    receiver.reject(c, { source: source.id, reason: 'too_large', detail, headers, body: null });
    return refuse({ kind: 'too_large' });
  }
  receiver.deps.metrics.unavailable(source.id, `body_${failure.reason}`);
  receiver.deps.log.warn('body_not_read', {
    source: source.id,
    reason: failure.reason,
    bytes: failure.bytesSeen,
  });
  return refuse({ kind: 'unavailable' });
}

function handshakeResponse(
  receiver: Receiver,
  source: ResolvedSource,
  outcome: HandshakeOutcome,
): Response {
  receiver.deps.log.info('handshake', { source: source.id, outcome: outcome.kind });
  switch (outcome.kind) {
    case 'answer':
      return new Response(outcome.body, { status: outcome.status, headers: outcome.headers });
    case 'call':
      // No address from a payload is ever visited by the gateway (SSRF): a person confirms it.
      return acknowledge(source.provider.delivery.successStatus, []);
    case 'refuse':
      receiver.deps.metrics.rejected(source.id, outcome.failure.reason);
      return refuse({ kind: 'not_verified' });
    case 'malformed':
      receiver.deps.metrics.rejected(source.id, 'handshake_malformed');
      return refuse({ kind: 'malformed' });
  }
}

function verification({ deps }: Receiver, source: ResolvedSource) {
  return {
    provider: source.provider,
    secrets: source.secrets,
    nowSeconds: deps.wallNow() / 1000,
    toleranceSeconds: source.toleranceSeconds,
    crypto: deps.crypto,
  };
}

/** The public address, because some makers sign the URL and the process may see another one. */
function requestOf(
  { deps }: Receiver,
  c: Context,
  source: ResolvedSource,
  body: Uint8Array,
): DeliveryRequest {
  const url = `${deps.gateway.publicUrl}/webhooks/${source.id}${new URL(c.req.url).search}`;
  return { method: c.req.method, url, headers: c.req.raw.headers, body };
}
