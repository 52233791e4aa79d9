/**
 * Strict routing to a source. The path is decoded exactly once and the whole rest of it must be
 * the name: `//`, `%2f`, `%252f`, a trailing slash or dot and upper case find nothing, so that no
 * spelling ever reaches another source's secret (CVE-2026-47676, CVE-2026-29087, CVE-2026-39406).
 */
const PREFIX = '/webhooks/';

/** The decoded name after `/webhooks/`, or null. It is still to be looked up, exactly. */
export function sourceNameOf(url: string): string | null {
  const path = pathnameOf(url);
  if (!path.startsWith(PREFIX)) return null;
  const rest = path.slice(PREFIX.length);
  if (rest === '' || rest.includes('/')) return null;
  return decodeOnce(rest);
}

/** The path of an absolute URL as it was sent (percent-encoding kept). */
export function pathnameOf(url: string): string {
  return new URL(url).pathname;
}

/** Null when the percent-encoding is broken or is not UTF-8. */
export function decodeOnce(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
