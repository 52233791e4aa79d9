/** Times as a person types and reads them: spans, dates, local time. */
import { Misuse } from './command.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `-10m`, `36h`, `3d` in milliseconds; null when the text is no span. */
export function spanMs(text: string): number | null {
  const match = /^([+-]?)(\d+(?:\.\d+)?)([smhdw])$/.exec(text.trim());
  const [, sign, count, unit] = match ?? [];
  const factor = UNIT_MS[unit ?? ''];
  if (count === undefined || factor === undefined) return null;
  return (sign === '-' ? -1 : 1) * Number(count) * factor;
}

/**
 * The instant a person means by `3d` (from `nowMs`), `2026-12-01` (the start of that day here) or
 * a full ISO instant. Epoch ms.
 */
export function instantOf(text: string, nowMs: number): number {
  const span = spanMs(text);
  if (span !== null) return nowMs + span;
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  // A bare date would be read as UTC; the person means their own day. Date rolls 02-31 over, so
  // what comes out must say the same day again.
  const ms = day === null ? Date.parse(text) : Date.parse(`${text}T00:00:00`);
  if (Number.isNaN(ms) || (day !== null && new Date(ms).getDate() !== Number(day[3]))) {
    throw new Misuse(
      `"${text}" is no time. Type a span (3d, 12h), a date (2026-12-01) or an instant.`,
    );
  }
  return ms;
}

/** `2026-12-01 09:00`, in the zone of this machine. */
export function localTime(atMs: number | null | undefined): string {
  if (typeof atMs !== 'number' || !Number.isFinite(atMs)) return '-';
  const date = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`
  );
}

/** The name of this machine's zone. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
