/**
 * Text that came from a payload, made safe to show. Every string a provider or a customer chose
 * passes here before it reaches a subject line, a name or a paragraph; what is our own does not.
 */

/** A subject line longer than this is cut. Mail programs show about 60 characters of it. */
export const SUBJECT_MAX = 200;
export const NAME_MAX = 100;
export const FIELD_MAX = 500;

// `\p{Cc}` holds CR, LF and NUL: header injection. The two separators break lines in some readers.
const LINE_BREAKERS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
// Bidi controls reverse what follows (`gpj.exe`); the rest are invisible and hide words from filters.
const INVISIBLE = /[\p{Bidi_Control}\u{AD}\u{200B}\u{2060}\u{FEFF}]/gu;
const RIGHT_TO_LEFT =
  /[\u{590}-\u{8FF}\u{FB1D}-\u{FDFF}\u{FE70}-\u{FEFC}\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
const WEB_ADDRESS = /\b[a-z][a-z0-9+.-]{1,20}:\/\/\S*|\bwww\.\S+/gi;

/** Cuts to at most `max` UTF-16 units with an ellipsis, never through a surrogate pair. */
function cap(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return `${splitsPair ? cut.slice(0, -1) : cut}…`;
}

/**
 * One line of at most `max` UTF-16 units: controls become a space, bidi and invisible characters
 * go, runs of space collapse, encoded words are broken. Null when nothing is left. The input is bounded before any pattern
 * runs over it, so a megabyte costs no more than a page.
 */
export function oneLine(text: string | null, max: number): string | null {
  if (text === null) return null;
  const clean = text
    .slice(0, max * 8)
    .toWellFormed()
    .replace(LINE_BREAKERS, ' ')
    .replace(INVISIBLE, '')
    .replace(/\s+/gu, ' ')
    // `=?utf-8?Q?=0D=0ABcc…?=` is plain ASCII to us and a line break to the reader (RFC 2047).
    .replaceAll('=?', '= ?')
    .trim();
  return clean === '' ? null : cap(clean, max);
}

/**
 * `oneLine` without web addresses: a customer may call themselves `Win at https://evil.example`,
 * give a stranger's mailbox, and let our reminder carry the advertisement (name-field spam).
 */
export function untrustedLine(text: string | null, max: number): string | null {
  const line = oneLine(text, max);
  return line === null ? null : oneLine(line.replace(WEB_ADDRESS, '[link removed]'), max);
}

/** A person's name, or null when it poses as an address (`boss@bank.example <…>`) or is empty. */
export function personName(text: string | null): string | null {
  const name = untrustedLine(text, NAME_MAX);
  return name === null || /[@<>]/u.test(name) ? null : name;
}

/**
 * Keeps right-to-left text from reordering its surroundings in the text part (FIRST STRONG
 * ISOLATE … POP); text without such letters is returned as it is.
 */
export function isolate(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For element content and double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
