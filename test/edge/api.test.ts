/** The operator API: addresses, bodies, errors, and who may ask. */
import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/archive/contract.ts';
import { EVENT_FLAG } from '../../src/archive/contract.ts';
import { scaledClock } from '../../src/core/clock.ts';
import { fail } from '../../src/core/result.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { viewOf } from '../support/edge-ports.ts';
import { OPERATOR_TOKEN } from '../support/gateway.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const edge = (): EdgeUnderTest => edgeUnderTest({ wallNow: () => NOW });
const AUTH = { authorization: `Bearer ${OPERATOR_TOKEN}` };

async function get(under: EdgeUnderTest, path: string) {
  const response = await under.app.request(path, { headers: AUTH });
  return { status: response.status, body: await response.json() };
}

async function post(under: EdgeUnderTest, path: string, body?: unknown) {
  const response = await under.app.request(path, {
    method: 'POST',
    headers: { ...AUTH, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

describe('the token', () => {
  const ask = (under: EdgeUnderTest, authorization: string) =>
    under.app.request('/api/now', { headers: { authorization } });

  it.each([
    ['a prefix of it', OPERATOR_TOKEN.slice(0, -1)],
    ['it and one character', `${OPERATOR_TOKEN}x`],
    ['it in another case', OPERATOR_TOKEN.toLowerCase()],
    ['nothing', ''],
  ])('is needed whole: %s is 401', async (_name, token) => {
    expect((await ask(edge(), `Bearer ${token}`)).status).toBe(401);
  });

  it('as basic auth is 401', async () => {
    const basic = Buffer.from(`x:${OPERATOR_TOKEN}`).toString('base64');
    expect((await ask(edge(), `Basic ${basic}`)).status).toBe(401);
  });

  it('wrong more than ten times a minute from one address: 429, but the right one passes', async () => {
    let now = NOW;
    const under = edgeUnderTest({ wallNow: () => now, clientOf: () => '192.0.2.1' });
    for (let index = 0; index < 10; index += 1)
      expect((await ask(under, 'Bearer wrong')).status).toBe(401);
    expect((await ask(under, 'Bearer wrong')).status).toBe(429);
    expect((await ask(under, `Bearer ${OPERATOR_TOKEN}`)).status).toBe(200);
    now += 60_000;
    expect((await ask(under, 'Bearer wrong')).status).toBe(401);
  });

  it('also guards addresses that do not exist, and /metrics', async () => {
    const under = edge();
    expect((await under.app.request('/api/nothing')).status).toBe(401);
    expect((await under.app.request('/metrics')).status).toBe(401);
    expect((await get(under, '/api/nothing')).status).toBe(404);
  });

  it('does not guard /metrics where the deployment says so', async () => {
    const under = edgeUnderTest({ metricsPublic: true });
    expect((await under.app.request('/metrics')).status).toBe(200);
  });
});

describe('a subject', () => {
  it('is addressed by an id that is percent-encoded once', async () => {
    const under = edge();
    const view = viewOf('github/octo/repo#1?x=%2F', { known: true, status: 'open' });
    under.ingress.views.set(view.subject, view);
    const ref = encodeURIComponent('octo/repo#1?x=%2F');
    expect(await get(under, `/api/alerts/github/${ref}`)).toEqual({ status: 200, body: view });
  });

  it('may keep the slashes of its id', async () => {
    const under = edge();
    const view = viewOf('github/octo/repo/5', { known: true });
    under.ingress.views.set(view.subject, view);
    expect((await get(under, '/api/alerts/github/octo/repo/5')).status).toBe(200);
  });

  it.each(['', '/simulate'])('nothing is known of is 404 with a remedy: %s', async (action) => {
    const { status, body } = await get(edge(), `/api/payments/stripe/in_1${action}`);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: 'unknown_subject' });
    expect(body.error.message).toMatch(/^Nothing is known of payment stripe\/in_1: .*forgotten/);
    expect(body.error.remedy).toBeTruthy();
  });

  it.each([
    ['/api/payments/nobody/in_1', 404, 'unknown_source'],
    ['/api/payments/stripe/', 400, 'bad_request'],
    ['/api/payments/stripe/%0d%0a', 400, 'bad_request'],
    ['/api/payments/stripe/%ED%A0%80', 400, 'bad_request'],
    [`/api/payments/stripe/${'x'.repeat(1100)}`, 400, 'bad_request'],
  ])('%s is refused (%i)', async (path, status, code) => {
    const answer = await get(edge(), path);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it('is simulated with its own ladder, or another that exists', async () => {
    const under = edge();
    const ladder = [...under.gateway.ladders.keys()][0] ?? '';
    under.ingress.views.set('stripe/in_1', viewOf('stripe/in_1', { known: true }));
    const path = '/api/payments/stripe/in_1/simulate';
    expect((await get(under, path)).body).toMatchObject({ subject: 'stripe/in_1' });
    expect((await get(under, `${path}?ladder=${ladder}`)).body).toMatchObject({ ladder });
    expect((await get(under, `${path}?ladder=nothing`)).status).toBe(400);
  });
});

describe('an operator', () => {
  const PATH = '/api/payments/stripe/in_1';

  it('holds until an instant of follow-up time, with a reason', async () => {
    const clock = scaledClock(86_400, NOW - 1_000);
    const under = edgeUnderTest({ wallNow: () => NOW, clock });
    const now = clock.fromWall(NOW);
    const until = new Date(now + 3_600_000).toISOString();
    const body = { until, reason: 'paying by\r\nbank transfer', actor: 'ada' };
    expect((await post(under, `${PATH}/hold`, body)).status).toBe(200);
    expect(under.ingress.operated[0]).toEqual({
      subject: 'stripe/in_1',
      message: {
        v: 1,
        at: now,
        input: {
          kind: 'hold',
          until: now + 3_600_000,
          reason: 'paying by bank transfer',
          actor: 'ada',
        },
      },
    });
  });

  it.each([
    ['release', {}, { kind: 'release', actor: 'operator' }],
    ['acknowledge', { actor: 'bob' }, { kind: 'acknowledge', actor: 'bob' }],
    ['reopen', undefined, { kind: 'reopen', actor: 'operator' }],
    ['resolve', { reason: null }, { kind: 'resolve', reason: null, actor: 'operator' }],
    ['note', { text: 'called' }, { kind: 'note', text: 'called', actor: 'operator' }],
    [
      'hold',
      { until: null, reason: 'x' },
      { kind: 'hold', until: null, reason: 'x', actor: 'operator' },
    ],
  ])('can %s', async (action, body, input) => {
    const under = edge();
    expect((await post(under, `${PATH}/${action}`, body)).status).toBe(200);
    expect(under.ingress.operated[0]?.message.input).toEqual(input);
  });

  it.each([
    ['hold', { until: null }, 'a hold without a reason'],
    ['hold', { until: '2026-03-02T11:59:59Z', reason: 'x' }, 'a hold that is over'],
    ['hold', { until: '2026-12-01', reason: 'x' }, 'a date without a time and zone'],
    ['hold', { until: '2027-02-31T00:00:00Z', reason: 'x' }, 'a day that does not exist'],
    ['hold', { until: '2027-02-29T00:00:00Z', reason: 'x' }, 'the leap day of another year'],
    ['hold', { until: '2027-04-31T00:00Z', reason: 'x' }, 'a day that does not exist, no seconds'],
    ['hold', { until: '2027-03-01T24:00:00Z', reason: 'x' }, 'an hour that does not exist'],
    ['hold', { until: '2027-03-01T09:00:00+24:00', reason: 'x' }, 'a zone that does not exist'],
    ['hold', { until: 1_800_000_000, reason: 'x' }, 'a number for an instant'],
    ['hold', { untill: null, reason: 'x' }, 'a misspelt field'],
    ['note', {}, 'a note without a text'],
    ['note', { text: 'x'.repeat(501) }, 'a note of 501 characters'],
    ['note', { text: 5 }, 'a number for a text'],
    ['release', { actor: ['x'] }, 'a list for an actor'],
    ['release', [], 'a list for a body'],
  ])('%s %j is refused: %s', async (action: string, body: unknown, _why: string) => {
    const under = edge();
    const answer = await post(under, `${PATH}/${action}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.remedy).toBeTruthy();
    expect(under.ingress.operated).toEqual([]);
  });

  it.each([
    ['2028-02-29T09:00:00Z', Date.UTC(2028, 1, 29, 9)],
    ['2027-03-01T09:00+01:00', Date.UTC(2027, 2, 1, 8)],
    ['2027-03-01T09:00:00.250Z', Date.UTC(2027, 2, 1, 9, 0, 0, 250)],
  ])('may hold until %s', async (until, at) => {
    const under = edge();
    expect((await post(under, `${PATH}/hold`, { until, reason: 'x' })).status).toBe(200);
    expect(under.ingress.operated[0]?.message.input).toMatchObject({ until: at });
  });

  it.each(['note', 'release'])(
    'is told which id nothing is known of, and where ids are listed: 404 for %s',
    async (action) => {
      const under = edge();
      under.ingress.operatorAnswer = {
        accepted: false,
        decision: 'nothing is known here',
        rule: 'unknown_subject',
      };
      const body = action === 'note' ? { text: 'x' } : {};
      const answer = await post(under, `${PATH}/${action}`, body);
      expect([answer.status, answer.body.error.code]).toEqual([404, 'unknown_subject']);
      expect(answer.body.error.message).toContain('Nothing is known of payment stripe/in_1');
      expect(answer.body.error.remedy).toContain('/api/events');
    },
  );

  it('is told when the wish could not be granted: 409 with the rule', async () => {
    const under = edge();
    under.ingress.operatorAnswer = { accepted: false, decision: 'paid', rule: 'not_open' };
    const answer = await post(under, `${PATH}/hold`, { until: null, reason: 'x' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ accepted: false, rule: 'not_open' });
  });

  it('is told which subject an id belongs to that was joined, over every link', async () => {
    const under = edge();
    under.ingress.operatorAnswer = {
      accepted: false,
      decision: 'belongs to stripe/pi_1: act there',
      rule: 'joined',
    };
    const link = (from: string, to: string | null) =>
      under.ingress.views.set(from, viewOf(from, { known: true, linkedTo: to }));
    link('stripe/in_1', 'stripe/pi_1');
    link('stripe/pi_1', 'stripe/in_main');
    link('stripe/in_main', null);
    const answer = await post(under, `${PATH}/release`, {});
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      error: { message: 'belongs to stripe/in_main: act there' },
      rule: 'joined',
      belongsTo: 'stripe/in_main',
    });
    expect(under.ingress.operated).toHaveLength(1);
  });

  it('is told what the object said where nobody can say what a joined id belongs to', async () => {
    const under = edge();
    const decision = 'belongs to stripe/pi_1: act there';
    under.ingress.operatorAnswer = { accepted: false, decision, rule: 'joined' };
    under.ingress.view = async () => fail({ reason: 'timeout', afterMs: 1 });
    const answer = await post(under, `${PATH}/release`, {});
    expect([answer.status, answer.body.error.message]).toEqual([409, decision]);
    expect(answer.body).not.toHaveProperty('belongsTo');
  });

  it('sees which part failed: 503 for an unreachable Restate, 502 for a refusal', async () => {
    const under = edge();
    under.ingress.trouble = { reason: 'unreachable', detail: 'x' };
    const down = await post(under, `${PATH}/release`, {});
    expect([down.status, down.body.error.code]).toEqual([503, 'restate_unreachable']);
    under.ingress.trouble = { reason: 'refused', status: 404, detail: 'no such service' };
    expect((await get(under, PATH)).status).toBe(502);
  });

  it('cannot be made to act by a form of another site: JSON only', async () => {
    const under = edge();
    const response = await under.app.request(`${PATH}/release`, {
      method: 'POST',
      headers: { ...AUTH, 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(response.status).toBe(415);
  });

  it('cannot invent an action', async () => {
    expect((await post(edge(), `${PATH}/delete`, {})).status).toBe(404);
    expect((await post(edge(), `${PATH}/constructor`, {})).status).toBe(404);
  });
});

describe('lists', () => {
  const record = (key: string, over: Partial<EventRecord> = {}): EventRecord => ({
    source: 'stripe',
    key,
    type: 'x',
    subject: null,
    providerTime: null,
    receivedAt: NOW,
    flags: EVENT_FLAG.untracked,
    headers: {},
    secretId: 'abcd1234',
    body: new Uint8Array(3),
    note: null,
    ...over,
  });

  it('of events page by cursor, newest first, nothing twice and nothing left out', async () => {
    const under = edge();
    const keys = Array.from({ length: 7 }, (_, index) => `evt_${index}`);
    for (const [index, key] of keys.entries())
      await under.archive.put(record(key, { receivedAt: NOW + Math.floor(index / 3) }));
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&before=${encodeURIComponent(next)}`;
      const page = await get(under, `/api/events?limit=2${cursor}`);
      seen.push(...page.body.events.map((event: { key: string }) => event.key));
      next = page.body.next;
    }
    expect(seen).toEqual(keys.toReversed());
  });

  it('of events leave out no event of another source with the same key and moment', async () => {
    const under = edge();
    await under.archive.put(record('evt_1'));
    await under.archive.put(record('evt_1', { source: 'github' }));
    const first = await get(under, '/api/events?limit=1');
    const second = await get(
      under,
      `/api/events?limit=1&before=${encodeURIComponent(first.body.next)}`,
    );
    const sources = [first, second].map(({ body }) => body.events[0].source);
    expect(sources.sort()).toEqual(['github', 'stripe']);
  });

  it.each(['subject=stripe/in_1', 'flag=untracked', 'before=1~stripe~x'])(
    'of rejections refuse %s, which they would not heed',
    async (query) => {
      const answer = await get(edge(), `/api/rejections?${query}`);
      expect([answer.status, answer.body.error.remedy]).toEqual([
        400,
        'Allowed, each once: source, limit.',
      ]);
    },
  );

  const odd = ['limit=5&limit=6', 'suject=stripe/in_1', 'subject='];
  it.each(['limit=0', 'limit=501', 'limit=x', 'source=nobody', 'flag=red', 'before=x', ...odd])(
    'refuse %s with a remedy',
    async (query) => {
      const answer = await get(edge(), `/api/events?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body.error.remedy).toBeTruthy();
    },
  );

  it('say 503 when the archive cannot be read', async () => {
    const under = edge();
    under.archive.trouble = 'throws';
    const answer = await get(under, '/api/events');
    expect([answer.status, answer.body.error.code]).toEqual([503, 'archive_unavailable']);
  });

  it('of issues group quarantined events by note and name what could not be asked', async () => {
    const under = edge();
    for (const key of ['evt_1', 'evt_2'])
      await under.archive.put(record(key, { flags: EVENT_FLAG.quarantined, note: 'odd shape' }));
    await under.archive.put(record('evt_3'));
    under.ingress.groups.set('stripe', [
      { route: 'Payment/onFact', reason: 'boom', count: 1, firstAt: NOW, lastAt: NOW, samples: [] },
    ]);
    const healthy = await get(under, '/api/issues');
    expect(healthy.body.events).toEqual([
      expect.objectContaining({ source: 'stripe', note: 'odd shape', count: 2 }),
    ]);
    expect(healthy.body.facts).toEqual([
      expect.objectContaining({ source: 'stripe', reason: 'boom', count: 1 }),
    ]);
    expect(healthy.body.unavailable).toEqual([]);
    under.ingress.trouble = { reason: 'unreachable', detail: 'x' };
    const half = await get(under, '/api/issues');
    expect(half.body.events).toHaveLength(1);
    expect(half.body.unavailable).toContain('restate: stripe (unreachable)');
  });

  it('of refusals say why', async () => {
    const under = edge();
    await under.app.request('/webhooks/stripe', { method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const answer = await get(under, '/api/rejections');
    expect(answer.body.rejections[0]).toMatchObject({
      source: 'stripe',
      reason: 'signature_missing',
    });
  });

  it('of times give both clocks', async () => {
    const clock = scaledClock(2, NOW - 1_000);
    const under = edgeUnderTest({ wallNow: () => NOW, clock });
    expect((await get(under, '/api/now')).body).toEqual({
      wall: '2026-03-02T12:00:00.000Z',
      followUp: '2026-03-02T12:00:01.000Z',
      scale: 2,
    });
  });
});

describe('health', () => {
  it('names the part that is not ready, and asks at most once a second', async () => {
    let now = NOW;
    const under = edgeUnderTest({ wallNow: () => now, limits: { readyMs: 50 } });
    under.archive.trouble = 'hangs';
    const down = await under.app.request('/readyz');
    expect(down.status).toBe(503);
    expect(await down.json()).toEqual({ status: 'not_ready', restate: 'ok', archive: 'failing' });
    under.archive.trouble = 'none';
    expect((await under.app.request('/readyz')).status).toBe(503);
    now += 1_000;
    expect((await under.app.request('/readyz')).status).toBe(200);
    under.ingress.trouble = { reason: 'overloaded', status: 503 };
    now += 1_000;
    expect(await (await under.app.request('/readyz')).json()).toMatchObject({ restate: 'failing' });
  });

  it('alive says the version and stays 200 while parts are down', async () => {
    const under = edge();
    under.archive.trouble = 'throws';
    const response = await under.app.request('/healthz');
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'alive', version: '1.2.3' },
    ]);
  });
});
