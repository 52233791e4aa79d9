/** Links in mails: who may act with them, how often, and what a scanner that follows them does. */
import { describe, expect, it } from 'vitest';
import { scaledClock, wallClock } from '../../src/core/clock.ts';
import type { Notice } from '../../src/core/notice.ts';
import type { SubjectView } from '../../src/durable/contract.ts';
import { createLinkCodec, createLinks, LINK_LIFETIME_MS } from '../../src/edge/links.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { viewOf } from '../support/edge-ports.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const ACK = {
  subject: 'stripe/in_<b>1',
  kind: 'payment',
  noticeId: 'stripe/in_1/3/escalate/abc',
  address: 'ops@example.com',
  issuedAt: NOW,
} as const;

function edge(): EdgeUnderTest {
  const under = edgeUnderTest({ wallNow: () => NOW + 60_000 });
  under.ingress.views.set(ACK.subject, openView({}));
  return under;
}

function openView(over: Partial<NonNullable<SubjectView['followUp']>>): SubjectView {
  // Only the fields the pages look at; the engine's own tests build whole ones.
  const followUp = { closedAt: null, acknowledged: null, openedAt: NOW - 1_000, ...over };
  return viewOf(ACK.subject, {
    known: true,
    status: 'failed',
    followUp: followUp as NonNullable<SubjectView['followUp']>,
  });
}

const get = (under: EdgeUnderTest, path: string, method = 'GET') =>
  under.app.request(path, { method });
const press = (under: EdgeUnderTest, path: string, headers: Record<string, string> = {}) =>
  under.app.request(path, { method: 'POST', headers });

