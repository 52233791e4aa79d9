/** Attack T21: what a payload says never becomes a header, a recipient, a link or a second line. */
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import nodemailer from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Notice, TemplateName } from '../../src/core/notice.ts';
import { buildMail } from '../../src/mail/build.ts';
import type { MailMessage } from '../../src/mail/contract.ts';
import { smtpTransport } from '../../src/mail/transport-smtp.ts';
import { holds, holdsAsync } from '../support/property.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';
import { built, inputFor, noticeWith } from './samples.ts';

const TEMPLATES: readonly TemplateName[] = [
  'reminder-1',
  'reminder-2',
  'reminder-final',
  'invoice-upcoming',
  'action-required',
  'escalation',
  're-escalation',
  'resolved',
];

const NASTY = [
  'x\r\nBcc: eve@evil.example',
  'x\nSubject: other',
  'x\r\n\r\n<script>alert(1)</script>',
  'x\0y',
  '\u202egpj.exe',
  '</bdi></td><script>alert(1)</script>',
  '" onmouseover="alert(1)',
  '=?utf-8?Q?x=0D=0ABcc:_eve@evil.example?=',
  'Ada <eve@evil.example>',
  'eve@evil.example, mallory@evil.example',
  '\u2028Bcc: eve@evil.example',
  'https://evil.example/win',
  '\ud800',
  '😀'.repeat(300),
  'm'.repeat(1_000_000),
  '{payUrl}',
  '__proto__',
];

let sink: SmtpSink;
beforeAll(async () => {
  sink = await startSmtpSink();
});
afterAll(() => sink.close());

function nastyNotice(template: TemplateName, text: string): Notice {
  return noticeWith(
    template,
    {
      to: { address: 'ada@example.com', name: text, locale: text, zone: text },
      subject: `stripe/${text}`,
      step: text,
      source: text,
      id: text,
    },
    {
      number: text,
      customer: text,
      reason: text,
      payUrl: text,
      title: text,
      url: text,
      cause: text,
    },
  );
}

