/** When the archive or Restate is down, slow or wrong: what is answered, and what is still safe. */
import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/archive/contract.ts';
import type { Secret } from '../../src/core/verification.ts';
import type { IngressFailure } from '../../src/durable/ingress-contract.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import {
  failedInvoice,
  githubDelivery,
  SECRETS,
  secretOf,
  sourceOf,
  stripeDelivery,
  testGatewayConfig,
  uniqueId,
  untrackedEvent,
} from '../support/gateway.ts';

const QUICK = { archiveMs: 60, answerMs: 200, bodyReadMs: 200 };

function post(edge: EdgeUnderTest, body: string, source = 'stripe'): Promise<Response> {
  const delivery = stripeDelivery(body);
  const request = new Request(`http://localhost/webhooks/${source}`, {
    method: 'POST',
    headers: delivery.headers,
    body: new Uint8Array(delivery.body),
  });
  return Promise.resolve(edge.app.fetch(request));
}

const metric = (edge: EdgeUnderTest, line: string): boolean =>
  edge.metrics.render().split('\n').includes(line);

describe('with the archive down', () => {
  it.each(['throws', 'hangs'] as const)('(it %s) parks the bytes in Restate: 200', async (how) => {
    const edge = edgeUnderTest({ limits: QUICK });
    edge.archive.trouble = how;
    const [key, invoice] = [uniqueId('evt'), uniqueId('in')];
    const body = failedInvoice(key, invoice);
    const response = await post(edge, body);
    expect(response.status).toBe(200);
    const [parked] = edge.ingress.parked;
    expect(parked?.idempotencyKey).toBe(`stripe:${key}`);
    expect(Buffer.from(parked?.message.record.body ?? []).toString()).toBe(body);
    expect(parked?.message.record.subject).toBe(`stripe/${invoice}`);
    expect(edge.ingress.facts).toHaveLength(1);
    expect(metric(edge, 'hookline_parked_total{source="stripe"} 1')).toBe(true);
  });

  it('parks an event nobody tracks as well', async () => {
    const edge = edgeUnderTest({ limits: QUICK });
    edge.archive.trouble = 'throws';
    expect((await post(edge, untrackedEvent(uniqueId('evt')))).status).toBe(200);
    expect(edge.ingress.parked).toHaveLength(1);
  });

  it('that is only late is asked for too: what holds the bytes first counts', async () => {
    const edge = edgeUnderTest({ limits: QUICK });
    edge.ingress.parkTrouble = { reason: 'unreachable', detail: 'ECONNREFUSED' };
    const key = uniqueId('evt');
    const { put } = edge.archive;
    const slow = {
      ...edge.archive,
      put: async (record: EventRecord) => {
        await new Promise((resolve) => setTimeout(resolve, 2 * QUICK.archiveMs));
        return put(record);
      },
    };
    const late = edgeUnderTest({ limits: QUICK, archive: slow, ingress: edge.ingress });
    expect((await post(late, untrackedEvent(key))).status).toBe(200);
    expect(edge.archive.records.has(`stripe\u0000${key}`)).toBe(true);
  });

  it('begins the earlier to park a body the larger it is', async () => {
    const edge = edgeUnderTest({ limits: { ...QUICK, archiveMs: 100, answerMs: 2_000 } });
    edge.archive.trouble = 'hangs';
    for (const bytes of [100, 512 * 1024, 4 * 1024 * 1024]) {
      const { headers, body } = githubDelivery(new Uint8Array(bytes));
      const init = { method: 'POST', headers, body: new Uint8Array(body) };
      expect((await edge.app.request('/webhooks/github', init)).status).toBe(200);
    }
    const waits = edge.lines.map((line) => /late after \d+ ms/.exec(line)?.[0]).filter(Boolean);
    expect(waits).toEqual(['late after 100 ms', 'late after 80 ms', 'late after 0 ms']);
    expect(edge.ingress.parked).toHaveLength(3);
  });

  it('answers 503 with Retry-After when the bytes cannot be parked either', async () => {
    const edge = edgeUnderTest({ limits: QUICK });
    edge.archive.trouble = 'throws';
    edge.ingress.parkTrouble = { reason: 'unreachable', detail: 'ECONNREFUSED' };
    const response = await post(edge, failedInvoice(uniqueId('evt'), uniqueId('in')));
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(
      metric(edge, 'hookline_unavailable_total{source="stripe",reason="archive_and_park"} 1'),
    ).toBe(true);
  });

  it('a forged delivery is still a 401, and costs no wait', async () => {
    const edge = edgeUnderTest();
    edge.archive.rejectTrouble = 'hangs';
    const started = performance.now();
    const forged = { ...stripeDelivery(untrackedEvent('evt_1'), { secret: 'guess' }) };
    const response = await edge.app.request('/webhooks/stripe', {
      method: 'POST',
      headers: forged.headers,
      body: new Uint8Array(forged.body),
    });
    expect(response.status).toBe(401);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('with Restate down', () => {
  const failures: readonly IngressFailure[] = [
    { reason: 'unreachable', detail: 'ECONNREFUSED' },
    { reason: 'timeout', afterMs: 3500 },
    { reason: 'overloaded', status: 429 },
    { reason: 'refused', status: 404, detail: 'service not found' },
    { reason: 'handler', status: 500, detail: 'x' },
  ];
  it.each(failures)('($reason) answers 503 although the archive has the event', async (failure) => {
    const edge = edgeUnderTest({ limits: QUICK });
    edge.ingress.sendTrouble = failure;
    const key = uniqueId('evt');
    const response = await post(edge, failedInvoice(key, uniqueId('in')));
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: { code: 'unavailable' } });
    expect(edge.archive.records.has(`stripe\u0000${key}`)).toBe(true);
    expect(
      metric(
        edge,
        `hookline_ingress_failed_total{operation="sendFact",reason="${failure.reason}"} 1`,
      ),
    ).toBe(true);
  });

  it('T22: our own misconfiguration is loud in the log and never a 4xx', async () => {
    const edge = edgeUnderTest();
    edge.ingress.sendTrouble = { reason: 'refused', status: 404, detail: 'service not found' };
    const response = await post(edge, failedInvoice(uniqueId('evt'), uniqueId('in')));
    expect(response.status).toBe(503);
    const entry = edge.lines
      .map((line) => JSON.parse(line))
      .find((e) => e.operation === 'sendFact');
    expect(entry).toMatchObject({ level: 'error', reason: 'refused' });
  });

  it('does not matter to an event nobody tracks: 200', async () => {
    const edge = edgeUnderTest();
    edge.ingress.sendTrouble = { reason: 'unreachable', detail: 'ECONNREFUSED' };
    expect((await post(edge, untrackedEvent(uniqueId('evt')))).status).toBe(200);
  });

  it('T1 of rivals: a retry the archive calls duplicate is still sent to Restate', async () => {
    const edge = edgeUnderTest();
    const [key, invoice] = [uniqueId('evt'), uniqueId('in')];
    const body = failedInvoice(key, invoice);
    edge.ingress.sendTrouble = { reason: 'unreachable', detail: 'ECONNREFUSED' };
    expect((await post(edge, body)).status).toBe(503);
    edge.ingress.sendTrouble = null;
    const retry = await post(edge, body);
    expect(retry.status).toBe(200);
    expect(await retry.json()).toMatchObject({ duplicate: true });
    expect(edge.ingress.facts.map(({ subject }) => subject)).toEqual([`stripe/${invoice}`]);
  });

  it('hanging: 503 at the deadline, not when the provider has given up', async () => {
    const edge = edgeUnderTest();
    edge.ingress.sendTrouble = 'hangs';
    const started = performance.now();
    const response = await post(edge, failedInvoice(uniqueId('evt'), uniqueId('in')));
    const took = performance.now() - started;
    expect(response.status).toBe(503);
    expect(took).toBeGreaterThan(3_900);
    expect(took).toBeLessThan(4_500);
  });
});

describe('more deliveries than can be worked off in time', () => {
  const LIMITS = { ...QUICK, inFlightMax: 2 };

  it('are turned away at once from the first one over the limit', async () => {
    const edge = edgeUnderTest({ limits: LIMITS });
    edge.ingress.sendTrouble = 'hangs';
    const body = () => failedInvoice(uniqueId('evt'), uniqueId('in'));
    const waiting = [post(edge, body()), post(edge, body())];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const response = await post(edge, body());
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect(edge.metrics.render()).toMatch(/unavailable_total\{[^}]*reason="overloaded"[^}]*\} 1/);
    await Promise.all(waiting);
  });

  it('at the limit are all taken', async () => {
    const edge = edgeUnderTest({ limits: LIMITS });
    const body = () => failedInvoice(uniqueId('evt'), uniqueId('in'));
    const answers = await Promise.all([post(edge, body()), post(edge, body())]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(edge, body())).status).toBe(200);
  });
});

