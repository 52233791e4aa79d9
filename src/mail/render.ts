/** From a letter to its text part and its HTML part. Everything shown is escaped here, once. */
import type { Block, Letter, Link, Phrase, Piece } from './letter.ts';
import { escapeHtml, isolate, oneLine, SUBJECT_MAX } from './shown-text.ts';

function pieceText(piece: Piece): string {
  if (typeof piece === 'string') return piece;
  return piece.kind === 'value' ? isolate(piece.text) : piece.link.href;
}

function phraseText(phrase: Phrase): string {
  return phrase.map(pieceText).join('');
}

/** Without the marks of isolation: a subject line is one line, and some programs show the marks. */
export function subjectText(phrase: Phrase): string {
  const text = phrase
    .map((piece) => {
      if (typeof piece === 'string') return piece;
      return piece.kind === 'value' ? piece.text : piece.link.href;
    })
    .join('');
  return oneLine(text, SUBJECT_MAX) ?? '(no subject)';
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
    case 'small':
      return phraseText(block.phrase);
    case 'facts':
      return block.rows.map(([label, value]) => `${label}: ${phraseText(value)}`).join('\n');
    case 'button':
      return `${phraseText(block.label)}:\n${block.link.href}`;
    case 'item':
      return [
        `* ${phraseText(block.title)}`,
        ...block.lines.map((line) => `  ${phraseText(line)}`),
      ].join('\n');
  }
}

/** The text part. What is small stands below the signature line of RFC 3676 section 4.3. */
export function letterText(letter: Letter): string {
  const parts: string[] = [];
  let footer = false;
  for (const block of letter.blocks) {
    // `-- ` on its own line: mail programs fold what follows and do not quote it in replies.
    if (block.kind === 'small' && !footer) {
      parts.push(`-- \n${blockText(block)}`);
      footer = true;
    } else {
      parts.push(blockText(block));
    }
  }
  return `${parts.join('\n\n')}\n`;
}

const LINK_STYLE = 'word-break:break-all';
const BUTTON_STYLE =
  'display:inline-block;padding:10px 18px;border-radius:6px;background:#1a56db;color:#ffffff;text-decoration:none;font-weight:bold';
const SMALL_STYLE = 'margin:0 0 12px;font-size:13px;color:#6b7280';

function anchor(link: Link, text: string, style: string): string {
  return `<a href="${escapeHtml(link.href)}" style="${style}">${text}</a>`;
}

function pieceHtml(piece: Piece): string {
  if (typeof piece === 'string') return escapeHtml(piece).replaceAll('\n', '<br>');
  if (piece.kind === 'value') return `<bdi>${escapeHtml(piece.text)}</bdi>`;
  return anchor(piece.link, escapeHtml(piece.link.href), LINK_STYLE);
}

function phraseHtml(phrase: Phrase): string {
  return phrase.map(pieceHtml).join('');
}

function rowHtml([label, value]: readonly [string, Phrase]): string {
  const name = `<td style="padding:2px 14px 2px 0;color:#6b7280;vertical-align:top">${escapeHtml(label)}</td>`;
  return `<tr>${name}<td style="padding:2px 0">${phraseHtml(value)}</td></tr>`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p style="margin:0 0 16px">${phraseHtml(block.phrase)}</p>`;
    case 'small':
      return `<p style="${SMALL_STYLE}">${phraseHtml(block.phrase)}</p>`;
    case 'facts':
      return `<table role="presentation" style="margin:0 0 16px;border-collapse:collapse">${block.rows
        .map(rowHtml)
        .join('')}</table>`;
    case 'button': {
      const button = anchor(block.link, phraseHtml(block.label), BUTTON_STYLE);
      const address = anchor(block.link, escapeHtml(block.link.href), LINK_STYLE);
      return `<p style="margin:0 0 6px">${button}</p>\n<p style="${SMALL_STYLE}">${address}</p>`;
    }
    case 'item': {
      const lines = [`<b>${phraseHtml(block.title)}</b>`, ...block.lines.map(phraseHtml)];
      return `<p style="margin:0 0 14px">${lines.join('<br>')}</p>`;
    }
  }
}

/**
 * One column, inline styles, no image and nothing loaded from anywhere: opening the mail tells
 * nobody. Colours of text and page are left to the reader's program, so dark mode stays readable.
 */
export function letterHtml(letter: Letter): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subjectText(letter.subject))}</title>
</head>
<body style="margin:0;padding:24px 16px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto">
${letter.blocks.map(blockHtml).join('\n')}
</div>
</body>
</html>
`;
}
