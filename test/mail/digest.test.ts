import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { Notice } from '../../src/core/notice.ts';
import { buildDigest } from '../../src/mail/build.ts';
import type { MailMessage } from '../../src/mail/contract.ts';
import { PREVIEW_SENDER } from '../../src/mail/preview.ts';
import { LINKS, noticeWith } from './samples.ts';

function digestOf(notices: readonly Notice[]): MailMessage {
  const result = buildDigest({
    ...PREVIEW_SENDER,
    notices: notices.map((notice) => ({
      notice,
      links: {
        ...LINKS,
        acknowledge: `https://hooks.acme.example/ack/${notice.id.split('/')[1]}`,
      },
    })),
  });
  if (!result.ok) throw new Error(result.failure.detail);
  return result.value;
}

function escalation(number: number): Notice {
  return noticeWith(
    'escalation',
    { id: `stripe/in_${number}/3/escalate/grace`, subject: `stripe/in_${number}` },
    { number: `F-${number}`, amountMinor: 1000 * number, customer: `Customer ${number}` },
  );
}

describe('a digest', () => {
  it('lists each subject with its amount and its links', () => {
    const mail = digestOf([escalation(1), escalation(2)]);
    expect(mail.subject).toBe('2 notices that need a person: Acme Books');
    expect(mail.text).toMatchInlineSnapshot(`
      "2 notices came up for you within minutes, so they are in one mail. Each stays open until somebody acknowledges it or it is settled.

      * €10.00 from Customer 1 (invoice F-1)
        Open since 2 March 2026 at 09:30 (Europe/London)
        See: https://hooks.acme.example/payments/stripe/in_1
        Acknowledge: https://hooks.acme.example/ack/in_1
        stripe/in_1, escalation

      * €20.00 from Customer 2 (invoice F-2)
        Open since 2 March 2026 at 09:30 (Europe/London)
        See: https://hooks.acme.example/payments/stripe/in_1
        Acknowledge: https://hooks.acme.example/ack/in_2
        stripe/in_2, escalation

      -- 
      An acknowledge link opens a page; only the button on that page acknowledges.
      "
    `);
    expect(mail.html).toContain('href="https://hooks.acme.example/ack/in_2"');
    expect(mail.headers['X-Hookline-Subject']).toBe('stripe/in_1 stripe/in_2');
  });

  it('of one notice speaks of one', () => {
    const mail = digestOf([escalation(1)]);
    expect(mail.subject).toBe('1 notice that needs a person: Acme Books');
    expect(mail.text).toMatch(/^1 notice came up for you right after others\. It stays open/);
  });

  it('is the same mail whatever the order of its notices, and another with one more', () => {
    const id = digestOf([escalation(1), escalation(2)]).messageId;
    expect(digestOf([escalation(2), escalation(1)]).messageId).toBe(id);
    expect(digestOf([escalation(1), escalation(2), escalation(3)]).messageId).not.toBe(id);
    expect(digestOf([escalation(1)]).messageId).not.toBe(id);
  });

  it('of many lists a hundred, counts the rest, and is not cut by mail programs', () => {
    const mail = digestOf(Array.from({ length: 150 }, (_, index) => escalation(index + 1)));
    expect(mail.text).toContain('Customer 100 ');
    expect(mail.text).not.toContain('Customer 101 ');
    expect(mail.text).toContain('And 50 more');
    expect(mail.html.length).toBeLessThan(102 * 1024);
  });

  it('names only commands that exist, and no page that does not, for what it does not list', () => {
    const mail = digestOf(Array.from({ length: 101 }, (_, index) => escalation(index + 1)));
    expect(mail.text.match(/And 1 more.*/)?.[0]).toMatchInlineSnapshot(
      `"And 1 more, for which this mail has no room. "hookline events list" names the subject of each event."`,
    );
    const commands = [...mail.text.matchAll(/"hookline ([a-z ]+)"/g)].map(([, name]) => name);
    expect(commands).toHaveLength(1);
    for (const name of commands) expect(COMMANDS.map((one) => one.name)).toContain(name);
    expect(mail.text).not.toContain('dashboard');
  });

  it('of a hundred, which are all listed, counts no rest', () => {
    const mail = digestOf(Array.from({ length: 100 }, (_, index) => escalation(index + 1)));
    expect(mail.text).not.toMatch(/And \d+ more/);
  });

  it('names whom a shadow copy would have gone to', () => {
    const shadow = noticeWith('reminder-1', {
      intended: 'ada@example.com',
      to: escalation(1).to,
    });
    const { text } = digestOf([escalation(1), shadow]);
    expect(text).toContain('Shadow mode, would have gone to: ada@example.com');
  });

  it('refuses a bad address as a single mail does', () => {
    const notice = { ...escalation(1), to: { ...escalation(1).to, address: 'a@x, b@y' } };
    const result = buildDigest({ ...PREVIEW_SENDER, notices: [{ notice, links: LINKS }] });
    expect(result).toMatchObject({ ok: false, failure: { reason: 'bad_address' } });
  });

  it('of nothing, or to two addresses, is a bug', () => {
    expect(() => digestOf([])).toThrow('no notices');
    const other = { ...escalation(2), to: { ...escalation(2).to, address: 'x@acme.example' } };
    expect(() => digestOf([escalation(1), other])).toThrow('one address');
  });
});
