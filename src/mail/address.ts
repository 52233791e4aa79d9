/** Mail addresses: one, or none. Refuses whatever could be read as a list, a header or a route. */
import { fail, ok, type Result } from '../core/result.ts';
import { oneLine, personName } from './shown-text.ts';

export interface BadAddress {
  readonly reason: 'bad_address';
  /** For the timeline: what is wrong, with at most 60 characters of the address. */
  readonly detail: string;
}

export interface Mailbox {
  readonly address: string;
  readonly name: string | null;
}

const ADDRESS_MAX = 254;
const LOCAL_MAX = 64;
// RFC 5321 Dot-string. A quoted local part (`"a b"@x`) is legal and refused: parsers disagree about
// it, and that disagreement is how nodemailer before 7.0.7 mailed a domain the caller never named.
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const INTERNATIONAL_DOMAIN = /^[\p{L}\p{N}\p{M}.-]+$/u;

function bad(why: string, text: string): Result<never, BadAddress> {
  return fail({ reason: 'bad_address', detail: `${why}: ${oneLine(text, 60) ?? '(empty)'}` });
}

/**
 * The domain in ASCII, or null. Letters of other scripts become `xn--…`, so that a look-alike of a
 * known domain goes to the domain it really is, and shows itself on the timeline.
 */
function asciiDomain(domain: string): string | null {
  let ascii = domain;
  if (/[^\0-\x7f]/.test(domain)) {
    if (!INTERNATIONAL_DOMAIN.test(domain) || !URL.canParse(`http://${domain}/`)) return null;
    ascii = new URL(`http://${domain}/`).hostname;
  }
  const labels = ascii.split('.');
  if (!labels.every((label) => LABEL.test(label))) return null;
  // `root@intranet` from a payload would be a host of ours; an address of digits is no name.
  if (labels.length < 2 && ascii.toLowerCase() !== 'localhost') return null;
  return /^\d+$/.test(labels.at(-1) ?? '') ? null : ascii;
}

/**
 * Exactly one address, or why not. Refuses control characters, lists, quoted local parts, address
 * literals, a local part outside ASCII (it would need SMTPUTF8 on every hop) and what is too long.
 */
export function checkAddress(text: string): Result<string, BadAddress> {
  if (text.length > ADDRESS_MAX) return bad(`longer than ${ADDRESS_MAX} characters`, text);
  if (/\p{Cc}/u.test(text)) return bad('control characters', text);
  const address = text.trim();
  if (address === '') return bad('no address', text);
  const parts = address.split('@');
  const [local, domain] = parts;
  if (parts.length !== 2 || local === undefined || domain === undefined) {
    return bad('not exactly one @', text);
  }
  if (local.length > LOCAL_MAX || !LOCAL.test(local)) return bad('local part not supported', text);
  const ascii = asciiDomain(domain);
  if (ascii === null) return bad('domain not valid', text);
  const whole = `${local}@${ascii}`;
  return whole.length > ADDRESS_MAX
    ? bad(`longer than ${ADDRESS_MAX} characters`, text)
    : ok(whole);
}

/** `ada@example.com` or `Ada <ada@example.com>`, as the config writes a sender. */
export function checkMailbox(text: string): Result<Mailbox, BadAddress> {
  const match = /^([^<>]{0,200})<([^<>]+)>\s*$/.exec(text);
  const address = checkAddress(match?.[2] ?? text);
  if (!address.ok) return address;
  const name = match?.[1]?.replace(/^\s*"|"\s*$/g, '') ?? null;
  return ok({ address: address.value, name: personName(name) });
}

/** A mailbox as one header value that reads back as exactly this mailbox. */
export function mailboxText(mailbox: Mailbox): string {
  if (mailbox.name === null) return mailbox.address;
  return `"${mailbox.name.replace(/["\\]/g, '')}" <${mailbox.address}>`;
}
