/**
 * Headers worth keeping with an event: an allow-list. Restate journals every header it is given
 * and archives are read by people, so signatures, tokens and cookies stay out even when a provider
 * file lists them by mistake.
 */
const ALWAYS = ['content-type', 'user-agent'];
const NEVER = /signature|token|secret|cookie|authorization|api-?key|hmac|password|x-restate/;
const VALUE_CHARS_MAX = 1024;

/** Lower-case names; values cut at 1 KB, characters outside visible ASCII and space removed. */
export function keptHeaders(
  headers: { get(name: string): string | null },
  keepHeaders: readonly string[],
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of [...ALWAYS, ...keepHeaders]) {
    const lower = name.toLowerCase();
    if (NEVER.test(lower)) continue;
    const value = headers.get(lower);
    if (value !== null) kept[lower] = value.replace(/[^\x20-\x7e]/g, '').slice(0, VALUE_CHARS_MAX);
  }
  return kept;
}
