import { type AddressInfo, createServer, type Socket } from 'node:net';
import nodemailer from 'nodemailer';
import { afterEach, describe, expect, it } from 'vitest';
import type { MailTransport } from '../../src/mail/contract.ts';
import { smtpTransport } from '../../src/mail/transport-smtp.ts';
import { localhostCertificate } from '../support/certificate.ts';
import {
  type SinkReply,
  type SinkStep,
  type SmtpSink,
  startSmtpSink,
} from '../support/smtp-sink.ts';
import { built, noticeWith } from './samples.ts';

const message = built(noticeWith('reminder-1'));
const closers: (() => Promise<void>)[] = [];

async function sinkWith(at?: SinkStep['at'], reply?: SinkReply): Promise<SmtpSink> {
  const sink = await startSmtpSink({
    script: (step) => (step.at === at && reply !== undefined ? reply : null),
  });
  closers.push(() => sink.close());
  return sink;
}

/** A server that is no SMTP server: it says and does what `talk` does with the socket. */
async function rawServer(talk: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`; // TCP, so it has a port
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('a mail that is taken', () => {
  it('is sent with one recipient, both parts and the headers it was built with', async () => {
    const sink = await sinkWith();
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message);
    expect(outcome.kind).toBe('sent');
    const [mail, ...more] = sink.messages();
    expect(more).toEqual([]);
    expect(mail?.envelope).toEqual({ from: 'billing@acme.example', to: ['ada@example.com'] });
    expect(mail?.messageId).toBe(message.messageId);
    expect(mail?.subject).toBe(message.subject);
    expect(mail?.text.trim()).toBe(message.text.trim());
    expect(mail?.html).toContain('color-scheme');
    expect(mail?.header('auto-submitted')).toBe('auto-generated');
    expect(mail?.header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    expect(mail?.header('list-unsubscribe')).toBe(
      '<https://hooks.acme.example/unsubscribe/sample>',
    );
    expect(mail?.header('x-hookline-subject')).toBe('stripe/in_1');
    expect(mail?.header('references')).toBe(message.headers['References']);
  });

  it('goes to the login server with user and password from the URL', async () => {
    const users: (string | null)[] = [];
    const sink = await startSmtpSink({
      script: ({ at, address }) => {
        if (at === 'auth') users.push(address);
        return null;
      },
    });
    closers.push(() => sink.close());
    const url = `smtp://hook%40line:p%3Ass@127.0.0.1:${sink.port}`;
    expect((await smtpTransport({ url, timeoutMs: 5000 }).send(message)).kind).toBe('sent');
    expect(users).toEqual(['hook@line']);
  });
});

describe('what the server answers', () => {
  const cases: readonly [SinkStep['at'], number, 'retry' | 'refused'][] = [
    ['connect', 421, 'retry'],
    ['connect', 554, 'retry'],
    ['mail', 451, 'retry'],
    ['mail', 550, 'retry'],
    ['mail', 552, 'refused'],
    ['rcpt', 450, 'retry'],
    ['rcpt', 421, 'retry'],
    ['rcpt', 550, 'refused'],
    ['rcpt', 553, 'refused'],
    ['rcpt', 503, 'retry'],
    ['rcpt', 530, 'retry'],
    ['data', 451, 'retry'],
    ['data', 552, 'refused'],
    ['data', 554, 'refused'],
  ];
  it.each(cases)('at %s, %i means %s', async (at, code, kind) => {
    const sink = await sinkWith(at, { code, text: 'scripted' });
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message);
    expect(outcome).toEqual({ kind, error: expect.stringContaining(String(code)) });
    expect(sink.messages()).toEqual([]);
  });

  it('retries a wrong password: it is our configuration, not the recipient', async () => {
    const sink = await sinkWith('auth', { code: 535, text: 'bad credentials' });
    const url = `smtp://user:secret-pass@127.0.0.1:${sink.port}`;
    const outcome = await smtpTransport({ url, timeoutMs: 5000 }).send(message);
    expect(outcome).toEqual({ kind: 'retry', error: expect.stringContaining('535') });
    expect(JSON.stringify(outcome)).not.toContain('secret-pass');
  });

  it('refuses a mail above the size the server announces, before sending it', async () => {
    const sink = await startSmtpSink({ maxBytes: 500 });
    closers.push(() => sink.close());
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message);
    expect(outcome.kind).toBe('refused');
  });
});

