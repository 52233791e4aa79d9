/** Times as others write and count them, which of them can be meant, and how ours are written. */

const PLAUSIBLE_FROM_MS = Date.UTC(2000, 0, 1);
const PLAUSIBLE_UNTIL_MS = Date.UTC(2200, 0, 1);

/**
 * A provider's time in epoch ms if it can be meant: in this millennium, before 2200. Null for any
 * other: a zero, a count in another unit or the last second a `Date` can hold is no due date, and
 * the calendar cannot add days to it. Without a time a failure is followed up; with such a one it
 * would be set aside, or wait for thirty thousand years.
 */
export function plausibleMs(ms: number | null): number | null {
  return ms !== null && ms >= PLAUSIBLE_FROM_MS && ms < PLAUSIBLE_UNTIL_MS ? ms : null;
}

const ISO_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * An ISO 8601 time as epoch ms. Read by hand because `Date.parse` guesses, guesses differently per
 * engine, and takes 31 February for 3 March. Null without an offset in the text or in `offset`
 * (`+07:00`): the zone is not known.
 */
export function isoMs(text: string, offset: string | null = null): number | null {
  const parts = ISO_TIME.exec(text);
  if (parts === null) return null;
  const zone = offsetMs(parts[8] ?? offset);
  if (zone === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const ms = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const isCalendarDay = new Date(utc).getUTCDate() === day && month >= 1 && month <= 12;
  return isCalendarDay && hour < 24 && minute < 60 && second < 60 ? utc - zone : null;
}

function offsetMs(offset: string | null): number | null {
  if (offset === null) return null;
  if (offset === 'Z') return 0;
  const parts = /^([+-])([01]\d|2[0-3]):?([0-5]\d)$/.exec(offset);
  if (parts === null) return null;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return (parts[1] === '-' ? -minutes : minutes) * 60_000;
}

/** A time for people reading a timeline. ISO, to the minute. */
export function clockText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
