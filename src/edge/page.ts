/** One small page: no script, no outside resource, readable on a phone, in light and dark. */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';

const STYLE = `:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:17px/1.5 system-ui,sans-serif;
background:#f5f6f8;color:#1b1f24}
main{box-sizing:border-box;width:min(34rem,100%);padding:2rem 1.5rem}
h1{font-size:1.4rem;line-height:1.25;margin:0 0 .75rem}
p{margin:0 0 1rem;overflow-wrap:anywhere}
button{font:inherit;font-weight:600;padding:.75rem 1.25rem;border:0;border-radius:.5rem;
background:#1a5fb4;color:#fff;cursor:pointer}
button:focus-visible{outline:3px solid #62a0ea;outline-offset:2px}
small{color:#5c6570}
@media (prefers-color-scheme:dark){body{background:#16181d;color:#e8eaed}button{background:#3584e4}
small{color:#9aa3ad}}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  // The address of the page is a capability: it must not travel on in a Referer header.
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

export interface PageContent {
  readonly title: string;
  /** Plain text; escaped here. */
  readonly paragraphs: readonly string[];
  /** A form that posts to the page's own address. */
  readonly button?: string;
  readonly footnote?: string;
}

/** An HTML answer that no cache keeps and no search engine lists; all of `content` is escaped. */
export async function page(status: number, content: PageContent): Promise<Response> {
  const body = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<title>${content.title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${content.title}</h1>
${content.paragraphs.map((text) => html`<p>${text}</p>`)}
${content.button === undefined ? '' : html`<form method="post"><button type="submit">${content.button}</button></form>`}
${content.footnote === undefined ? '' : html`<p><small>${content.footnote}</small></p>`}
</main>
</body>
</html>`;
  return new Response(body.toString(), { status, headers: HEADERS });
}
