/** `SMTP_URL`: where mail is handed over, and how much of TLS is insisted on. */
import { fail, ok, type Result } from '../core/result.ts';

export interface SmtpEndpoint {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps://`). */
  readonly secure: boolean;
  /**
   * `required`: no mail without STARTTLS. `opportunistic`: STARTTLS where it is offered. `off`:
   * never. A certificate that is used at all is always checked.
   */
  readonly startTls: 'required' | 'opportunistic' | 'off';
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

export interface BadSmtpUrl {
  readonly reason: 'bad_smtp_url';
  /** What is wrong and what would be right; never holds the password. */
  readonly detail: string;
}

const TLS_WORDS: Readonly<Record<string, SmtpEndpoint['startTls']>> = {
  required: 'required',
  opportunistic: 'opportunistic',
  off: 'off',
};

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** A host as a URL holds it: `localhost`, `127.0.0.1`, `[::1]`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}

/**
 * What is asked for when the URL does not say: on loopback nothing (there is no wire to tap, and
 * mail catchers offer STARTTLS with a certificate nobody signed); with a password TLS is required,
 * or an attacker who strips STARTTLS from the greeting (RFC 3207, section 6) reads it.
 */
function defaultTls(host: string, hasPassword: boolean): SmtpEndpoint['startTls'] {
  if (isLoopback(host)) return 'off';
  return hasPassword ? 'required' : 'opportunistic';
}

/**
 * Reads `smtp://user:pass@host:587?tls=required` or `smtps://…`. Ports: 587 and 465. `tls` is
 * `required`, `opportunistic` or `off`. Refuses other schemes, unknown parameters (a misspelt
 * `tls` would quietly weaken the connection) and passwords that are not percent-encoded.
 */
export function parseSmtpUrl(text: string): Result<SmtpEndpoint, BadSmtpUrl> {
  const bad = (detail: string) => fail({ reason: 'bad_smtp_url', detail } as const);
  if (!URL.canParse(text)) return bad('not a URL; write smtp://user:password@host:587');
  const url = new URL(text);
  const secure = url.protocol === 'smtps:';
  if (!secure && url.protocol !== 'smtp:') {
    return bad(`scheme ${url.protocol} is not smtp: or smtps:`);
  }
  if (url.hostname === '') return bad('no host; write smtp://host:587');
  if (url.pathname !== '' && url.pathname !== '/') {
    return bad('a path after the host means nothing; escape / in a password as %2F');
  }
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'tls');
  if (unknown !== undefined) return bad(`unknown parameter ${unknown}; only tls is known`);
  const word = url.searchParams.get('tls');
  const startTls =
    word === null ? null : Object.hasOwn(TLS_WORDS, word) ? TLS_WORDS[word] : undefined;
  if (startTls === undefined) return bad('tls must be required, opportunistic or off');
  const user = decoded(url.username);
  const pass = decoded(url.password);
  if (user === null || pass === null) return bad('user or password is not percent-encoded');
  const hasPassword = url.password !== '';
  return ok({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    startTls: startTls ?? defaultTls(url.hostname, hasPassword),
    auth: user === '' ? null : { user, pass },
  });
}

/**
 * Does mail handed over there stay on this machine, as far as we can know? Null is the embedded
 * catcher. A URL that cannot be read is reported where mail is set up.
 */
export function mailStaysHere(smtpUrl: string | null): boolean {
  if (smtpUrl === null) return true;
  const endpoint = parseSmtpUrl(smtpUrl);
  return endpoint.ok && isLoopback(endpoint.value.host);
}
