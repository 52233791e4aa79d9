/** Operators and mailboxes: what they may see and take back, and where the address must not stand. */
import { describe, expect, it } from 'vitest';
import { recipientKeyOf } from '../../src/durable/recipient-key.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { OPERATOR_TOKEN } from '../support/gateway.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const ADDRESS = 'Ada.CANARY@example.com';
const KEY = recipientKeyOf('ada.canary@example.com');
const WAS = { reason: 'unsubscribed', at: NOW - 1000, by: 'link' } as const;
const edge = (): EdgeUnderTest => edgeUnderTest({ wallNow: () => NOW });

async function post(under: EdgeUnderTest, path: string, body: unknown, token = OPERATOR_TOKEN) {
  const response = await under.app.request(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
const unsuppress = (under: EdgeUnderTest, body: object) =>
  post(under, '/api/recipients/unsuppress', body);

describe('a mailbox', () => {
  it('is shown with why it gets nothing, and who lifted what before', async () => {
    const under = edge();
    under.ingress.recipients.set(KEY, {
      suppressed: WAS,
      lifted: { was: { ...WAS, reason: 'bounced' }, at: NOW, by: 'bob', reason: 'moved' },
      pending: [{ noticeId: 'n1', attempt: 2 }],
      sentToday: 1,
    });
    expect(await post(under, '/api/recipients/show', { address: ` ${ADDRESS} ` })).toEqual({
      status: 200,
      body: {
        address: ADDRESS,
        suppressed: { ...WAS, at: '2026-03-02T11:59:59.000Z' },
        lifted: {
          was: { reason: 'bounced', at: '2026-03-02T11:59:59.000Z', by: 'link' },
          at: '2026-03-02T12:00:00.000Z',
          by: 'bob',
          reason: 'moved',
        },
        pending: [{ noticeId: 'n1', attempt: 2 }],
        sentToday: 1,
      },
    });
  });

  it('nobody ever wrote to is one that nothing is kept of', async () => {
    const { status, body } = await post(edge(), '/api/recipients/show', { address: 'x@y.example' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ suppressed: null, lifted: null, pending: [], sentToday: 0 });
  });

  it('gets reminders again, with the reason, who decided and the consent passed on', async () => {
    const under = edge();
    under.ingress.unsuppressAnswer = { decision: 'lifted', was: WAS };
    const body = { address: ADDRESS, reason: 'asked\nby phone', actor: 'bob', consent: true };
    const answer = await unsuppress(under, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ decision: 'lifted', by: 'bob', reason: 'asked by phone' });
    const said = { v: 1, at: NOW, by: 'bob', reason: 'asked by phone', consent: true };
    expect(under.ingress.unsuppressed).toEqual([{ recipientKey: KEY, message: said }]);
    expect(JSON.parse(under.lines.at(-1) ?? '')).toMatchObject({
      event: 'unsuppress',
      decision: 'lifted',
      by: 'bob',
    });
  });

  it('is asked for without consent unless the request says so', async () => {
    const under = edge();
    under.ingress.unsuppressAnswer = { decision: 'needs_consent', was: WAS };
    const answer = await unsuppress(under, { address: ADDRESS, reason: 'x' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ error: { code: 'needs_consent' }, was: { by: 'link' } });
    expect(answer.body.error.message).toContain('unsubscribed');
    expect(under.ingress.unsuppressed[0]?.message).toMatchObject({ consent: false });
  });

  it('that is not suppressed is 404, so that a slip in the address is seen', async () => {
    const answer = await unsuppress(edge(), { address: ADDRESS, reason: 'x' });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'not_suppressed']);
  });

  it.each([
    [{ address: ADDRESS }, 'no reason'],
    [{ address: ADDRESS, reason: ' ' }, 'a blank reason'],
    [{ address: ADDRESS, reason: 'x'.repeat(501) }, 'a reason of 501 characters'],
    [{ address: ADDRESS, reason: 'x', consent: 'true' }, 'a text for the consent'],
    [{ address: ADDRESS, reason: 'x', concent: true }, 'a misspelt field'],
    [{ address: ADDRESS, reason: 'x', actor: 5 }, 'a number for an actor'],
    [{ reason: 'x' }, 'no address'],
    [{ address: 'ada', reason: 'x' }, 'half an address'],
    [{ address: 'ada@example.com, bob@example.com', reason: 'x' }, 'two addresses'],
    [{ address: [ADDRESS], reason: 'x' }, 'a list for an address'],
  ])('is not lifted by %j: %s', async (body: object, _why: string) => {
    const under = edge();
    const answer = await unsuppress(under, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.remedy).toBeTruthy();
    expect(under.ingress.unsuppressed).toEqual([]);
  });

  it.each(['show', 'unsuppress'])('is nobody else’s to %s: the token is needed', async (verb) => {
    const under = edge();
    const body = { address: ADDRESS, reason: 'x' };
    expect((await post(under, `/api/recipients/${verb}`, body, 'wrong')).status).toBe(401);
    expect(under.ingress.unsuppressed).toEqual([]);
  });

  it.each(['show', 'unsuppress'])('is never named in a log line: %s', async (verb) => {
    const under = edge();
    for (const trouble of [null, { reason: 'unreachable', detail: 'x' } as const]) {
      under.ingress.trouble = trouble;
      const body = verb === 'show' ? { address: ADDRESS } : { address: ADDRESS, reason: 'x' };
      const { status } = await post(under, `/api/recipients/${verb}`, body);
      expect([200, 404, 503]).toContain(status);
      await post(under, `/api/recipients/${verb}`, { ...body, address: `${ADDRESS},` });
    }
    expect(under.lines.length).toBeGreaterThan(0);
    expect(under.lines.join('\n')).not.toMatch(/canary@/i);
  });
});
