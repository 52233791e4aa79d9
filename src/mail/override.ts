/** Texts of the config in place of ours: `{placeholders}`, no markup, no code. */
import type { TemplateOverride } from '../config.ts';
import {
  type Block,
  type Letter,
  type Link,
  type Phrase,
  type Piece,
  paragraph,
} from './letter.ts';
import type { Shown } from './shown.ts';

// Each name with what it becomes and, where that is not known, the words that stand in.
const PLACEHOLDERS: Readonly<Record<string, (shown: Shown) => Piece>> = {
  customer: (shown) => value(shown.greeted ?? shown.customer, 'customer'),
  amount: (shown) => value(shown.amount, 'the open amount'),
  number: (shown) => value(shown.number, '(without number)'),
  due: (shown) => value(shown.due, '(no due date)'),
  since: (shown) => value(shown.since, '(unknown)'),
  reason: (shown) => value(shown.reason, '(no reason given)'),
  title: (shown) => value(shown.title, '(no title)'),
  team: (shown) => value(shown.business, ''),
  business: (shown) => value(shown.business, ''),
  subject: (shown) => value(shown.subject, ''),
  payUrl: (shown) => link(shown.payLink),
  subjectUrl: (shown) => link(shown.subjectLink),
  acknowledgeUrl: (shown) => link(shown.acknowledgeLink),
  unsubscribeUrl: (shown) => link(shown.unsubscribeLink),
};
/** What a text of the config may name in braces. */
export const PLACEHOLDER_NAMES: readonly string[] = Object.keys(PLACEHOLDERS);
const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9_]*)\}/g;

function value(text: string | null, otherwise: string): Piece {
  return text === null ? otherwise : { kind: 'value', text };
}

function link(known: Link | null): Piece {
  return known === null ? '(no link)' : { kind: 'link', link: known };
}

function pieceFor(name: string): ((shown: Shown) => Piece) | undefined {
  return Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
}

/** The placeholders in a text that mean nothing, as written, each once. For the check of the config. */
export function checkOverride(text: string): string[] {
  const unknown = [...text.matchAll(PLACEHOLDER)]
    .filter((match) => pieceFor(match[1] ?? '') === undefined)
    .map((match) => match[0]);
  return [...new Set(unknown)];
}

/** One pass: a value that itself reads `{payUrl}` stays what it is. Unknown names stay visible. */
function fill(text: string, shown: Shown): Phrase {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const piece = pieceFor(match[1] ?? '');
    if (piece === undefined) continue;
    pieces.push(text.slice(from, match.index), piece(shown));
    from = match.index + match[0].length;
  }
  pieces.push(text.slice(from));
  return pieces.filter((piece) => piece !== '');
}

/**
 * The letter with the config's subject or text in it. A text replaces every block of ours; an
 * empty line starts a paragraph. `tail`: what the mail must keep whatever the text says.
 */
export function withOverride(
  letter: Letter,
  override: TemplateOverride | null,
  shown: Shown,
  tail: readonly Block[],
): Letter {
  if (override === null) return letter;
  const subject = override.subject === undefined ? letter.subject : fill(override.subject, shown);
  if (override.text === undefined) return { ...letter, subject };
  const paragraphs = override.text
    .replaceAll('\r\n', '\n')
    .trim()
    .split(/\n{2,}/)
    .map((text) => paragraph(fill(text, shown)));
  return { subject, blocks: [...paragraphs, ...tail] };
}

/** True when the override's text itself carries this placeholder. */
export function mentions(override: TemplateOverride | null, name: string): boolean {
  return override?.text?.includes(`{${name}}`) ?? false;
}
