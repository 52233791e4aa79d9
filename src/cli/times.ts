/** Times as a person types and reads them: spans, dates, local time. */
import { isoMs } from '../core/written-time.ts';
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

/** A day, with or without the time of that day: no zone, so the one of this machine is meant. */
const LOCAL = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?$/;
/** Years have four digits in what we send and print. */
const YEAR_10000_MS = Date.UTC(10_000, 0, 1);

/**
 * The instant a person means by `3d` (from `nowMs`), `2026-12-01` (the start of that day here),
 * `2026-12-01T09:00` (here) or an ISO instant with its zone. Epoch ms. Refuses days that do not
 * exist, and everything else that `Date.parse` would make something of.
 */
export function instantOf(text: string, nowMs: number): number {
  const span = spanMs(text);
  const ms = span === null ? writtenMs(text) : nowMs + span;
  if (ms !== null && ms >= 0 && ms < YEAR_10000_MS) return ms;
  throw new Misuse(
    `"${text}" is no time. Type a span (3d, 12h), a date (2026-12-01) or an instant ` +
      '(2026-12-01T09:00Z).',
  );
}

function writtenMs(text: string): number | null {
  const [, day, time = '00:00'] = LOCAL.exec(text) ?? [];
  if (day === undefined) return isoMs(text);
  return isoMs(`${day}T${time}`, 'Z') === null ? null : new Date(`${day}T${time}`).getTime();
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