describe('over a real connection', () => {
  it.each(
    NASTY.map((text) => [text.length > 60 ? `${text.slice(0, 8)}… ×${text.length}` : text, text]),
  )('%j in every field reaches one recipient under one subject', async (_, text) => {
    const before = sink.messages().length;
    const message = built(nastyNotice('reminder-1', text), { businessName: text });
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message);
    expect(outcome.kind).toBe('sent');
    const [mail, ...more] = sink.messages().slice(before);
    expect(more).toEqual([]);
    expect(mail?.envelope.to).toEqual(['ada@example.com']);
    expect(mail?.subject).toBe(message.subject);
    expect(mail?.messageId).toBe(message.messageId);
    for (const name of ['bcc', 'cc']) expect(mail?.header(name)).toBeNull();
    for (const name of ['to', 'from', 'subject', 'message-id', 'references', 'content-type']) {
      expect(mail?.header(name)).toMatch(/^\S/);
    }
    expect(mail?.html).not.toMatch(/<script|<[^>]*\sonmouseover=/i);
    expect(mail?.raw.length).toBeLessThan(40_000);
  });

  it.each([
    'a@x.example, b@y.example',
    '"x"@y.example',
    'ada@example.com\r\nBcc: eve@evil.example',
    'ada\0@example.com',
    'ada@example.com@evil.example',
    '"ada@example.com "@evil.example',
    'Ada <ada@example.com>',
    'аda@example.com',
  ])('%j as the address sends nothing', (address) => {
    const to = { address, name: null, locale: null, zone: null };
    expect(buildMail(inputFor(noticeWith('reminder-1', { to })))).toMatchObject({
      ok: false,
      failure: { reason: 'bad_address' },
    });
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(...NASTY.filter((text) => text.length < 1000)),
  fc
    .tuple(fc.constantFrom(...NASTY.slice(0, 8)), fc.string({ unit: 'binary', maxLength: 40 }))
    .map(([left, right]) => right + left),
);
const maybe = fc.option(anyText, { nil: null });
const anyNumber = fc.option(fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger()), {
  nil: null,
});
const anyNotice: fc.Arbitrary<Notice> = fc
  .record({
    template: fc.constantFrom(...TEMPLATES),
    kind: fc.constantFrom('payment' as const, 'alert' as const),
    audience: fc.constantFrom('customer' as const, 'team' as const),
    intended: maybe,
    address: fc.oneof(
      { weight: 4, arbitrary: fc.emailAddress() },
      { weight: 1, arbitrary: anyText },
    ),
    person: fc.record({ name: maybe, locale: maybe, zone: maybe }),
    ids: fc.record({ id: anyText, subject: anyText, step: anyText, source: anyText }),
    content: fc.record({
      amountMinor: anyNumber,
      currency: fc.oneof(maybe, fc.constantFrom('EUR', 'JPY', 'KWD', 'XQQ')),
      number: maybe,
      payUrl: fc.oneof(maybe, fc.webUrl()),
      reason: maybe,
      anchorAt: anyNumber,
      dueAt: anyNumber,
      customer: maybe,
      title: maybe,
      url: fc.oneof(maybe, fc.webUrl()),
      cause: maybe,
    }),
  })
  .map(({ template, kind, audience, intended, address, person, ids, content }) =>
    noticeWith(template, { ...ids, kind, audience, intended, to: { address, ...person } }, content),
  );

const OUR_TAGS = new Set(
  '!doctype html head meta title body div p br b bdi a table tr td'.split(' '),
);

/** What is wrong with a mail. A list, because thousands of mails with an `expect` each are slow. */
function wrongWith(message: MailMessage): string[] {
  const lines = [
    message.subject,
    message.to.address,
    message.to.name ?? '-',
    message.from,
    message.messageId,
    ...Object.entries(message.headers).flat(),
  ];
  const tags = [...message.html.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, tag]) => tag ?? '');
  return [
    ...lines.filter((line) => !/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(line)).map((it) => `line ${it}`),
    ...tags.filter((tag) => !OUR_TAGS.has(tag)).map((tag) => `tag ${tag}`),
    ...(/^[^\s@,;<>"]+@[A-Za-z0-9.-]+$/.test(message.to.address) ? [] : ['address']),
    ...(/\p{Bidi_Control}/u.test(message.subject) ? ['bidi in the subject'] : []),
    ...(message.subject.length > 200 ? ['subject too long'] : []),
    ...((message.to.name?.length ?? 0) > 100 ? ['name too long'] : []),
    ...(/[^\P{Cc}\n]/u.test(message.text) ? ['control in the text'] : []),
  ];
}

describe('for any strings in a notice', () => {
  it('the mail has one recipient, single-line headers and only our own markup', () => {
    holds(
      'the mail of any notice',
      fc.property(anyNotice, (notice) => {
        const result = buildMail(inputFor(notice));
        const wrong = result.ok ? wrongWith(result.value) : [];
        expect(wrong).toEqual([]);
        if (!result.ok) expect(result.failure.reason).toBe('bad_address');
      }),
      3_000,
    );
  }, 120_000);

  it('the bytes on the wire parse back to that mail', async () => {
    let raw = '';
    const transport = smtpTransport({
      url: 'smtp://127.0.0.1:9',
      timeoutMs: 5000,
      createTransport: () => {
        const composer = nodemailer.createTransport({ streamTransport: true, buffer: true });
        return {
          use: (step, plugin) => composer.use(step, plugin),
          async sendMail({ signal: _, ...mail }) {
            const { message, envelope } = await composer.sendMail(mail);
            expect(envelope.to).toHaveLength(1);
            raw = message.toString();
            return { response: '250 composed' };
          },
        };
      },
    });
    await holdsAsync(
      'the bytes of any mail',
      fc.asyncProperty(anyNotice, async (notice) => {
        const result = buildMail(inputFor(notice));
        if (!result.ok) return;
        expect(await transport.send(result.value)).toMatchObject({ kind: 'sent' });
        const parsed = await simpleParser(raw);
        const count = (name: string) => parsed.headerLines.filter(({ key }) => key === name).length;
        expect([count('to'), count('subject'), count('bcc'), count('cc')]).toEqual([1, 1, 0, 0]);
        expect(parsed.subject).toBe(result.value.subject);
        for (const [name, value] of Object.entries(result.value.headers)) {
          expect(parsed.headerLines.filter(({ key }) => key === name.toLowerCase())).toHaveLength(
            1,
          );
          expect(`${name}: ${value}`).not.toContain('=?');
        }
        expect(parsed.messageId).toBe(result.value.messageId);
      }),
      500,
    );
  }, 120_000);
});
