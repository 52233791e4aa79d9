/** The headers of our mails besides From, To, Subject and Message-ID. Values are ASCII, one line. */
import type { Link } from './letter.ts';
import { isLoopback } from './smtp-url.ts';

const ID_MAX = 250;

/** Ids of providers are ASCII by rule; what is not is percent-encoded so that search still finds it. */
function asciiId(id: string): string {
  return (
    id
      .slice(0, ID_MAX)
      .toWellFormed()
      .replace(/[^\x21-\x7e]/gu, encodeURIComponent)
      // No encoded words (RFC 2047): a reader would decode them.
      .replaceAll('=?', '=%3F')
      .slice(0, ID_MAX)
  );
}

/** RFC 3834 `Auto-Submitted` keeps out-of-office programs from answering; Exchange wants its own. */
export function standardHeaders(subjects: readonly string[], step: string): Record<string, string> {
  return {
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    'X-Hookline-Subject': subjects.map(asciiId).join(' ') || 'none',
    'X-Hookline-Step': asciiId(step) || 'none',
  };
}

/** All mails of a thread refer to one root, so that no mail needs to know the one before it. */
export function threadHeaders(threadId: string): Record<string, string> {
  return { References: threadId, 'In-Reply-To': threadId };
}

/**
 * RFC 8058: mail programs show an unsubscribe button that posts without a question. The standard
 * wants https, so that nobody on the way can read or forge the post; on loopback there is no way,
 * and people trying Hookline should see what their customers will get. Elsewhere on plain http only
 * the link of RFC 2369 is announced.
 */
export function unsubscribeHeaders(link: Link | null): Record<string, string> {
  if (link === null) return {};
  // A `>` or a comma would end the entry or start a second one.
  const href = link.href.replace(/[<>,\s]/g, encodeURIComponent);
  const announced = { 'List-Unsubscribe': `<${href}>` };
  const { protocol, hostname } = new URL(href);
  const isSafe = protocol === 'https:' || isLoopback(hostname);
  return isSafe
    ? { ...announced, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
    : announced;
}
