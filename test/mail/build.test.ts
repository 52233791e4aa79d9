import { describe, expect, it } from 'vitest';
import type { TemplateName } from '../../src/core/notice.ts';
import { buildMail } from '../../src/mail/build.ts';
import { previewMails } from '../../src/mail/preview.ts';
import { built, inputFor, LINKS, noticeWith } from './samples.ts';

const CUSTOMER: readonly TemplateName[] = [
  'reminder-1',
  'reminder-2',
  'reminder-final',
  'invoice-upcoming',
  'action-required',
];
const TEAM: readonly TemplateName[] = ['escalation', 're-escalation', 'resolved'];

describe('every template', () => {
  it('has a subject of its own that says what it is about', () => {
    const subjects = previewMails().map(
      ({ template, message }) => `${template}: ${message.subject}`,
    );
    expect(subjects).toMatchInlineSnapshot(`
      [
        "reminder-1: Your payment of €49.00 to Acme Books for invoice F-1001 did not go through",
        "reminder-2: Reminder: €49.00 to Acme Books is still open (invoice F-1001)",
        "reminder-final: Last reminder: €49.00 to Acme Books is still open (invoice F-1001)",
        "invoice-upcoming: Invoice F-1001 for €49.00 is due on 12 March 2026",
        "action-required: Please confirm your payment: €49.00 to Acme Books (invoice F-1001)",
        "escalation: Escalation: €49.00 from Ada Lovelace (invoice F-1001)",
        "re-escalation: Nobody has acknowledged: €49.00 from Ada Lovelace (invoice F-1001)",
        "resolved: Resolved: €49.00 from Ada Lovelace (invoice F-1001)",
      ]
    `);
  });

  it.each([...CUSTOMER, ...TEAM])(
    '%s says amount, invoice and where to look, in both parts',
    (template) => {
      const mail = built(noticeWith(template));
      for (const part of [mail.text, mail.html]) {
        expect(part).toContain('€49.00');
        expect(part).toContain('F-1001');
        expect(part).toMatch(/https:\/\/(invoice\.stripe\.com|hooks\.acme\.example\/payments)/);
      }
    },
  );

  it.each([...CUSTOMER, ...TEAM])('%s stays readable when nothing is known', (template) => {
    const empty = {
      amountMinor: null,
      currency: null,
      number: null,
      payUrl: null,
      reason: null,
      anchorAt: null,
      dueAt: null,
      customer: null,
      cause: null,
    };
    const to = { address: 'ada@example.com', name: null, locale: null, zone: null };
    const mail = built(noticeWith(template, { to }, empty));
    for (const part of [mail.subject, mail.text, mail.html]) {
      expect(part).not.toMatch(/null|undefined|NaN|€|\{|\(\)| {2}\S|“”/);
    }
  });

  it.each([...CUSTOMER, ...TEAM])(
    '%s loads nothing from anywhere when it is opened',
    (template) => {
      const { html } = built(noticeWith(template));
      expect(html).not.toMatch(/<img|<link|<script|<iframe|src=|url\(|@import|background-image/i);
      expect(html).toContain('name="color-scheme" content="light dark"');
    },
  );

  it('is the same mail every time it is built', () => {
    expect(previewMails()).toEqual(previewMails());
  });
});

describe('a first reminder', () => {
  it('reads like a letter', () => {
    expect(built(noticeWith('reminder-1')).text).toMatchInlineSnapshot(`
      "Hello Ada Lovelace,

      Your payment of €49.00 to Acme Books for invoice F-1001 did not go through on 2 March 2026. This happens: a card expires, a bank asks a question. It is usually quick to put right.

      The answer we got was: “Your card has expired.”

      Pay €49.00 (opens invoice.stripe.com):
      https://invoice.stripe.com/i/acct_1/live_1

      What happens next: once the payment arrives, nothing. If it stays open we will write again in a few days. If you have paid in the meantime: thank you, and please ignore this mail; the reminders stop by themselves.

      Is something not right, or do you need more time? Just reply to this mail; a person at Acme Books reads it.

      Kind regards
      Acme Books

      -- 
      Acme Books sent this mail automatically because of invoice F-1001.

      No more reminders by mail (what is owed stays owed): https://hooks.acme.example/unsubscribe/sample
      "
    `);
  });

  it('speaks of the due date when the invoice was never charged', () => {
    const dueAt = Date.UTC(2026, 2, 2);
    const mail = built(noticeWith('reminder-1', {}, { dueAt, anchorAt: dueAt, reason: null }));
    expect(mail.subject).toMatchInlineSnapshot(
      `"Invoice F-1001 for €49.00 from Acme Books was due on 2 March 2026"`,
    );
    expect(mail.text).toContain('was due on 2 March 2026, and we have not seen a payment yet');
    expect(mail.text).not.toContain('did not go through');
  });

  it('does not greet by address', () => {
    const to = { address: 'ada@example.com', name: 'ada@example.com', locale: null, zone: null };
    const mail = built(noticeWith('reminder-1', { to }, { customer: 'ada@example.com' }));
    expect(mail.text.startsWith('Hello,\n')).toBe(true);
  });

  it('follows the reader: amount by locale, day by zone', () => {
    const anchorAt = Date.UTC(2026, 2, 2, 23, 30);
    const to = { address: 'a@b.example', name: null, locale: 'de-DE', zone: 'Europe/Berlin' };
    const mail = built(noticeWith('reminder-1', { to }, { anchorAt }));
    expect(mail.text).toContain('49,00');
    expect(mail.text).toContain('3. März 2026');
  });

  it('keeps right-to-left amounts from turning the sentence around', () => {
    const to = { address: 'a@b.example', name: null, locale: 'ar-KW', zone: 'Asia/Kuwait' };
    const content = { currency: 'KWD', amountMinor: 4500 };
    const mail = built(noticeWith('reminder-1', { to }, content));
    expect(mail.text).toMatch(/payment of \u2068[^\u2069]*٤٫٥٠٠[^\u2069]*\u2069 to/);
    expect(mail.html).toMatch(/payment of <bdi>[^<]*٤٫٥٠٠[^<]*<\/bdi> to/);
    expect(mail.subject).not.toMatch(/\p{Bidi_Control}/u);
  });
});

describe('an escalation', () => {
  it('says who, how much, since when, why, and what to press', () => {
    expect(built(noticeWith('escalation')).text).toMatchInlineSnapshot(`
      "A payment is open and needs a person.

      Customer: Ada Lovelace
      Amount: €49.00
      Invoice: F-1001
      Open since: 2 March 2026 at 09:30 (Europe/London)
      Provider says: Your card has expired.
      Why you: The reminders did not help: it is still open.
      Subject: stripe/in_1

      Acknowledge (opens a page; the button there does it):
      https://hooks.acme.example/ack/sample

      Everything that happened: https://hooks.acme.example/payments/stripe/in_1

      What happens next: if nobody acknowledges, this mail is repeated, to you or to the next people on the list. Acknowledging says that you have taken it over; it does not close it.

      -- 
      You get this mail because you are on the escalation list of source stripe.
      "
    `);
  });

  it.each([
    ['ladder', 'The reminders did not help'],
    ['no_reminder', 'no reminder has gone to the customer'],
    ['hard_decline', 'declined for good'],
    ['high_amount', 'at or above the limit'],
    ['disputed', 'disputes this payment'],
    ['something_new', 'Rule: something_new'],
    ['constructor', 'Rule: constructor'],
  ])('because of %s says: %s', (cause, words) => {
    expect(built(noticeWith('escalation', {}, { cause })).text).toContain(words);
  });

  it('of an alert leads with severity and title and links to the provider', () => {
    const fields = { kind: 'alert', subject: 'github/acme/web/dependabot/7' } as const;
    const content = {
      title: 'Prototype pollution in lodash',
      severity: 'critical',
      url: 'https://github.com/acme/web/security/dependabot/7',
      amountMinor: null,
      number: null,
      customer: null,
      reason: null,
      cause: null,
    } as const;
    const mail = built(noticeWith('escalation', fields, content));
    expect(mail.subject).toBe('Alert, critical: Prototype pollution in lodash');
    expect(mail.text).toContain('At the provider (github.com): https://github.com/acme/web/');
    expect(mail.text).toContain('An alert of severity critical is open.');
  });

  it.each(['escalation', 're-escalation'] as const)(
    'that is the last of its ladder (%s) promises no repetition and nobody else',
    (template) => {
      const { text } = built(noticeWith(template, {}, { isLastEscalation: true }));
      expect(text.match(/What happens next: .*/)?.[0]).toMatchInlineSnapshot(
        `"What happens next: this mail is not repeated, and nobody else is asked after this one. Acknowledging says that you have taken it over; it does not close it."`,
      );
      expect(text).toContain(LINKS.acknowledge);
    },
  );

  it.each([undefined, false])(
    'of which nobody says that it is the last (%s) is repeated: so a message of an older version reads',
    (isLastEscalation) => {
      const said = isLastEscalation === undefined ? {} : { isLastEscalation };
      for (const template of ['escalation', 're-escalation'] as const) {
        const { text } = built(noticeWith(template, {}, said));
        expect(text).toContain('if nobody acknowledges, this mail is repeated');
        expect(text).not.toContain('nobody else');
      }
    },
  );

  it('cannot be acknowledged by a customer it was sent to by mistake', () => {
    const mail = built(noticeWith('escalation', { audience: 'customer' }));
    expect(mail.text + mail.html).not.toContain(LINKS.acknowledge);
  });
});

describe('links', () => {
  it.each([
    'http://invoice.stripe.com/i/1',
    'javascript:alert(1)',
    'https://invoice.stripe.com@evil.example/',
    'data:text/html,x',
    '//evil.example',
    'https://',
    `https://evil.example/${'a'.repeat(3000)}`,
  ])('to pay at %j are left out, and the mail says to reply', (payUrl) => {
    const mail = built(noticeWith('reminder-1', {}, { payUrl }));
    expect(mail.text).toContain('To pay, just reply to this mail');
    expect(mail.html).not.toContain('evil.example');
    expect(mail.html).not.toContain('javascript:');
  });

  it('show the host they go to, letters of other scripts in ASCII', () => {
    const mail = built(noticeWith('reminder-1', {}, { payUrl: 'https://аpple.com/pay' }));
    expect(mail.text).toContain('(opens xn--pple-43d.com)');
  });

  it('cannot leave their attribute', () => {
    const payUrl = 'https://x.example/"onmouseover="alert(1)\'<b>';
    const { html } = built(noticeWith('reminder-1', {}, { payUrl }));
    expect(html).not.toMatch(/"\s*onmouseover|<b>/);
  });
});

describe('shadow mode', () => {
  const shadow = noticeWith('reminder-1', {
    intended: 'ada@example.com',
    to: { address: 'ops@acme.example', name: null, locale: null, zone: null },
  });

  it('names the customer it would have gone to, and how to go live', () => {
    const mail = built(shadow);
    expect(mail.to.address).toBe('ops@acme.example');
    expect(mail.subject.startsWith('[shadow → ada@example.com] Your payment of €49.00')).toBe(true);
    expect(mail.text.split('\n\n')[0]).toMatchInlineSnapshot(
      `"Shadow mode: nothing was sent to the customer. This mail would have gone to ada@example.com. To send such mails for real, set live: true for the source stripe in gateway.config.ts."`,
    );
  });

  it('greets the customer as the real mail would, and is addressed to the team alone', () => {
    const to = { address: 'ops@acme.example', name: 'Ada', locale: 'de-DE', zone: null };
    const mail = built({
      ...shadow,
      to,
      content: { ...shadow.content, customer: 'ada@example.com' },
    });
    expect(mail.text).toContain('Hello Ada,');
    expect(mail.to).toEqual({ address: 'ops@acme.example', name: null });
    expect(mail.subject).toContain('49,00');
  });

  it('holds no unsubscribe link, so that nobody unsubscribes a customer unseen', () => {
    const mail = built(shadow);
    expect(mail.headers).not.toHaveProperty('List-Unsubscribe');
    expect(mail.text + mail.html).not.toContain('unsubscribe');
  });
});

describe('a sender', () => {
  it('that is no address makes no mail', () => {
    const result = buildMail(inputFor(noticeWith('reminder-1'), { from: 'Acme' }));
    expect(result).toMatchObject({ ok: false, failure: { reason: 'bad_address' } });
  });

  it('gets answers where it wants them', () => {
    const mail = built(noticeWith('reminder-1'), { replyTo: 'Help <help@acme.example>' });
    expect(mail.replyTo).toBe('"Help" <help@acme.example>');
  });
});
