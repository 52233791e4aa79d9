/**
 * What nobody can know: the server has the whole message and says nothing. A raw server speaks
 * SMTP here, because a well-made one cannot be made to cut the line at any byte.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import nodemailer from 'nodemailer';
import { afterEach, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../src/mail/contract.ts';
import { smtpTransport } from '../../src/mail/transport-smtp.ts';
import { localhostCertificate } from '../support/certificate.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import { built, noticeWith } from './samples.ts';

const message = built(noticeWith('reminder-1'));
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Script {
  /** Instead of 354. */
  readonly onData?: (socket: Socket) => void;
  /** At the first bytes of the message, before its end was read. */
  readonly onBody?: (socket: Socket) => void;
  /** The final dot is there. */
  readonly onDot?: (socket: Socket) => void;
}

interface RawServer {
  readonly url: string;
  /** Messages that arrived with their final dot. */
  readonly whole: () => number;
}

async function rawSmtp({ onData, onBody, onDot }: Script): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let whole = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let inBody = false;
    let seen = '';
    socket.on('error', () => undefined);
    socket.write('220 raw.example ESMTP\r\n');
    socket.on('data', (chunk) => {
      seen = (inBody ? seen.slice(-4) : seen) + chunk.toString('latin1');
      if (inBody) {
        onBody?.(socket);
        if (!seen.endsWith('\r\n.\r\n')) return;
        whole += 1;
        inBody = false;
        seen = '';
        onDot?.(socket);
        return;
      }
      for (let end = seen.indexOf('\r\n'); end >= 0; end = seen.indexOf('\r\n')) {
        const line = seen.slice(0, end);
        seen = seen.slice(end + 2);
        inBody = line === 'DATA' && onData === undefined;
        if (line === 'DATA' && onData !== undefined) onData(socket);
        else socket.write(inBody ? '354 go on\r\n' : '250 raw.example\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // TCP, so it has a port
  return { url: `smtp://127.0.0.1:${port}`, whole: () => whole };
}

const send = (url: string, timeoutMs = 5000, mail = message): Promise<SendOutcome> =>
  smtpTransport({ url, timeoutMs }).send(mail);

const says =
  (reply: string) =>
  (socket: Socket): void => {
    socket.end(reply);
  };

describe('an outcome nobody knows', () => {
  it.each<{ what: string; onDot: (socket: Socket) => void }>([
    { what: 'is closed', onDot: (socket) => socket.end() },
    { what: 'is reset', onDot: (socket) => socket.resetAndDestroy() },
    { what: 'is cut within the answer', onDot: says('25') },
    { what: 'is cut before the end of a good answer', onDot: says('250 OK queued') },
    { what: 'carries an answer that is no SMTP', onDot: says('HTTP/1.1 200 OK\r\n') },
    { what: 'carries a number that is no answer to a message', onDot: says('354 go on\r\n') },
  ])('comes of a line that $what after the final dot', async ({ onDot }) => {
    const server = await rawSmtp({ onDot });
    expect(await send(server.url)).toEqual({
      kind: 'unknown',
      error: expect.stringMatching(/^no answer to the whole message: /),
    });
    expect(server.whole()).toBe(1);
  });

  it('comes of a server that is silent after the final dot until the time is over', async () => {
    const server = await rawSmtp({});
    expect(await send(server.url, 400)).toEqual({
      kind: 'unknown',
      error: 'no answer to the whole message: no final answer within 400 ms',
    });
    expect(server.whole()).toBe(1);
  });

  it('comes of a caller who leaves after the final dot', async () => {
    const caller = new AbortController();
    const server = await rawSmtp({ onDot: () => caller.abort() });
    const sending = smtpTransport({ url: server.url, timeoutMs: 5000 });
    expect(await sending.send(message, caller.signal)).toEqual({
      kind: 'unknown',
      error: expect.stringContaining('nobody waits'),
    });
    expect(server.whole()).toBe(1);
  });

  it.each(['implicit', 'starttls'] as const)('is told apart under TLS too, %s', async (mode) => {
    const certificate = localhostCertificate();
    const sink = await startSmtpSink({ tls: { ...certificate, mode } });
    closers.push(() => sink.close());
    const scheme = mode === 'implicit' ? 'smtps' : 'smtp';
    const transport = smtpTransport({
      url: `${scheme}://localhost:${sink.port}?tls=required`,
      timeoutMs: 5000,
      createTransport: (options) =>
        nodemailer.createTransport({ ...options, tls: { ca: certificate.cert } }),
    });
    sink.setScript(({ at }) => (at === 'data' ? 'drop' : null));
    expect((await transport.send(message)).kind).toBe('unknown');
    sink.setScript(({ at }) => (at === 'rcpt' ? 'drop' : null));
    expect((await transport.send(message)).kind).toBe('retry');
    expect(sink.messages()).toHaveLength(1);
  });
});

describe('an outcome that is known, though it is close', () => {
  it.each([
    { reply: '421 4.3.2 going down', kind: 'retry' },
    { reply: '451 4.3.0 later', kind: 'retry' },
    { reply: '554 5.6.0 no', kind: 'refused' },
  ])('an answer of $reply to the final dot is $kind', async ({ reply, kind }) => {
    const server = await rawSmtp({ onDot: says(`${reply}\r\n`) });
    expect(await send(server.url)).toEqual({ kind, error: expect.stringContaining(reply) });
    expect(server.whole()).toBe(1);
  });

  it('a line that is closed after the 250 is sent', async () => {
    const server = await rawSmtp({ onDot: says('250 OK\r\n') });
    expect((await send(server.url)).kind).toBe('sent');
  });

  it.each<{ what: string; onData: (socket: Socket) => void }>([
    { what: 'closed', onData: (socket) => socket.end() },
    { what: 'reset', onData: (socket) => socket.resetAndDestroy() },
    { what: 'refused with 451', onData: says('451 later\r\n') },
    { what: 'silent', onData: () => undefined },
  ])('a DATA that is $what is tried again: no byte of the message was sent', async ({ onData }) => {
    const server = await rawSmtp({ onData });
    expect((await send(server.url, 1000)).kind).toBe('retry');
    expect(server.whole()).toBe(0);
  });

  // Larger than all buffers on the way, so that its end cannot be on the wire yet.
  const large = { ...message, text: 'A line of a long mail.\r\n'.repeat(700_000) };

  it('a line that is cut within the message is tried again', async () => {
    const server = await rawSmtp({ onBody: (socket) => socket.resetAndDestroy() });
    expect((await send(server.url, 10_000, large)).kind).toBe('retry');
    expect(server.whole()).toBe(0);
  });

  it('a server that stops reading within the message is tried again', async () => {
    const server = await rawSmtp({ onBody: (socket) => socket.pause() });
    expect(await send(server.url, 2000, large)).toEqual({
      kind: 'retry',
      error: 'no final answer within 2000 ms',
    });
    expect(server.whole()).toBe(0);
  });

  it('a caller who leaves within the message is tried again, and the end is never sent', async () => {
    const caller = new AbortController();
    const server = await rawSmtp({
      onBody: () => caller.abort(),
    });
    const sending = smtpTransport({ url: server.url, timeoutMs: 10_000 });
    expect((await sending.send(large, caller.signal)).kind).toBe('retry');
    await passed(300);
    expect(server.whole()).toBe(0);
  });
});
