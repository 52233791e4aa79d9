/** Taking issues off the list: what was seen and nothing else. */
import { describe, expect, it } from 'vitest';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { OPERATOR_TOKEN } from '../support/gateway.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const AUTH = { authorization: `Bearer ${OPERATOR_TOKEN}` };
const group = (reason: string, count = 1, route = 'onFact') => ({
  route,
  reason,
  count,
  firstAt: NOW,
  lastAt: NOW,
  samples: [],
});

function edge(): EdgeUnderTest {
  const under = edgeUnderTest({ wallNow: () => NOW });
  under.ingress.groups.set('stripe', [
    group('boom'),
    group('bang', 2),
    group('boom', 1, 'onTimer'),
  ]);
  under.ingress.groups.set('github', [group('boom')]);
  return under;
}

async function factsOf(under: EdgeUnderTest) {
  const response = await under.app.request('/api/issues', { headers: AUTH });
  const { facts } = await response.json();
  return facts as readonly { id: string; source: string; route: string; reason: string }[]; // the API's answer
}

async function resolve(
  under: EdgeUnderTest,
  body: unknown,
  headers: Record<string, string> = AUTH,
) {
  const response = await under.app.request('/api/issues/resolve', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

describe('resolving issues', () => {
  it('takes away those that were named, of any source, and leaves the others', async () => {
    const under = edge();
    const before = await factsOf(under);
    expect(new Set(before.map(({ id }) => id)).size).toBe(4);
    const named = before.filter(({ source, reason }) => source === 'github' || reason === 'bang');
    const answer = await resolve(under, { ids: named.map(({ id }) => id), actor: 'ada' });
    expect(answer.status).toBe(200);
    expect(answer.body.resolved).toHaveLength(2);
    expect(await factsOf(under)).toEqual(before.filter((one) => !named.includes(one)));
    expect(JSON.parse(under.lines.at(-1) ?? '')).toMatchObject({
      event: 'issue_resolved',
      by: 'ada',
    });
  });

  it('clears nothing that failed once more since it was looked at', async () => {
    const under = edge();
    const [first] = await factsOf(under);
    under.ingress.groups.set('stripe', [group('boom', 2)]);
    const answer = await resolve(under, { ids: [first?.id] });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'unknown_issue']);
    expect(answer.body.error.message).toContain('failed again since');
    expect(under.ingress.groups.get('stripe')).toHaveLength(1);
  });

  it('clears nothing when one of the ids is not known', async () => {
    const under = edge();
    const before = await factsOf(under);
    const answer = await resolve(under, { ids: [before[0]?.id, '0123456789'] });
    expect(answer.status).toBe(404);
    expect(answer.body.error.message).toContain('0123456789');
    expect(under.ingress.resolved).toEqual([]);
  });

  it.each([
    {},
    { ids: [] },
    { ids: 'x' },
    { ids: [5] },
    { ids: ['a b'] },
    { ids: Array.from({ length: 101 }, (_, index) => `${index}`) },
    { ids: ['x'], reason: 'x' },
  ])('refuses %j', async (body) => {
    const under = edge();
    const answer = await resolve(under, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.remedy).toBeTruthy();
    expect(under.ingress.resolved).toEqual([]);
  });

  it('says that Restate is away instead of that there is no such issue', async () => {
    const under = edge();
    const [first] = await factsOf(under);
    under.ingress.trouble = { reason: 'unreachable', detail: 'x' };
    const answer = await resolve(under, { ids: [first?.id] });
    expect([answer.status, answer.body.error.code]).toEqual([503, 'restate_unreachable']);
  });

  it('needs the token', async () => {
    const under = edge();
    expect((await resolve(under, { ids: ['x'] }, {})).status).toBe(401);
  });
});
