/**
 * A letter before it is text or HTML. Our own words and the values put into them stay apart until
 * the end, so that each part can be escaped and isolated by what it is, and none can be forgotten.
 */

/** A web address fit to be clicked: parsed, no credentials in it. */
export interface Link {
  readonly href: string;
  readonly host: string;
}

export type Piece =
  | string
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'link'; readonly link: Link };
export type Phrase = readonly Piece[];

export type Block =
  | { readonly kind: 'paragraph'; readonly phrase: Phrase }
  | { readonly kind: 'small'; readonly phrase: Phrase }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [label: string, value: Phrase])[] }
  /** A button in HTML; label and address on lines of their own in text. */
  | { readonly kind: 'button'; readonly label: Phrase; readonly link: Link }
  | { readonly kind: 'item'; readonly title: Phrase; readonly lines: readonly Phrase[] };

export interface Letter {
  readonly subject: Phrase;
  readonly blocks: readonly Block[];
}

const LINK_MAX = 2000;

/** Tags a sentence: literals are our words, substitutions are values (or phrases made by `say`). */
export function say(words: TemplateStringsArray, ...values: readonly (string | Phrase)[]): Phrase {
  const pieces: Piece[] = [];
  words.forEach((literal, index) => {
    if (literal !== '') pieces.push(literal);
    const value = values[index];
    if (value === undefined) return;
    if (typeof value === 'string') pieces.push({ kind: 'value', text: value });
    else pieces.push(...value);
  });
  return pieces;
}

/** A block of running text. */
export function paragraph(phrase: Phrase): Block {
  return { kind: 'paragraph', phrase };
}

function linkOf(address: string | null, protocols: readonly string[]): Link | null {
  if (address === null || address.length > LINK_MAX || !URL.canParse(address)) return null;
  const url = new URL(address);
  if (!protocols.includes(url.protocol) || url.hostname === '') return null;
  // `https://stripe.com@evil.example/` shows a host it does not go to.
  if (url.username !== '' || url.password !== '') return null;
  return url.href.length > LINK_MAX ? null : { href: url.href, host: url.host };
}

/** A link out of a payload: https only. It is shown with its host and never fetched by us. */
export function payloadLink(address: string | null): Link | null {
  return linkOf(address, ['https:']);
}

/** A link we minted; http is for the embedded gateway on this machine. */
export function ownLink(address: string | null): Link | null {
  return linkOf(address, ['https:', 'http:']);
}
