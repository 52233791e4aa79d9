/**
 * Hands mail to a server over SMTP, on Node and in workerd alike. One connection per mail: in a
 * Worker a socket belongs to the request that opened it, so a pool would hand out dead ones. On
 * loopback that costs 3.5 instead of 1.2 ms a mail (7.3 instead of 2.3 with TLS), on 2 cores.
 */
import { connect as connectPlain, isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import nodemailer, { type SMTPTransportOptions } from 'nodemailer';
import { checkAddress, checkMailbox } from './address.ts';
import type { MailMessage, MailTransport, SendOutcome } from './contract.ts';
import { oneLine } from './shown-text.ts';
import { parseSmtpUrl, type SmtpEndpoint } from './smtp-url.ts';

/** A message on its way through nodemailer, as its plugins see it. */
interface MailUnderWay {
  readonly message: { processFunc(watch: (bytes: Readable) => Readable): void };
}

/** The part of nodemailer that is used; a test may pass one with another certificate authority. */
interface MailSender {
  use(step: 'stream', plugin: (mail: MailUnderWay, done: () => void) => void): unknown;
  sendMail(mail: { readonly [field: string]: unknown }): Promise<{ readonly response: string }>;
}

export interface SmtpTransportOptions {
  /** `smtp://user:pass@host:587?tls=required`; see `parseSmtpUrl`. */
  readonly url: string;
  /** For the whole of one send, from the name lookup to the last reply. */
  readonly timeoutMs: number;
  readonly createTransport?: (options: SMTPTransportOptions) => MailSender;
}

const TEXT_MAX = 300;
const NOBODY_WAITS = 'given up: nobody waits for the outcome any more';
/** The server gets this long to close its side; after it the socket is destroyed. */
const CLOSE_MS = 500;

/**
 * Opens the socket by name, so that whoever runs us resolves it. nodemailer asks DNS servers
 * itself, which in workerd goes over the internet and knows neither `localhost` nor a private name.
 */
function openSocket(
  endpoint: SmtpEndpoint,
  timeoutMs: number,
): NonNullable<SMTPTransportOptions['getSocket']> {
  const { host, port, secure } = endpoint;
  return (options, done) => {
    const socket = secure
      ? connectTls({
          ...options.tls,
          host,
          port,
          ...(isIP(host) === 0 ? { servername: host } : {}),
        })
      : connectPlain({ host, port });
    const giveUp = setTimeout(() => socket.destroy(new Error('connection timeout')), timeoutMs);
    const failed = (error: Error) => {
      clearTimeout(giveUp);
      done(error);
    };
    socket.once('error', failed);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(giveUp);
      // nodemailer listens from here on; a socket without a listener would end the process.
      socket.off('error', failed).on('error', () => undefined);
      done(null, { connection: socket, secured: secure });
    });
  };
}