describe('our own faults', () => {
  it('T1: a source whose secrets are all outside their validity: 503, loud, never a pass', async () => {
    const expired: Secret = { ...secretOf(SECRETS.stripe), notAfter: 1 };
    const source = { ...sourceOf('stripe', 'stripe', [SECRETS.stripe]), secrets: [expired] };
    const gateway = testGatewayConfig({ sources: new Map([['stripe', source]]) });
    const edge = edgeUnderTest({ gateway });
    expect((await post(edge, untrackedEvent(uniqueId('evt')))).status).toBe(503);
    expect(edge.archive.records.size).toBe(0);
    expect(edge.lines.join('\n')).toContain('cannot_verify');
  });

  it('T5: a verifier that throws: 503, and the next delivery is served', async () => {
    let broken = true;
    const crypto = createNodeCrypto();
    const edge = edgeUnderTest({
      crypto: {
        ...crypto,
        hmac: (...input) => {
          if (broken) throw new TypeError('undefined is not a function');
          return crypto.hmac(...input);
        },
      },
    });
    expect((await post(edge, untrackedEvent('evt_1'))).status).toBe(503);
    broken = false;
    expect((await post(edge, untrackedEvent('evt_1'))).status).toBe(200);
  });
});

describe('refusals', () => {
  it('are recorded with digest and length, never the body, and counted by reason', async () => {
    const edge = edgeUnderTest();
    const { headers, body } = stripeDelivery('{"id":"evt_1"}', { secret: 'guess' });
    await edge.app.request('/webhooks/stripe', {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const [refused] = edge.archive.refused;
    expect(refused).toMatchObject({
      source: 'stripe',
      reason: 'signature_mismatch',
      bodyBytes: body.length,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(refused?.bodySha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(refused)).not.toContain('evt_1');
  });

  it('whose record fails are counted and change nothing', async () => {
    const edge = edgeUnderTest();
    edge.archive.rejectTrouble = 'throws';
    const response = await edge.app.request('/webhooks/stripe', { method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(response.status).toBe(401);
    expect(metric(edge, 'hookline_rejection_unrecorded_total 1')).toBe(true);
  });

  it('of unknown sources are not recorded: strangers can invent names without end', async () => {
    const edge = edgeUnderTest();
    await edge.app.request('/webhooks/nobody', { method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(edge.archive.refused).toEqual([]);
    expect(
      metric(edge, 'hookline_rejected_total{source="unknown",reason="unknown_source"} 1'),
    ).toBe(true);
  });
});

describe('T17: the log', () => {
  it('never holds a secret, a signature, a token, a body or an address', async () => {
    const edge = edgeUnderTest({ limits: QUICK });
    const good = stripeDelivery(failedInvoice(uniqueId('evt'), uniqueId('in')));
    const send = (headers: Record<string, string>, query = '') =>
      edge.app.request(`/webhooks/stripe${query}`, {
        method: 'POST',
        headers,
        body: new Uint8Array(good.body),
      });
    const canaries = { cookie: 'cookie-CANARY', authorization: 'Bearer bearer-CANARY' };
    await send({ ...good.headers, ...canaries }, '?token=query-CANARY');
    await send({ ...good.headers, 'stripe-signature': 't=1,v1=signature-CANARY' });
    edge.archive.trouble = 'throws';
    edge.ingress.parkTrouble = {
      reason: 'refused',
      status: 400,
      detail: 'no body-CANARY@example.com',
    };
    await send(good.headers);
    await edge.app.request('/api/now', { headers: { authorization: 'Bearer wrong-CANARY' } });
    expect(edge.lines.length).toBeGreaterThan(3);
    const signature = good.headers['stripe-signature']?.slice(-64) ?? '';
    for (const line of edge.lines) {
      expect(line).not.toContain('CANARY');
      expect(line).not.toContain(signature);
    }
  });
});
