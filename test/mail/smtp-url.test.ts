import { describe, expect, it } from 'vitest';
import { parseSmtpUrl } from '../../src/mail/smtp-url.ts';

function read(text: string) {
  const result = parseSmtpUrl(text);
  if (!result.ok) throw new Error(result.failure.detail);
  return result.value;
}

describe('SMTP_URL', () => {
  it('has the ports of submission where it names none', () => {
    expect(read('smtp://mail.example').port).toBe(587);
    expect(read('smtps://mail.example')).toMatchObject({ port: 465, secure: true });
    expect(read('smtp://mail.example:2525').port).toBe(2525);
  });

  it('carries user and password percent-encoded', () => {
    expect(read('smtp://a%40b.example:p%2Fw%3A@mail.example').auth).toEqual({
      user: 'a@b.example',
      pass: 'p/w:',
    });
    expect(read('smtp://mail.example').auth).toBeNull();
  });

  it.each([
    ['smtp://mail.example', 'opportunistic'],
    ['smtp://mail.example?tls=required', 'required'],
    ['smtp://mail.example?tls=off', 'off'],
    // A stripped STARTTLS must not turn into a password in the clear.
    ['smtp://user:pass@mail.example', 'required'],
    ['smtp://user:pass@mail.example?tls=opportunistic', 'opportunistic'],
    ['smtp://127.0.0.1:1025', 'off'],
    ['smtp://[::1]:1025', 'off'],
    ['smtp://user:pass@localhost:1025', 'off'],
    ['smtp://localhost:1025?tls=required', 'required'],
    ['smtp://127.0.0.1.evil.example', 'opportunistic'],
  ])('%s asks for STARTTLS: %s', (text, startTls) => {
    expect(read(text).startTls).toBe(startTls);
  });

  it.each([
    ['', 'not a URL'],
    ['mail.example:587', 'scheme'],
    ['http://mail.example', 'scheme'],
    ['smtp://', 'no host'],
    ['smtp://mail.example?tls=require', 'tls must be'],
    ['smtp://mail.example?tls=__proto__', 'tls must be'],
    ['smtp://mail.example?TLS=required', 'unknown parameter TLS'],
    ['smtp://mail.example?pool=true', 'unknown parameter pool'],
    ['smtp://user:p/w@mail.example', ''],
    ['smtp://user:s3cret%zz@mail.example', 'percent-encoded'],
  ])('%j is refused: %s', (text, why) => {
    const result = parseSmtpUrl(text);
    expect(result).toMatchObject({ ok: false, failure: { reason: 'bad_smtp_url' } });
    if (result.ok) return;
    expect(result.failure.detail).toContain(why);
    expect(result.failure.detail).not.toContain('s3cret');
  });
});