describe('a server that fails', () => {
  it('retries when nobody listens', async () => {
    const sink = await startSmtpSink();
    await sink.close();
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message);
    expect(outcome).toEqual({ kind: 'retry', error: expect.stringContaining('ECONNREFUSED') });
  });

  it('retries when the name does not exist', async () => {
    const transport = smtpTransport({ url: 'smtp://no-such-host.invalid:25', timeoutMs: 2000 });
    expect((await transport.send(message)).kind).toBe('retry');
  });

  it.each(['connect', 'mail', 'rcpt'] as const)(
    'gives up on a server that goes silent at %s once the time is over',
    async (at) => {
      const sink = await sinkWith(at, 'hang');
      const startedAt = performance.now();
      const outcome = await smtpTransport({ url: sink.url, timeoutMs: 400 }).send(message);
      expect(outcome).toEqual({ kind: 'retry', error: 'no final answer within 400 ms' });
      expect(performance.now() - startedAt).toBeLessThan(1500);
    },
  );

  it('hands nothing over once nobody waits for the outcome', async () => {
    const sink = await startSmtpSink();
    sink.setScript(({ at }) => (at === 'rcpt' ? 'hang' : null));
    const attempt = new AbortController();
    const sending = smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message, attempt.signal);
    setTimeout(() => attempt.abort(), 200);
    expect(await sending).toEqual({
      kind: 'retry',
      error: expect.stringContaining('nobody waits'),
    });
    const connections = sink.steps().filter(({ at }) => at === 'connect').length;
    const again = smtpTransport({ url: sink.url, timeoutMs: 5000 });
    expect((await again.send(message, attempt.signal)).kind).toBe('retry');
    expect(sink.steps().filter(({ at }) => at === 'connect')).toHaveLength(connections);
    expect(sink.messages()).toEqual([]);
    await sink.close();
  });

  it('delivers while somebody waits', async () => {
    const sink = await startSmtpSink();
    const { signal } = new AbortController();
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send(message, signal);
    expect(outcome.kind).toBe('sent');
    expect(sink.messages()).toHaveLength(1);
    await sink.close();
  });

  it('gives up on a server that drips a byte at a time, though it is never idle', async () => {
    const url = await rawServer((socket) => {
      const timer = setInterval(() => socket.write('2'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    const startedAt = performance.now();
    const outcome = await smtpTransport({ url, timeoutMs: 500 }).send(message);
    expect(outcome.kind).toBe('retry');
    expect(performance.now() - startedAt).toBeLessThan(1600);
  });

  it('retries after a greeting that is no SMTP', async () => {
    const url = await rawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await smtpTransport({ url, timeoutMs: 2000 }).send(message)).kind).toBe('retry');
  });

  it('repeats under the same Message-ID when nobody knows whether the mail was taken', async () => {
    const sink = await startSmtpSink({
      script: ({ at, count }) => (at === 'data' && count === 1 ? 'drop' : null),
    });
    closers.push(() => sink.close());
    const transport = smtpTransport({ url: sink.url, timeoutMs: 5000 });
    expect((await transport.send(message)).kind).toBe('unknown');
    expect((await transport.send(message)).kind).toBe('sent');
    const ids = sink.messages().map(({ messageId }) => messageId);
    expect(ids).toEqual([message.messageId, message.messageId]);
  });

  it('works again on the same port once the server is back', async () => {
    const first = await startSmtpSink();
    const transport = smtpTransport({ url: first.url, timeoutMs: 5000 });
    await first.close();
    expect((await transport.send(message)).kind).toBe('retry');
    const second = await startSmtpSink({ port: first.port });
    closers.push(() => second.close());
    expect((await transport.send(message)).kind).toBe('sent');
    expect(second.messages()).toHaveLength(1);
  });
});

