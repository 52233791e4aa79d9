import { describe, expect, it } from 'vitest';
import { checkAddress, checkMailbox, mailboxText } from '../../src/mail/address.ts';

const LONG_LOCAL = 'a'.repeat(64);

describe('one address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['  ada@example.com ', 'ada@example.com'],
    ['Ada.Lovelace+invoices@mail.example.co.uk', 'Ada.Lovelace+invoices@mail.example.co.uk'],
    [`${LONG_LOCAL}@example.com`, `${LONG_LOCAL}@example.com`],
    ['ops@localhost', 'ops@localhost'],
    ['ada@münchen.example', 'ada@xn--mnchen-3ya.example'],
    // The first letter is Cyrillic: it goes where it says, and shows that it is not apple.com.
    ['ada@аpple.com', 'ada@xn--pple-43d.com'],
  ])('%j is accepted as %s', (text, address) => {
    expect(checkAddress(text)).toEqual({ ok: true, value: address });
  });

  it.each([
    '',
    '   ',
    'ada',
    '@example.com',
    'ada@',
    'ada@@example.com',
    'a@x.example, b@y.example',
    'a@x.example;b@y.example',
    'a@x.example b@y.example',
    '"x"@y.example',
    '"a@evil.example "@y.example',
    'Ada <ada@example.com>',
    '<ada@example.com>',
    'ada@example.com\r\nBcc: eve@evil.example',
    'ada@example.com\n',
    'ada\0@example.com',
    'ada@exam ple.com',
    'ada(comment)@example.com',
    '.ada@example.com',
    'ada..l@example.com',
    'ada.@example.com',
    `${LONG_LOCAL}a@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(130)}com`,
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'ada@intranet',
    'ada@-example.com',
    'ada@example.com.',
    'ada@evil.example。good.example',
    'аda@example.com',
    'ada@example.com＠evil.example',
    'ada@example.com\u202e',
    'x'.repeat(1_000_000),
  ])('%j is refused', (text) => {
    const result = checkAddress(text);
    expect(result).toMatchObject({ ok: false, failure: { reason: 'bad_address' } });
    if (!result.ok) expect(result.failure.detail).toMatch(/^[^\r\n\0]{1,120}$/u);
  });
});

describe('a sender', () => {
  it.each([
    ['billing@acme.example', 'billing@acme.example'],
    ['Acme <billing@acme.example>', '"Acme" <billing@acme.example>'],
    ['"Acme, Inc." <billing@acme.example>', '"Acme, Inc." <billing@acme.example>'],
    ['Müller & Söhne <b@acme.example>', '"Müller & Söhne" <b@acme.example>'],
    ['<billing@acme.example>', 'billing@acme.example'],
  ])('%j is written as %j', (text, written) => {
    const mailbox = checkMailbox(text);
    if (!mailbox.ok) throw new Error(mailbox.failure.detail);
    expect(mailboxText(mailbox.value)).toBe(written);
  });

  it.each(['Acme <a@x.example> <b@y.example>', 'Acme <a@x.example>, b@y.example', 'Acme'])(
    '%j is refused',
    (text) => expect(checkMailbox(text).ok).toBe(false),
  );

  it('loses a name that poses as an address', () => {
    expect(checkMailbox('ceo@bank.example <b@acme.example>')).toEqual({
      ok: true,
      value: { address: 'b@acme.example', name: null },
    });
  });
});
