/** Small parts of the edge on their own: times, kept headers, metrics text, log lines, handshakes. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scaledClock, wallClock } from '../../src/core/clock.ts';
import { defineProvider, type ProviderDefinition } from '../../src/core/provider.ts';
import { toFollowUpTime } from '../../src/edge/follow-up-time.ts';
import { keptHeaders } from '../../src/edge/kept-headers.ts';
import { createLog } from '../../src/edge/log.ts';
import { createMetrics } from '../../src/edge/metrics.ts';
import { createRegistry } from '../../src/edge/prometheus.ts';
import { stripe } from '../../webhooks/stripe.ts';
import { edgeUnderTest } from '../support/edge-app.ts';
import { flagNamesOf } from '../support/edge-ports.ts';
import { alert, payment } from '../support/follow-up.ts';
import { SECRETS, sourceOf, testGatewayConfig } from '../support/gateway.ts';

const BASE = Date.UTC(2026, 2, 2, 12);
const DAY = 86_400_000;

describe('the times of a fact', () => {
  const fact = {
    ...payment('payment.failed', BASE + 1_000),
    dueAt: BASE + 1_000 + 30 * DAY,
    nextAttemptAt: BASE + 1_000 + DAY,
  };

  it('stay as they are on the wall clock', () => {
    expect(toFollowUpTime(fact, wallClock, BASE)).toEqual(fact);
  });

  it('move to follow-up time; plans keep their distance to what happened', () => {
    const moved = toFollowUpTime(fact, scaledClock(86_400, BASE), BASE + 2_000);
    expect(moved.occurredAt).toBe(BASE + DAY);
    expect(moved.dueAt).toBe(BASE + DAY + 30 * DAY);
    expect(moved.nextAttemptAt).toBe(BASE + DAY + DAY);
  });

  it('that the provider does not say stay unknown; plans keep their distance to the receipt', () => {
    const silent = { ...fact, occurredAt: null, dueAt: BASE + 1_000 + DAY, nextAttemptAt: null };
    const moved = toFollowUpTime(silent, scaledClock(86_400, BASE), BASE + 1_000);
    expect(moved).toMatchObject({
      occurredAt: null,
      dueAt: BASE + DAY + DAY,
      nextAttemptAt: null,
    });
  });

  it('from before the scaling began are left alone', () => {
    const old = { ...fact, occurredAt: BASE - 1 };
    expect(toFollowUpTime(old, scaledClock(86_400, BASE), BASE)).toEqual(old);
  });

  it('of an alert move as well', () => {
    const opened = alert('alert.opened', BASE + 1_000);
    const moved = toFollowUpTime(opened, scaledClock(86_400, BASE), BASE + 1_000);
    expect(moved).toEqual({ ...opened, occurredAt: BASE + DAY });
  });
});

describe('an event without a type', () => {
  const record = async (source: string, headers: Record<string, string>, body: string) => {
    const edge = edgeUnderTest();
    const signed = createHmac('sha256', SECRETS.github).update(body).digest('hex');
    await edge.app.request(`/webhooks/${source}`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': `sha256=${signed}`, ...headers },
      body,
    });
    const [only] = edge.archive.records.values();
    return { flags: flagNamesOf(only?.flags ?? 0), note: only?.note };
  };
  const headers = { 'x-github-delivery': '1' };

  it('is set aside where types decide what is followed up: a lost header must not hide alerts', async () => {
    expect(await record('github', headers, '{"action":"created"}')).toEqual({
      flags: ['quarantined'],
      note: expect.stringContaining('type'),
    });
  });

  it('is another matter than one of a type nobody tracks, which is only kept', async () => {
    const ping = { ...headers, 'x-github-event': 'ping' };
    expect(await record('github', ping, '{"zen":"x"}')).toMatchObject({ flags: ['untracked'] });
  });
});

describe('kept headers', () => {
  const kept = (headers: Record<string, string>, names: readonly string[]) =>
    keptHeaders(new Headers(headers), names);

  it('are the allow-listed ones, in lower case', () => {
    const headers = { 'Content-Type': 'a/b', 'X-GitHub-Event': 'ping', 'X-Other': 'x' };
    expect(kept(headers, ['X-GitHub-Event'])).toEqual({
      'content-type': 'a/b',
      'x-github-event': 'ping',
    });
  });

  it.each([
    'stripe-signature',
    'x-gitlab-token',
    'authorization',
    'cookie',
    'x-hub-signature-256',
    'x-api-key',
    'x-shopify-hmac-sha256',
    'x-restate-id',
  ])('never hold %s, even if a provider file lists it', (name) => {
    expect(kept({ [name]: 'x' }, [name])).toEqual({});
  });

  it('are cut at 1 KB and hold visible ASCII only', () => {
    const { 'user-agent': agent } = kept({ 'user-agent': `caf\u00e9${'x'.repeat(2_000)}` }, []);
    expect(agent).toHaveLength(1024);
    expect(agent?.startsWith('cafx')).toBe(true);
  });
});

describe('metrics text', () => {
  it('counts into cumulative buckets, with sum and count', () => {
    const registry = createRegistry();
    const took = registry.histogram('t_seconds', 'Time.', [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 5]) took({ source: 'a' }, value);
    expect(registry.render()).toBe(
      [
        '# HELP t_seconds Time.',
        '# TYPE t_seconds histogram',
        't_seconds_bucket{source="a",le="0.1"} 2',
        't_seconds_bucket{source="a",le="1"} 3',
        't_seconds_bucket{source="a",le="+Inf"} 4',
        't_seconds_sum{source="a"} 5.65',
        't_seconds_count{source="a"} 4',
        '',
      ].join('\n'),
    );
  });

  it('escapes label values', () => {
    const registry = createRegistry();
    registry.counter('c_total', 'C.')({ reason: 'a"b\\c\nd' });
    expect(registry.render()).toContain('c_total{reason="a\\"b\\\\c\\nd"} 1');
  });

  it('bounds the series of one metric', () => {
    const registry = createRegistry();
    const count = registry.counter('c_total', 'C.');
    for (let index = 0; index < 5_000; index += 1) count({ id: String(index) });
    expect(registry.render().split('\n').length).toBeLessThan(2_010);
  });

  it('counts from 0 what it knows before it happens, and begins the rest where it happens', () => {
    const registry = createRegistry();
    const count = registry.counter('c_total', 'C.', [{ source: 'a' }, { source: 'b' }]);
    count({ source: 'b' });
    count({ source: 'c' });
    expect(registry.render().split('\n').slice(2, -1)).toEqual([
      'c_total{source="a"} 0',
      'c_total{source="b"} 1',
      'c_total{source="c"} 1',
    ]);
  });

  it('stands at 0 for every configured source, so that a rate sees the first event', () => {
    const { metrics } = edgeUnderTest();
    const zeros = metrics.render().split('\n');
    for (const source of testGatewayConfig().sources.keys()) {
      for (const name of ['accepted', 'duplicate', 'parked'])
        expect(zeros).toContain(`hookline_${name}_total{source="${source}"} 0`);
      for (const [name, reason] of [
        ['quarantined', 'event'],
        ['quarantined', 'facts'],
        ['rejected', 'signature_mismatch'],
        ['rejected', 'too_large'],
        ['rejected', 'content_encoding'],
      ])
        expect(zeros).toContain(`hookline_${name}_total{source="${source}",reason="${reason}"} 0`);
    }
    expect(metrics.render()).not.toContain('source="nobody"');
  });

  it('has the archive batch size and which secret matched', () => {
    const metrics = createMetrics([]);
    metrics.archiveCommitted(3, 2);
    metrics.secretMatched('stripe', 'abcd1234');
    const text = metrics.render();
    expect(text).toContain('hookline_archive_batch_size_bucket{le="4"} 1');
    expect(text).toContain('hookline_secret_matched_total{source="stripe",secret="abcd1234"} 1');
  });
});

describe('a log line', () => {
  it('is one line of JSON, cut, with addresses masked', () => {
    const lines: string[] = [];
    const log = createLog({ sink: (line) => lines.push(line), wallNow: () => BASE });
    log.warn('x', { error: `to <ada@example.com>:\nno ${'y'.repeat(500)}`, n: 1 });
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(line).not.toContain('\n');
    expect(line).not.toContain('ada@');
    expect(JSON.parse(line)).toMatchObject({
      at: '2026-03-02T12:00:00.000Z',
      level: 'warn',
      event: 'x',
      n: 1,
    });
    expect(JSON.parse(line).error).toHaveLength(301);
  });

  it.each([290, 296, 299])('shows no name of an address that the cut at 300 meets: %i', (at) => {
    const lines: string[] = [];
    const log = createLog({ sink: (line) => lines.push(line), wallNow: () => BASE });
    log.warn('x', { error: `${' '.repeat(at)}lovelace@customer.example` });
    expect(lines[0]).not.toContain('lo');
  });
});

describe('handshakes', () => {
  const SECRET = 'handshake-secret';
  const base: ProviderDefinition = { ...stripe, facts: null };
  const greeting = defineProvider({
    ...base,
    id: 'greeting',
    handshake: [
      {
        when: {
          method: 'GET',
          has: [{ text: { from: 'query', name: 'hub.challenge' } }],
        },
        proof: { kind: 'token', text: { from: 'query', name: 'hub.verify_token' } },
        answer: { kind: 'echo-query', name: 'hub.challenge', form: { as: 'text' } },
      },
      {
        when: {
          method: 'POST',
          has: [{ text: { from: 'body', paths: ['type'] }, equals: 'url_verification' }],
        },
        proof: { kind: 'signature' },
        answer: {
          kind: 'echo-body',
          paths: ['challenge'],
          form: { as: 'json', field: 'challenge' },
        },
      },
    ],
  });
  const edge = () => {
    const source = sourceOf('greeting', 'stripe', [SECRET], { provider: greeting });
    const sources = new Map([['greeting', source]]);
    return edgeUnderTest({ gateway: testGatewayConfig({ sources }) });
  };
  const signed = (body: string, secret = SECRET): RequestInit => {
    const time = Math.floor(Date.now() / 1000);
    const mac = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
    return { method: 'POST', headers: { 'stripe-signature': `t=${time},v1=${mac}` }, body };
  };

  it('by GET are answered when the token is right, and refused when it is not', async () => {
    const under = edge();
    const path = '/webhooks/greeting?hub.challenge=1158&hub.verify_token=';
    const right = await under.app.request(`${path}${SECRET}`);
    expect([right.status, await right.text()]).toEqual([200, '1158']);
    expect((await under.app.request(`${path}guess`)).status).toBe(401);
    expect(under.lines.join('\n')).not.toContain(SECRET);
  });

  it('by GET that ask for nothing known: 405 with what is allowed', async () => {
    const response = await edge().app.request('/webhooks/greeting');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST, GET');
  });

  it('T3 of rivals: that are signed are answered only after the signature is good', async () => {
    const under = edge();
    const body = '{"type":"url_verification","challenge":"3eZ"}';
    const forged = await under.app.request('/webhooks/greeting', signed(body, 'guess'));
    expect(forged.status).toBe(401);
    const good = await under.app.request('/webhooks/greeting', signed(body));
    expect([good.status, await good.json()]).toEqual([200, { challenge: '3eZ' }]);
    expect(Array.from(under.archive.records.values(), ({ flags }) => flags)).toEqual([16]);
  });

  it('leave events of the same provider alone', async () => {
    const under = edge();
    const response = await under.app.request(
      '/webhooks/greeting',
      signed('{"id":"e1","type":"x"}'),
    );
    expect(await response.json()).toMatchObject({ events: [{ key: 'e1' }] });
  });
});

describe('a batch of events in one delivery', () => {
  const SECRET = 'batch-secret';
  const batch = defineProvider({
    ...(stripe as ProviderDefinition),
    id: 'batch',
    event: {
      ...stripe.event,
      id: { parts: [{ from: 'item', paths: ['id'] }], ifMissing: 'quarantine' },
      type: [{ from: 'item', paths: ['type'] }],
      items: { path: '' },
      time: [],
    },
    delivery: { ...stripe.delivery, successStatus: 204 },
  });
  const send = (events: readonly unknown[]) => {
    const source = sourceOf('batch', 'stripe', [SECRET], { provider: batch });
    const under = edgeUnderTest({
      gateway: testGatewayConfig({ sources: new Map([['batch', source]]) }),
    });
    const body = JSON.stringify(events);
    const time = Math.floor(Date.now() / 1000);
    const mac = createHmac('sha256', SECRET).update(`${time}.${body}`).digest('hex');
    const response = under.app.request('/webhooks/batch', {
      method: 'POST',
      headers: { 'stripe-signature': `t=${time},v1=${mac}` },
      body,
    });
    return { under, body, response: Promise.resolve(response) };
  };
  const texts = (under: ReturnType<typeof edgeUnderTest>) =>
    Array.from(under.archive.records.values(), ({ body }) => Buffer.from(body).toString());

  it('keeps the whole once and each event beside it; the provider gets its own status', async () => {
    const events = Array.from({ length: 40 }, (_, index) => ({ id: `e${index}`, type: 'x' }));
    const { under, body, response } = send(events);
    expect((await response).status).toBe(204);
    expect(texts(under)).toEqual([body, ...events.map((event) => JSON.stringify(event))]);
  });

  it('of none is kept as it came: a 2xx means archived', async () => {
    const { under, body, response } = send([]);
    expect((await response).status).toBe(204);
    expect(texts(under)).toEqual([body]);
  });
});
