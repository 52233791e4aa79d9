/** What a value from a payload must be to become part of a fact. Refused values are null. */

/** Longest id kept. It is part of an object key and of log lines. */
const REF_LENGTH_MAX = 200;

// Control, format (bidirectional overrides, zero width) and surrogate characters, line separators:
// an id with them prints as another id, or breaks a log line in two.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Why an id from a payload cannot be a subject's ref or alias, or null when it can. Dot segments
 * are refused because no address can carry them: every URL parser drops `..`, percent-encoded too,
 * so such a subject could be neither shown nor held, and its link would lead to another.
 */
export function refProblem(ref: string): string | null {
  if (ref.length > REF_LENGTH_MAX) return `an id of more than ${REF_LENGTH_MAX} characters`;
  if (UNPRINTABLE.test(ref)) return 'an id with unprintable characters';
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(ref)) return 'an id with "." or ".." for one of its parts';
  return ref.trim() === ref ? null : 'an id that starts or ends with a space';
}

/**
 * Text for people on one line, cut to `lengthMax`. Line breaks and control characters become
 * spaces: a subject line made from it must not grow a header (CRLF injection).
 */
export function oneLine(text: string | null, lengthMax: number): string | null {
  if (text === null) return null;
  // Cut before cleaning: a megabyte of spaces must not cost a megabyte of work.
  const clean = text
    .slice(0, lengthMax * 4)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  if (clean === '') return null;
  return clean.length <= lengthMax ? clean : `${clean.slice(0, lengthMax - 1).trimEnd()}…`;
}

/**
 * One plain mailbox: an RFC 5321 dot-string before the `@`, a host name after it. Lists, names and
 * quoted parts are refused: `a@b.c,x@y.z` would mail a stranger. The mail layer checks once more.
 */
export function emailAddress(text: string | null): string | null {
  const address = text !== null && text.length <= 256 ? text.trim() : '';
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[\p{L}\p{N}\p{M}.-]{1,190}$/u.test(address)
    ? address
    : null;
}

/** An absolute address with one of the schemes; `javascript:` and user names in it are refused. */
export function webUrl(text: string | null, schemes: readonly string[]): string | null {
  if (text === null || text.length > 2048 || /\s/.test(text) || UNPRINTABLE.test(text)) return null;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return schemes.includes(url.protocol) && url.username === '' && url.password === '' ? text : null;
}

/** BCP 47 tag with hyphens (`de_DE` becomes `de-DE`); words such as `auto` are none. */
export function localeTag(text: string | null): string | null {
  if (text === null || !/^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/.test(text)) return null;
  return text.replaceAll('_', '-');
}

/** A text in the form of an IANA zone name; whether it exists is the calendar's to know. */
export function zoneName(text: string | null): string | null {
  return text !== null && /^[A-Za-z]+(?:\/[A-Za-z0-9_+-]{1,30}){0,2}$/.test(text) ? text : null;
}