const certificate = localhostCertificate();

function trustingTransport(url: string): MailTransport {
  return smtpTransport({
    url,
    timeoutMs: 5000,
    createTransport: (options) =>
      nodemailer.createTransport({ ...options, tls: { ca: certificate.cert } }),
  });
}

async function tlsSink(mode: 'starttls' | 'implicit'): Promise<SmtpSink> {
  const sink = await startSmtpSink({ tls: { ...certificate, mode } });
  closers.push(() => sink.close());
  return sink;
}

describe('TLS', () => {
  it('sends over smtps when the certificate is trusted, and retries when it is not', async () => {
    const sink = await tlsSink('implicit');
    const url = `smtps://localhost:${sink.port}`;
    expect(await trustingTransport(url).send(message)).toMatchObject({ kind: 'sent' });
    const outcome = await smtpTransport({ url, timeoutMs: 5000 }).send(message);
    expect(outcome).toEqual({ kind: 'retry', error: expect.stringMatching(/self.signed/i) });
    expect(sink.messages()).toHaveLength(1);
  });

  it('sends nothing without STARTTLS when it is required', async () => {
    const sink = await sinkWith();
    const url = `${sink.url}?tls=required`;
    const outcome = await smtpTransport({ url, timeoutMs: 5000 }).send(message);
    expect(outcome.kind).toBe('retry');
    expect(sink.messages()).toEqual([]);
  });

  it('upgrades by STARTTLS where it is offered, and checks the certificate', async () => {
    const sink = await tlsSink('starttls');
    const url = `smtp://localhost:${sink.port}?tls=opportunistic`;
    expect(await trustingTransport(url).send(message)).toMatchObject({ kind: 'sent' });
    expect(sink.messages()[0]?.isSecure).toBe(true);
    expect((await smtpTransport({ url, timeoutMs: 5000 }).send(message)).kind).toBe('retry');
    expect(sink.messages()).toHaveLength(1);
  });

  it('talks plainly to a catcher on this machine, whatever certificate it offers', async () => {
    const sink = await tlsSink('starttls');
    const url = `smtp://127.0.0.1:${sink.port}`;
    expect(await smtpTransport({ url, timeoutMs: 5000 }).send(message)).toMatchObject({
      kind: 'sent',
    });
    expect(sink.messages()[0]?.isSecure).toBe(false);
  });
});

describe('a message that was not built here', () => {
  it.each([
    'ada@example.com, eve@evil.example',
    'ada@example.com\r\nRCPT TO:<eve@evil.example>',
    '',
  ])('is refused before a connection is made when its address is %j', async (address) => {
    const sink = await sinkWith();
    const outcome = await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send({
      ...message,
      to: { address, name: null },
    });
    expect(outcome.kind).toBe('refused');
    expect(sink.steps()).toEqual([]);
  });

  it('stays one mail to one recipient with line breaks in its headers', async () => {
    const sink = await sinkWith();
    const evil = 'x\r\nBcc: eve@evil.example';
    await smtpTransport({ url: sink.url, timeoutMs: 5000 }).send({
      ...message,
      subject: evil,
      to: { address: 'ada@example.com', name: evil },
      headers: { ...message.headers, 'X-Hookline-Step': evil },
    });
    const [mail] = sink.messages();
    expect(mail?.envelope.to).toEqual(['ada@example.com']);
    expect(mail?.header('bcc')).toBeNull();
    expect(mail?.header('subject')).toBe('x Bcc: eve@evil.example');
  });
});
