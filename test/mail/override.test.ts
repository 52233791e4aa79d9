import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkOverride } from '../../src/mail/build.ts';
import { PLACEHOLDER_NAMES } from '../../src/mail/override.ts';
import { built, LINKS, noticeWith } from './samples.ts';

describe('a text of the config', () => {
  const override = {
    subject: 'About {number}, {amount}',
    text: 'Dear {customer},\n\n{amount} has been due since {due}.\nPay: {payUrl}\n\nYours, {team}',
  };

  it('replaces ours and gets an HTML part and the footer', () => {
    const dueAt = Date.UTC(2026, 2, 2);
    const mail = built(noticeWith('reminder-1', {}, { dueAt }), { override });
    expect(mail.subject).toBe('About F-1001, €49.00');
    expect(mail.text).toMatchInlineSnapshot(`
      "Dear Ada Lovelace,

      €49.00 has been due since 2 March 2026.
      Pay: https://invoice.stripe.com/i/acct_1/live_1

      Yours, Acme Books

      -- 
      Acme Books sent this mail automatically because of invoice F-1001.

      No more reminders by mail (what is owed stays owed): https://hooks.acme.example/unsubscribe/sample
      "
    `);
    expect(mail.html).toContain('Pay: <a href="https://invoice.stripe.com/i/acct_1/live_1"');
    expect(mail.html).toContain('has been due since <bdi>2 March 2026</bdi>.<br>');
  });

  it('may replace the subject alone, or the text alone', () => {
    const notice = noticeWith('reminder-1');
    expect(built(notice, { override: { subject: 'Hi' } }).text).toBe(built(notice).text);
    expect(built(notice, { override: { text: 'Hi' } }).subject).toBe(built(notice).subject);
  });

  it('of an escalation keeps the acknowledge link, once', () => {
    const links = (text: string) =>
      built(noticeWith('escalation'), { override: { text } }).text.split(LINKS.acknowledge).length -
      1;
    expect(links('Please look.')).toBe(1);
    expect(links('Please look: {acknowledgeUrl}')).toBe(1);
  });

  it('leaves an unknown placeholder where it can be seen', () => {
    const mail = built(noticeWith('reminder-1'), { override: { text: 'Dear {nmae}' } });
    expect(mail.text).toContain('Dear {nmae}');
  });

  it('does not read placeholders in what a customer calls themselves', () => {
    const notice = noticeWith('reminder-1', {}, { customer: '{payUrl} $& $1 {amount}' });
    const mail = built(notice, { override: { text: 'Dear {customer}!' } });
    expect(mail.text).toContain('Dear {payUrl} $& $1 {amount}!');
  });

  it('is escaped, values and words alike', () => {
    const notice = noticeWith('reminder-1', {}, { customer: '<i>Ada</i>' });
    const { html } = built(notice, { override: { text: '<b>{customer}</b>' } });
    expect(html).not.toMatch(/<b>|<i>/);
  });

  it('says so where something is not known', () => {
    const notice = noticeWith('reminder-1', {}, { amountMinor: null, payUrl: null, number: null });
    const mail = built(notice, { override: { text: '{amount} {number} {payUrl}' } });
    expect(mail.text).toContain('the open amount (without number) (no link)');
  });
});

describe('the placeholders', () => {
  it('are those that the config explains, each once and no other', () => {
    const config = readFileSync(join(import.meta.dirname, '../../src/config.ts'), 'utf8');
    const comment = config.match(/interface TemplateOverride \{\s*\/\*\*([\s\S]*?)\*\//)?.[1] ?? '';
    const explained = [...comment.matchAll(/`\{([^}]*)\}`/g)].map(([, name]) => name ?? '');
    expect(explained.toSorted()).toEqual([...PLACEHOLDER_NAMES].sort());
  });

  it('each mean something in a text', () => {
    const text = PLACEHOLDER_NAMES.map((name) => `{${name}}`).join(' ');
    expect(checkOverride(text)).toEqual([]);
    for (const audience of ['reminder-1', 'escalation'] as const) {
      const mail = built(noticeWith(audience), { override: { text } });
      expect(mail.text).not.toMatch(/[{}]/);
    }
  });
});

describe('the check of a text', () => {
  it.each([
    ['Dear {customer}, {amount}', []],
    ['Dear {nmae}, {nmae}, {toString}', ['{nmae}', '{toString}']],
    ['no { braces } or {1} or {} count', []],
  ])('of %j reports %j', (text, unknown) => {
    expect(checkOverride(text)).toEqual(unknown);
  });
});