describe('the acknowledge link', () => {
  it('only shows a page on GET and HEAD: scanners follow links', async () => {
    const under = edge();
    const path = `/ack/${under.links.acknowledge(ACK)}`;
    const page = await get(under, path);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<form method="post">');
    expect((await get(under, path, 'HEAD')).status).toBe(200);
    expect(under.ingress.operated).toEqual([]);
  });

  const CLOSED = { closedAt: NOW + 30_000, closedBy: 'paid' } as const;
  const ENTRY = { at: NOW + 30_000, decision: 'closed follow-up: resolved', rule: 'resolved' };

  it.each([
    [
      'acknowledged by somebody',
      openView({ acknowledged: { at: NOW + 1_000, by: 'ada@example.com' } }),
      ['Already acknowledged', 'ada@example.com', '2026-03-02 12:00 UTC'],
    ],
    ['over', openView(CLOSED), ['Nothing to acknowledge', 'paid on 2026-03-02 12:00 UTC']],
    [
      'over by the word of a person',
      {
        ...openView({ ...CLOSED, closedBy: 'resolved' }),
        timeline: [{ ...ENTRY, cause: 'person ada <b>: resolve' }],
      },
      ['Nothing to acknowledge', 'resolved by ada &lt;b&gt; on 2026-03-02 12:00 UTC'],
    ],
    [
      'acknowledged and then over',
      openView({ ...CLOSED, acknowledged: { at: NOW, by: 'bob' } }),
      ['paid on', 'bob acknowledged it on 2026-03-02 12:00 UTC'],
    ],
    ['forgotten', viewOf(ACK.subject, {}), ['Nothing to acknowledge', 'Nothing is known of']],
    [
      'of a later follow-up',
      openView({ openedAt: NOW + 3_600_000 }),
      ['This link belongs to an earlier follow-up'],
    ],
  ])('shows no button on GET when it is %s, and says so', async (_name, view, texts) => {
    const under = edge();
    under.ingress.views.set(ACK.subject, view);
    const path = `/ack/${under.links.acknowledge(ACK)}`;
    const page = await get(under, path);
    const text = await page.text();
    expect(page.status).toBe(200);
    for (const part of texts) expect(text).toContain(part);
    expect(text).not.toContain('<form');
    expect((await get(under, path, 'HEAD')).status).toBe(200);
    expect((await press(under, path)).status).toBe(409);
    expect(under.ingress.operated).toEqual([]);
  });

  it('shows the button for the subject that the payment was joined to', async () => {
    const under = edge();
    const joined = 'stripe/in_main';
    under.ingress.views.set(ACK.subject, viewOf(ACK.subject, { known: true, linkedTo: joined }));
    under.ingress.views.set(joined, { ...openView({}), subject: joined });
    const text = await (await get(under, `/ack/${under.links.acknowledge(ACK)}`)).text();
    expect(text).toContain('<form method="post">');
    expect(text).toContain(joined);
  });

  it('shows no button while nobody can say whether it would act', async () => {
    const under = edge();
    under.ingress.trouble = { reason: 'unreachable', detail: 'x' };
    const page = await get(under, `/ack/${under.links.acknowledge(ACK)}`);
    expect(page.status).toBe(503);
    expect(await page.text()).not.toContain('<form');
  });

  it('acknowledges on POST, in the name of the address it was mailed to', async () => {
    const under = edge();
    const response = await press(under, `/ack/${under.links.acknowledge(ACK)}`);
    expect(response.status).toBe(200);
    expect(under.ingress.operated).toEqual([
      {
        subject: ACK.subject,
        message: {
          v: 1,
          at: NOW + 60_000,
          input: { kind: 'acknowledge', actor: 'ops@example.com' },
        },
      },
    ]);
  });

  it('works once: then it shows who acknowledged and when, and changes nothing', async () => {
    const under = edge();
    under.ingress.views.set(
      ACK.subject,
      openView({ acknowledged: { at: NOW + 1_000, by: 'ada@example.com' } }),
    );
    const response = await press(under, `/ack/${under.links.acknowledge(ACK)}`);
    expect(response.status).toBe(409);
    const text = await response.text();
    expect(text).toContain('ada@example.com');
    expect(text).toContain('2026-03-02 12:00 UTC');
    expect(under.ingress.operated).toEqual([]);
  });

  it('that loses a race shows the winner', async () => {
    const under = edge();
    under.ingress.operatorAnswer = { accepted: false, decision: 'x', rule: 'already_acknowledged' };
    const { view } = under.ingress;
    let looks = 0;
    Object.assign(under.ingress, {
      view: (...input: Parameters<typeof view>) => {
        looks += 1;
        if (looks === 2)
          under.ingress.views.set(ACK.subject, openView({ acknowledged: { at: NOW, by: 'bob' } }));
        return view(...input);
      },
    });
    const response = await press(under, `/ack/${under.links.acknowledge(ACK)}`);
    expect(response.status).toBe(409);
    expect(await response.text()).toContain('bob acknowledged');
  });

  it('of an earlier follow-up does not silence a new failure', async () => {
    const under = edge();
    under.ingress.views.set(ACK.subject, openView({ openedAt: NOW + 3_600_000 }));
    const response = await press(under, `/ack/${under.links.acknowledge(ACK)}`);
    expect(response.status).toBe(409);
    expect(under.ingress.operated).toEqual([]);
  });

  it('of a settled follow-up says so', async () => {
    const under = edge();
    under.ingress.views.set(ACK.subject, openView({ closedAt: NOW }));
    expect((await press(under, `/ack/${under.links.acknowledge(ACK)}`)).status).toBe(409);
  });

  it('follows a payment that was joined to another one', async () => {
    const under = edge();
    const joined = 'stripe/in_main';
    under.ingress.views.set(ACK.subject, viewOf(ACK.subject, { known: true, linkedTo: joined }));
    under.ingress.views.set(joined, { ...openView({}), subject: joined });
    expect((await press(under, `/ack/${under.links.acknowledge(ACK)}`)).status).toBe(200);
    expect(under.ingress.operated.map(({ subject }) => subject)).toEqual([joined]);
  });

  it('pressed from another site is refused; from its own page it is not', async () => {
    const under = edge();
    const path = `/ack/${under.links.acknowledge(ACK)}`;
    expect((await press(under, path, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(under.ingress.operated).toEqual([]);
    expect((await press(under, path, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('escapes what came from a payload, allows no script, and is kept out of indexes', async () => {
    const under = edge();
    const page = await get(under, `/ack/${under.links.acknowledge(ACK)}`);
    const text = await page.text();
    expect(text).toContain('stripe/in_&lt;b&gt;1');
    expect(text).not.toContain('<b>');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
    );
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('x-robots-tag')).toContain('noindex');
  });

  it('keeps 503 apart from refusals: nothing has changed, try again', async () => {
    const under = edge();
    under.ingress.trouble = { reason: 'unreachable', detail: 'x' };
    expect((await press(under, `/ack/${under.links.acknowledge(ACK)}`)).status).toBe(503);
  });
});

describe('the unsubscribe link', () => {
  it('shows a page on GET and suppresses on POST', async () => {
    const under = edge();
    const path = `/unsubscribe/${under.links.unsubscribe({ recipientKey: 'r1', issuedAt: NOW })}`;
    expect((await get(under, path)).status).toBe(200);
    expect(under.ingress.suppressed).toEqual([]);
    expect((await press(under, path)).status).toBe(200);
    expect(under.ingress.suppressed).toEqual([
      {
        recipientKey: 'r1',
        message: { v: 1, at: NOW + 60_000, reason: 'unsubscribed', by: 'link' },
      },
    ]);
  });

  it('takes the one-click POST of a mail provider (RFC 8058)', async () => {
    const under = edge();
    const path = `/unsubscribe/${under.links.unsubscribe({ recipientKey: 'r1', issuedAt: NOW })}`;
    const response = await under.app.request(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'cross-site',
      },
      body: 'List-Unsubscribe=One-Click',
    });
    expect(response.status).toBe(200);
    expect(under.ingress.suppressed).toHaveLength(1);
  });
});

describe('a token', () => {
  const codec = createLinkCodec({ secret: 'secret', clock: wallClock });
  const token = codec.acknowledge(ACK);

  it('carries what it was minted with', () => {
    expect(codec.readAcknowledge(token, NOW)).toEqual({ ok: true, value: ACK });
  });

  it.each([
    ['cut by one character', token.slice(0, -1)],
    ['with one character more', `${token}A`],
    ['with another signature', `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`],
    [
      'with another payload',
      `${Buffer.from('{"t":9e15}').toString('base64url')}.${token.split('.')[1]}`,
    ],
    ['without a signature', `${token.split('.')[0]}.`],
    ['with a third part', `${token}.x`],
    ['that is empty', ''],
    ['of ten thousand characters', 'A'.repeat(10_000)],
    ['for the other purpose', codec.unsubscribe({ recipientKey: 'r', issuedAt: NOW })],
    ['of another secret', createLinkCodec({ secret: 'other', clock: wallClock }).acknowledge(ACK)],
  ])('%s is forged', (_name, text) => {
    expect(codec.readAcknowledge(text, NOW)).toEqual({ ok: false, failure: { reason: 'forged' } });
  });

  it('has one spelling: the spare bits of its last character must be zero', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.at(-1) ?? '');
    const sameBits = `${token.slice(0, -1)}${alphabet[last + 1]}`;
    expect(codec.readAcknowledge(sameBits, NOW).ok).toBe(false);
  });

  it('lives sixty days and not a millisecond longer', () => {
    expect(codec.readAcknowledge(token, NOW + LINK_LIFETIME_MS).ok).toBe(true);
    expect(codec.readAcknowledge(token, NOW + LINK_LIFETIME_MS + 1)).toEqual({
      ok: false,
      failure: { reason: 'expired' },
    });
  });

  it('lives sixty days of wall time where follow-up time runs fast', () => {
    const fast = createLinkCodec({ secret: 'secret', clock: scaledClock(86_400, NOW) });
    const hourLater = NOW + 3_600_000 * 86_400;
    expect(fast.readAcknowledge(fast.acknowledge(ACK), hourLater).ok).toBe(true);
  });

  it('forged or expired: the same page, without a hint', async () => {
    const under = edge();
    const old = under.links.acknowledge({ ...ACK, issuedAt: NOW - LINK_LIFETIME_MS - 1e6 });
    const [expired, forged] = [await press(under, `/ack/${old}`), await press(under, '/ack/x.y')];
    expect([expired.status, forged.status]).toEqual([404, 404]);
    expect(await expired.text()).toBe(await forged.text());
    expect(under.ingress.operated).toEqual([]);
  });

  it('cannot be minted without a secret', () => {
    expect(() => createLinkCodec({ secret: '', clock: wallClock })).toThrow();
  });
});

describe('the links of a notice', () => {
  const codec = createLinkCodec({ secret: 'secret', clock: wallClock });
  const linksFor = createLinks({ codec, publicUrl: 'https://hooks.example.com' });
  const notice = (over: Partial<Notice>): Notice => ({
    id: ACK.noticeId,
    subject: 'github/octo/repo/alert/5',
    kind: 'alert',
    source: 'github',
    generation: 3,
    step: 'escalate',
    template: 'escalation',
    audience: 'team',
    to: { address: 'ops@example.com', name: null, locale: null, zone: null },
    intended: null,
    content: {} as Notice['content'], // Links look at none of it.
    decidedAt: NOW,
    ...over,
  });

  it('let the team acknowledge and the customer unsubscribe', () => {
    const team = linksFor(notice({}), 'r1');
    expect(team.acknowledge).toMatch(/^https:\/\/hooks\.example\.com\/ack\//);
    expect(team.unsubscribe).toBeNull();
    expect(team.subject).toBe('https://hooks.example.com/alerts/github/octo%2Frepo%2Falert%2F5');
    const customer = linksFor(notice({ audience: 'customer', template: 'reminder-1' }), 'r1');
    expect(customer.acknowledge).toBeNull();
    expect(customer.unsubscribe).toMatch(/^https:\/\/hooks\.example\.com\/unsubscribe\//);
  });

  it('lead to a page that tells how to read the timeline, and tells nothing itself', async () => {
    const under = edge();
    const { subject } = linksFor(notice({}), 'r1');
    const response = await get(under, new URL(subject).pathname);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('npx hookline alerts show github/octo/repo/alert/5');
    expect((await get(under, '/payments/nobody/in_1')).status).toBe(404);
  });

  it('of a shadow copy do not let the team unsubscribe itself', () => {
    const shadow = notice({ audience: 'customer', intended: 'ada@example.com' });
    expect(linksFor(shadow, 'r1').unsubscribe).toBeNull();
  });

  it('are the same at every attempt', () => {
    expect(linksFor(notice({}), 'r1')).toEqual(linksFor(notice({}), 'r1'));
  });
});
