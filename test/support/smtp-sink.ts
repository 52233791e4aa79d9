/**
 * A mail server on loopback that keeps what it gets and misbehaves as told. Built on smtp-server,
 * so the protocol is a real one; a script decides what each step of a session is answered.
 */
import type { AddressInfo, Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Certificate } from './certificate.ts';

/** A step at which the server may misbehave. Counts start at 1. */
export interface SinkStep {
  readonly at: 'connect' | 'auth' | 'mail' | 'rcpt' | 'data';
  /** Number of the connection since the sink started. */
  readonly connection: number;
  /** How often this kind of step came up since the sink started. */
  readonly count: number;
  /** The address at `mail` and `rcpt`; the user name at `auth`. */
  readonly address: string | null;
}

/**
 * A reply code with its text; `drop`: the connection is cut without a reply (at `data` the message
 * counts as taken: the sender cannot know); `hang`: nothing more is ever said.
 */
export type SinkReply = { readonly code: number; readonly text: string } | 'drop' | 'hang';

/** Null: the step is answered as a well-behaved server would. */
export type SinkScript = (step: SinkStep) => SinkReply | null;

export interface SinkMail {
  /** Order of arrival, from 1. */
  readonly order: number;
  /** Epoch ms, of this machine. */
  readonly receivedAt: number;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** It came over TLS. */
  readonly isSecure: boolean;
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** One header, unfolded, lower-case name; null when absent. Throws when it is there twice. */
  header(name: string): string | null;
  /** The message as it came over the wire. */
  readonly raw: string;
  readonly parsed: ParsedMail;
}

export interface SmtpSink {
  readonly port: number;
  /** `smtp://127.0.0.1:port`. */
  readonly url: string;
  /** Taken messages, in order of arrival; a message that was answered with an error is not. */
  messages(): readonly SinkMail[];
  /** Every step that came up, with what it was answered (`ok`, a code, `drop`, `hang`). */
  steps(): readonly (SinkStep & { readonly answer: string })[];
  /** Resolves when `count` messages are there; rejects after `timeoutMs` (default 10 s). */
  waitFor(count: number, timeoutMs?: number): Promise<readonly SinkMail[]>;
  /** From here on. */
  setScript(script: SinkScript | null): void;
  /** Cuts open connections; the port is free afterwards. */
  close(): Promise<void>;
}

export interface SmtpSinkOptions {
  readonly script?: SinkScript;
  /** A fixed port, to come back where a sink was before. Default: any free one. */
  readonly port?: number;
  /** Offers STARTTLS, or speaks TLS from the first byte, with this certificate. Absent: plain. */
  readonly tls?: Certificate & { readonly mode: 'starttls' | 'implicit' };
  readonly maxBytes?: number;
}

type Done = (error?: Error | null) => void;

function smtpError(reply: { readonly code: number; readonly text: string }): Error {
  return Object.assign(new Error(reply.text), { responseCode: reply.code });
}

function headerOf(parsed: ParsedMail, name: string): string | null {
  const found = parsed.headerLines.filter(({ key }) => key === name);
  if (found.length > 1) throw new Error(`header ${name} is there ${found.length} times`);
  const line = found[0]?.line;
  if (line === undefined) return null;
  return line
    .slice(line.indexOf(':') + 1)
    .replace(/\r?\n(?=[ \t])/g, '')
    .trim();
}

