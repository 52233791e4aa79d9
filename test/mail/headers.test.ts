import { describe, expect, it } from 'vitest';
import type { TemplateName } from '../../src/core/notice.ts';
import { messageIdOf } from '../../src/mail/build.ts';
import { built, LINKS, noticeWith } from './samples.ts';

const TEAM: readonly TemplateName[] = ['escalation', 're-escalation', 'resolved'];

describe('headers', () => {
  it('of a reminder', () => {
    expect(built(noticeWith('reminder-1')).headers).toMatchInlineSnapshot(`
      {
        "Auto-Submitted": "auto-generated",
        "In-Reply-To": "<11c6d39f8785bf33abf18ff22b25dd054f0c180c12700c4b1a6e76e52ff0287f@hooks.acme.example>",
        "List-Unsubscribe": "<https://hooks.acme.example/unsubscribe/sample>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "References": "<11c6d39f8785bf33abf18ff22b25dd054f0c180c12700c4b1a6e76e52ff0287f@hooks.acme.example>",
        "X-Auto-Response-Suppress": "All",
        "X-Hookline-Step": "g3/reminder-1",
        "X-Hookline-Subject": "stripe/in_1",
      }
    `);
  });

  it.each(TEAM)('of %s never offer to unsubscribe', (template) => {
    expect(built(noticeWith(template)).headers).not.toHaveProperty('List-Unsubscribe');
  });

  it('announce one-click unsubscribing over https and on loopback, not over an open network', () => {
    const headersWith = (unsubscribe: string) =>
      built(noticeWith('reminder-1'), { links: { ...LINKS, unsubscribe } }).headers;
    const loopback = headersWith('http://127.0.0.1:8787/unsubscribe/x,y');
    expect(loopback['List-Unsubscribe']).toBe('<http://127.0.0.1:8787/unsubscribe/x%2Cy>');
    expect(loopback['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    for (const open of ['http://acme.example/u/x', 'http://127.0.0.1.acme.example/u/x']) {
      expect(headersWith(open)).not.toHaveProperty('List-Unsubscribe-Post');
    }
  });

  it('thread the reminders of one subject, and keep the escalation apart', () => {
    const thread = (template: TemplateName, subject = 'stripe/in_1') =>
      built(noticeWith(template, { subject })).headers['References'];
    expect(thread('reminder-2')).toBe(thread('reminder-1'));
    expect(thread('re-escalation')).toBe(thread('escalation'));
    expect(thread('escalation')).not.toBe(thread('reminder-1'));
    expect(thread('reminder-1', 'stripe/in_2')).not.toBe(thread('reminder-1'));
  });

  it('hold ids in ASCII', () => {
    const { headers } = built(
      noticeWith('escalation', { subject: 'x/ä b\r\nBcc: e', step: 'día' }),
    );
    expect(headers['X-Hookline-Subject']).toBe('x/%C3%A4%20b%0D%0ABcc:%20e');
    expect(headers['X-Hookline-Step']).toBe('g3/d%C3%ADa');
  });
});

describe('the Message-ID', () => {
  it('follows from the notice alone', () => {
    const id = messageIdOf('stripe/in_1/3/day-3/abc', 'hooks.acme.example');
    expect(id).toBe(
      '<5729467f934819b1aef6056e7c1d1fe20b9b620cfc2903c0b12b8059a09dfe98@hooks.acme.example>',
    );
    expect(messageIdOf('stripe/in_1/3/day-7/abc', 'hooks.acme.example')).not.toBe(id);
  });

  it.each([
    ['127.0.0.1:8787', '127.0.0.1-8787'],
    ['', 'hookline.invalid'],
    ['a\r\nb>', 'a--b'],
    ['-x', 'hookline.invalid'],
  ])('of the host %j ends in @%s>', (host, part) => {
    expect(messageIdOf('x', host)).toMatch(new RegExp(`^<[0-9a-f]{64}@${part}>$`));
  });
});