function connectionOptions(endpoint: SmtpEndpoint, timeoutMs: number): SMTPTransportOptions {
  return {
    host: endpoint.host,
    port: endpoint.port,
    secure: endpoint.secure,
    requireTLS: endpoint.startTls === 'required' && !endpoint.secure,
    ignoreTLS: endpoint.startTls === 'off',
    ...(endpoint.auth === null ? {} : { auth: { ...endpoint.auth } }),
    getSocket: openSocket(endpoint, timeoutMs),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: CLOSE_MS,
    // A text that reads like a path or a URL must stay a text.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** What nodemailer's errors carry besides a message. */
interface SmtpFailure {
  readonly code: string;
  readonly responseCode: number | null;
  readonly command: string;
  readonly message: string;
}

function failureOf(thrown: unknown): SmtpFailure {
  const error: Readonly<Record<string, unknown>> =
    typeof thrown === 'object' && thrown !== null ? { ...thrown } : {};
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: typeof error['code'] === 'string' ? error['code'] : 'EUNKNOWN',
    responseCode: typeof error['responseCode'] === 'number' ? error['responseCode'] : null,
    command: typeof error['command'] === 'string' ? error['command'] : '',
    message: oneLine(text, TEXT_MAX) ?? 'no message',
  };
}

// 530, 534, 535, 538: authentication (RFC 4954); 503: the session is out of step. All are about us.
const ABOUT_US = [503, 530, 534, 535, 538];
const MESSAGE_TOO_LARGE = 552;

/**
 * True when sending this mail again cannot help. A 5xx counts only where it is about the mail: an
 * answer to RCPT TO or to the message itself. A 5xx to the greeting, to EHLO, STARTTLS, AUTH or
 * MAIL FROM is about our server, password or sender; it is repaired by a person within the day,
 * and dropping every reminder of that day would be the larger damage.
 */
function isFinal({ code, responseCode, command }: SmtpFailure): boolean {
  if (responseCode === null) {
    // Refused by nodemailer before anything was sent: no valid recipient, or over the server's SIZE.
    return (
      (code === 'EENVELOPE' && command === 'API') ||
      (code === 'EMESSAGE' && command === 'MAIL FROM')
    );
  }
  if (responseCode < 500 || responseCode > 599 || ABOUT_US.includes(responseCode)) return false;
  if (command === 'MAIL FROM') return responseCode === MESSAGE_TOO_LARGE;
  return command === 'RCPT TO' || command === 'DATA';
}

function isRefusal({ responseCode }: SmtpFailure): boolean {
  return responseCode !== null && responseCode >= 400 && responseCode <= 599;
}

/**
 * What a failed send means. `givenUp`: why we did not wait for the end, null when it came by itself.
 * With the whole message handed over, anything but a 4xx or 5xx leaves open whether it was taken.
 */
function outcomeOf(failure: SmtpFailure, givenUp: string | null, isWhole: boolean): SendOutcome {
  const where = failure.command === '' || failure.command === 'API' ? '' : ` at ${failure.command}`;
  const error = givenUp ?? `${failure.code}${where}: ${failure.message}`;
  if (isWhole && !isRefusal(failure)) {
    return { kind: 'unknown', error: `no answer to the whole message: ${error}` };
  }
  return { kind: givenUp === null && isFinal(failure) ? 'refused' : 'retry', error };
}

/**
 * Says whether the server may have the whole message. nodemailer's errors do not tell a line cut
 * after the final dot from one cut before the message, so the end of the stream it reads from is
 * watched: it is read once DATA is answered with 354, and the dot follows its last byte. What then
 * waits in a buffer counts as given: to be wrong about it costs a person a look, not a second copy.
 */
function watchMessage(sender: MailSender): () => boolean {
  let isWhole = false;
  sender.use('stream', ({ message }, done) => {
    message.processFunc((bytes) => bytes.once('end', () => (isWhole = true)));
    done();
  });
  return () => isWhole;
}

function nodemailerFields(message: MailMessage, from: string): Record<string, unknown> {
  const { address, name } = message.to;
  return {
    from: message.from,
    ...(message.replyTo === null ? {} : { replyTo: message.replyTo }),
    to: name === null ? address : { name, address },
    // Said outright, so that no header can ever add a recipient.
    envelope: { from, to: [address] },
    subject: message.subject,
    text: message.text,
    html: message.html,
    messageId: message.messageId,
    headers: { ...message.headers },
  };
}

/**
 * A transport that never throws: 250 is `sent`, a final refusal of this mail is `refused`. Without
 * an answer to the whole message nobody knows whether it was taken: that is `unknown`, and all else
 * (4xx, no connection, no name, wrong password, time over before the end of the message) `retry`.
 * Throws at once, when it is made, on a URL `parseSmtpUrl` refuses.
 */
export function smtpTransport({
  url,
  timeoutMs,
  createTransport = (options) => nodemailer.createTransport(options),
}: SmtpTransportOptions): MailTransport {
  const endpoint = parseSmtpUrl(url);
  if (!endpoint.ok) throw new Error(`SMTP_URL: ${endpoint.failure.detail}`);
  const options = connectionOptions(endpoint.value, timeoutMs);
  return {
    async send(message, cut) {
      const to = checkAddress(message.to.address);
      if (!to.ok) return { kind: 'refused', error: to.failure.detail };
      const from = checkMailbox(message.from);
      if (!from.ok) return { kind: 'refused', error: `from: ${from.failure.detail}` };
      if (cut?.aborted) return { kind: 'retry', error: NOBODY_WAITS };
      // One clock over all phases: a server that drips a byte a second outlives every idle timeout.
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(new Error('deadline')), timeoutMs);
      const sender = createTransport(options);
      const isWhole = watchMessage(sender);
      try {
        const fields = nodemailerFields(message, from.value.address);
        const signal = AbortSignal.any([deadline.signal, ...(cut === undefined ? [] : [cut])]);
        const { response } = await sender.sendMail({ ...fields, signal });
        return { kind: 'sent', response: oneLine(response, TEXT_MAX) ?? '250' };
      } catch (thrown) {
        const timeOver = deadline.signal.aborted ? `no final answer within ${timeoutMs} ms` : null;
        const givenUp = cut?.aborted ? NOBODY_WAITS : timeOver;
        return outcomeOf(failureOf(thrown), givenUp, isWhole());
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