function recordOf(
  order: number,
  raw: string,
  parsed: ParsedMail,
  session: SMTPServerSession,
): SinkMail {
  const { mailFrom, rcptTo } = session.envelope;
  return {
    order,
    receivedAt: Date.now(),
    envelope: {
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
    },
    isSecure: session.secure,
    messageId: parsed.messageId ?? '',
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: typeof parsed.html === 'string' ? parsed.html : '',
    header: (name) => headerOf(parsed, name),
    raw,
    parsed,
  };
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** What the sink knows: the script in force, the steps that came up, the messages it took. */
interface Ledger {
  script: SinkScript | null;
  readonly taken: SinkMail[];
  readonly steps: (SinkStep & { readonly answer: string })[];
  readonly numbers: Map<string, number>;
  readonly sockets: Set<Socket>;
  readonly waiting: Set<() => void>;
}

/** Notes the step and says what the script wants. */
function ask(
  ledger: Ledger,
  at: SinkStep['at'],
  session: SMTPServerSession,
  address: string | null,
): SinkReply | null {
  const connection = ledger.numbers.get(session.id) ?? ledger.numbers.size + 1;
  ledger.numbers.set(session.id, connection);
  const count = ledger.steps.filter((step) => step.at === at).length + 1;
  const step = { at, connection, count, address };
  const reply = ledger.script?.(step) ?? null;
  const answer = reply === null ? 'ok' : typeof reply === 'string' ? reply : String(reply.code);
  ledger.steps.push({ ...step, answer });
  return reply;
}

function answer(
  ledger: Ledger,
  reply: SinkReply | null,
  session: SMTPServerSession,
  done: Done,
): void {
  if (reply === 'hang') return;
  if (reply !== 'drop') {
    done(reply === null ? null : smtpError(reply));
    return;
  }
  for (const socket of ledger.sockets) {
    if (socket.remotePort === session.remotePort) socket.destroy();
  }
}

async function takeMessage(
  ledger: Ledger,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  done: Done,
): Promise<void> {
  const raw = await bytesOf(stream);
  if (stream.sizeExceeded) {
    done(smtpError({ code: 552, text: 'message too large' }));
    return;
  }
  const parsed = await simpleParser(raw);
  const reply = ask(ledger, 'data', session, null);
  if (reply === null || reply === 'drop') {
    ledger.taken.push(recordOf(ledger.taken.length + 1, raw, parsed, session));
    for (const wake of ledger.waiting) wake();
  }
  answer(ledger, reply, session, done);
}

function serverFor(ledger: Ledger, options: SmtpSinkOptions): SMTPServer {
  const scripted = (
    at: SinkStep['at'],
    text: string | null,
    session: SMTPServerSession,
    done: Done,
  ) => answer(ledger, ask(ledger, at, session, text), session, done);
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    logger: false,
    disableReverseLookup: true,
    secure: options.tls?.mode === 'implicit',
    ...(options.tls === undefined
      ? { disabledCommands: ['STARTTLS'] }
      : { key: options.tls.key, cert: options.tls.cert }),
    ...(options.maxBytes === undefined ? {} : { size: options.maxBytes }),
    closeTimeout: 100,
    onConnect: (session, done) => scripted('connect', null, session, done),
    onAuth: ({ username }, session, done) =>
      scripted('auth', username ?? null, session, (error) => {
        if (error) done(error);
        else done(null, { user: username ?? 'somebody' });
      }),
    onMailFrom: ({ address }, session, done) => scripted('mail', address, session, done),
    onRcptTo: ({ address }, session, done) => scripted('rcpt', address, session, done),
    onData: (stream, session, done) => {
      takeMessage(ledger, stream, session, done).catch((error: unknown) =>
        done(error instanceof Error ? error : new Error('the sink failed')),
      );
    },
  });
  // A sender that hangs up in the middle is an error to the server and everyday business here.
  server.on('error', () => undefined);
  server.server.on('connection', (socket) => {
    ledger.sockets.add(socket);
    socket.on('close', () => ledger.sockets.delete(socket));
  });
  return server;
}

function waitFor(ledger: Ledger, count: number, timeoutMs: number): Promise<readonly SinkMail[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      ledger.waiting.delete(look);
      reject(new Error(`${ledger.taken.length} of ${count} mails after ${timeoutMs} ms`));
    }, timeoutMs);
    function look(): void {
      if (ledger.taken.length < count) return;
      clearTimeout(timer);
      ledger.waiting.delete(look);
      resolve([...ledger.taken]);
    }
    ledger.waiting.add(look);
    look();
  });
}

/** Starts the sink on 127.0.0.1 and resolves once it listens. */
export async function startSmtpSink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const ledger: Ledger = {
    script: options.script ?? null,
    taken: [],
    steps: [],
    numbers: new Map(),
    sockets: new Set(),
    waiting: new Set(),
  };
  const server = serverFor(ledger, options);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.server.address() as AddressInfo; // listening on TCP, so it is one
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    messages: () => [...ledger.taken],
    steps: () => [...ledger.steps],
    waitFor: (count, timeoutMs = 10_000) => waitFor(ledger, count, timeoutMs),
    setScript: (script) => {
      ledger.script = script;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of ledger.sockets) socket.destroy();
      }),
  };
}
