/** Issues and recipients on the command line, through the real API over in-memory ports. */
import { userInfo } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { recipientKeyOf } from '../../src/durable/recipient-key.ts';
import { cli } from '../support/cli-world.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { OPERATOR_TOKEN } from '../support/gateway.ts';

const ENV = { HOOKLINE_URL: 'http://gateway.test', HOOKLINE_TOKEN: OPERATOR_TOKEN };
const ADA = 'ada@example.com';
const AT = Date.UTC(2026, 2, 2, 12);
const WAS = { reason: 'unsubscribed', at: AT, by: 'link' } as const;

let under: EdgeUnderTest;
let urls: string[];
beforeEach(() => {
  under = edgeUnderTest();
  urls = [];
});

const hookline = (...argv: readonly string[]) =>
  cli(argv, {
    env: ENV,
    fetch: async (input, init) => {
      urls.push(String(input));
      return under.app.request(input, init);
    },
  });

describe('recipients show', () => {
  it('says that an address gets reminders, and how many went', async () => {
    const { code, out } = await hookline('recipients', 'show', ADA);
    expect(out).toBe(
      `${ADA}: gets reminders\n  sent in the last day: 0\n  waiting for the mail server: 0\n`,
    );
    expect(code).toBe(0);
  });

  it('says why an address gets none, and what was lifted before, by whom', async () => {
    under.ingress.recipients.set(recipientKeyOf(ADA), {
      suppressed: WAS,
      lifted: { was: { ...WAS, reason: 'bounced' }, at: AT, by: 'bob', reason: 'new mailbox' },
      pending: [{ noticeId: 'n1', attempt: 2 }],
      sentToday: 3,
    });
    const { out } = await hookline('recipients', 'show', ADA);
    expect(out).toContain(`${ADA}: gets no reminders\n  unsubscribed by link on 2026-03-02`);
    expect(out).toMatch(/was bounced by link on .*; lifted by bob on .*: new mailbox/);
    expect(out).toContain('sent in the last day: 3');
    expect(out).toContain('n1, attempt 2');
    const asJson = await hookline('recipients', 'show', ADA, '--json');
    expect(JSON.parse(asJson.out)).toMatchObject({ address: ADA, suppressed: { by: 'link' } });
  });

  it('keeps the address out of the URL', async () => {
    await hookline('recipients', 'show', ADA);
    await hookline('recipients', 'unsuppress', ADA, '--reason', 'x');
    expect(urls).toHaveLength(2);
    for (const url of urls) expect(decodeURIComponent(url)).not.toContain('ada');
  });

  it('of what is no address is refused with the remedy', async () => {
    const { code, err } = await hookline('recipients', 'show', 'ada');
    expect(err).toContain('is not one mail address');
    expect(code).toBe(1);
  });
});

describe('recipients unsuppress', () => {
  it('without consent says whose wish it is and what to type when they changed their mind', async () => {
    under.ingress.unsuppressAnswer = { decision: 'needs_consent', was: WAS };
    const { code, out, err } = await hookline('recipients', 'unsuppress', ADA, '--reason', 'x');
    expect(err).toContain('The person unsubscribed: only they can take that back.');
    expect(err).toContain(`Type: hookline recipients unsuppress ${ADA} --consent --reason`);
    expect([code, out]).toEqual([1, '']);
    expect(under.ingress.unsuppressed[0]?.message).toMatchObject({ consent: false });
  });

  it('with consent says what was lifted and what is recorded', async () => {
    under.ingress.unsuppressAnswer = { decision: 'lifted', was: WAS };
    const flags = ['--consent', '--reason', 'asked by phone'];
    const { code, out } = await hookline('recipients', 'unsuppress', ADA, ...flags, '--by', 'bob');
    expect(out).toContain(`${ADA}: gets reminders again`);
    expect(out).toContain('it was unsubscribed by link on 2026-03-02');
    expect(out).toContain('lifted by bob, with their consent: asked by phone');
    expect(code).toBe(0);
    const asJson = await hookline('recipients', 'unsuppress', ADA, ...flags, '--json');
    expect(JSON.parse(asJson.out)).toMatchObject({ decision: 'lifted', consent: true });
    expect(under.ingress.unsuppressed.map(({ message }) => message.by)).toEqual([
      'bob',
      userInfo().username,
    ]);
  });

  it('of an address that is not suppressed is exit 1, because it may be a slip', async () => {
    const { code, err } = await hookline('recipients', 'unsuppress', ADA, '--reason', 'x');
    expect(err).toContain('there is nothing to lift. Type: hookline recipients show');
    expect(code).toBe(1);
  });

  it('needs a reason', async () => {
    const { code, err } = await hookline('recipients', 'unsuppress', ADA, '--consent');
    expect(err).toContain('needs --reason');
    expect([code, urls]).toEqual([2, []]);
  });
});

describe('issues resolve', () => {
  const boom = {
    route: 'onFact',
    reason: 'boom',
    count: 3,
    firstAt: AT,
    lastAt: AT,
    samples: ['stripe/in_1 evt_1'],
  };

  it('takes the id that issues prints, and then it is gone', async () => {
    under.ingress.groups.set('stripe', [boom]);
    const before = await hookline('issues');
    expect(before.out).toContain('Type: hookline issues resolve ID');
    const id = /^ {2}([0-9a-f]{10}) {2}stripe {2}onFact {2}3x {2}boom/m.exec(before.out)?.[1] ?? '';
    expect(id).not.toBe('');
    const { code, out } = await hookline('issues', 'resolve', id);
    expect(out).toBe(`Resolved\n  ${id}  stripe  onFact  3x  boom\n`);
    expect(code).toBe(0);
    expect((await hookline('issues')).out).toBe('No issues.\n');
  });

  it('of an id nobody knows says where ids are listed', async () => {
    const { code, err } = await hookline('issues', 'resolve', '0123456789');
    expect(err).toContain('There is no issue 0123456789');
    expect(err).toContain('Type: hookline issues');
    expect(code).toBe(1);
  });

  it('without an id is misuse', async () => {
    expect(await hookline('issues', 'resolve')).toMatchObject({ code: 2 });
  });
});
