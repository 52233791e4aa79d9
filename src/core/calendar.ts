/**
 * When a person may be written to. One question, one answer: the earliest instant, not before the
 * one asked about, at which the recipient's zone shows no quiet hours, a business day and no
 * holiday. Because the answer is the least element of a fixed set of instants, it is never early,
 * asking twice changes nothing, and a later question never has an earlier answer.
 */
import { Temporal } from 'temporal-polyfill';
import type { Calendar } from './ladder.ts';

/** Why a step moved, in the order the rules are named wherever they are shown. */
export const SHIFT_REASONS = ['quiet_hours', 'business_day', 'holiday'] as const;
export type ShiftReason = (typeof SHIFT_REASONS)[number];

export interface Allowed {
  /** Epoch ms. */
  readonly at: number;
  readonly shiftedBy: readonly ShiftReason[];
}

/** A calendar that stays closed for longer than this is broken; see `nextAllowed`. */
export const CLOSED_DAYS_MAX = 366;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A closed day takes a hop to its end, one out of its quiet hours and, rarely, one over DST. */
const HOPS_MAX = 4 * CLOSED_DAYS_MAX;

/**
 * The earliest instant at or after `at` (epoch ms) at which `calendar` allows sending in `zone`.
 *
 * Quiet hours are half open: 20:00 is quiet and 08:00 is not. Local time that a clock change skips
 * is never waited for, and local time that comes twice is judged twice. A calendar without business
 * days, or whose holidays close it for more than `CLOSED_DAYS_MAX` days in a row, would hold a
 * follow-up for ever: its business days and holidays are then ignored and only its quiet hours
 * count (the config refuses such a calendar before it gets here).
 *
 * Throws on a zone `isValidZone` refuses, on times that are not `HH:MM`, and on an `at` outside the
 * range of dates: each is a bug of the caller.
 */
export function nextAllowed(input: {
  readonly at: number;
  readonly zone: string;
  readonly calendar: Calendar;
}): Allowed {
  const { zone } = input;
  const rules = rulesOf(input.calendar);
  const reasons = new Set<ShiftReason>();
  let at = input.at;
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const offsetMs = offsetAt(at, zone);
    const closed = closedAt(at + offsetMs, rules);
    if (closed === null) {
      return { at, shiftedBy: SHIFT_REASONS.filter((reason) => reasons.has(reason)) };
    }
    reasons.add(closed.reason);
    at = skipTo(closed.untilLocalMs - offsetMs, { from: at, offsetMs, zone });
  }
  throw new Error(`calendar did not open in ${HOPS_MAX} hops from ${input.at} in ${zone}`);
}

/**
 * True for an IANA zone name in its usual spelling (`Europe/Berlin`, `UTC`). Refuses fixed offsets
 * (`+02:00` knows no summer time) and other spellings (`europe/berlin`): payloads choose these
 * names, and one spelling per zone keeps every cache of zones small.
 */
export function isValidZone(zone: string): boolean {
  const known = knownZones.get(zone);
  if (known !== undefined) return known;
  const valid = ZONE_NAME.test(zone) && zoneIdOf(zone) === zone;
  // Names come from payloads: without a bound a sender could grow this for ever.
  if (knownZones.size >= KNOWN_ZONES_MAX) knownZones.clear();
  knownZones.set(zone, valid);
  return valid;
}

const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/;
const KNOWN_ZONES_MAX = 1000;
const knownZones = new Map<string, boolean>();

function zoneIdOf(zone: string): string | null {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
  } catch {
    return null;
  }
}

/**
 * Milliseconds that local time is ahead of UTC. A scaled clock may ask about parts of a ms.
 *
 * Remembered by zone and UTC day: facts ask about the same few weeks over and over; Temporal takes
 * microseconds and the sum around it nanoseconds. A day that begins and ends with the same offset
 * had it throughout (see `skipTo`); on the others Temporal is asked each time.
 */
function offsetAt(at: number, zone: string): number {
  return steadyOffsetMs(at, zone) ?? offsetFromTemporal(at, zone);
}

/**
 * Milliseconds that local time is ahead of UTC throughout the UTC day that `at` (epoch ms) lies in;
 * null where the clock changes within it. Throws on a zone `isValidZone` refuses.
 */
export function steadyOffsetMs(at: number, zone: string): number | null {
  const day = Math.floor(at / DAY_MS);
  const known = offsetsByZone.get(zone)?.get(day);
  return known === undefined ? remember(zone, day, offsetOfDay(day, zone)) : known;
}

/** About 2 MB; payloads choose zones and dates, so there has to be an end. */
const REMEMBERED_DAYS_MAX = 20_000;
const offsetsByZone = new Map<string, Map<number, number | null>>();
let rememberedDays = 0;

function remember(zone: string, day: number, offsetMs: number | null): number | null {
  if (rememberedDays >= REMEMBERED_DAYS_MAX) {
    offsetsByZone.clear();
    rememberedDays = 0;
  }
  const days = offsetsByZone.get(zone) ?? new Map<number, number | null>();
  offsetsByZone.set(zone, days.set(day, offsetMs));
  rememberedDays += 1;
  return offsetMs;
}

/** The offset all through a UTC day, or null where it changes. */
function offsetOfDay(day: number, zone: string): number | null {
  const first = offsetFromTemporal(day * DAY_MS, zone);
  return first === offsetFromTemporal((day + 1) * DAY_MS, zone) ? first : null;
}

function offsetFromTemporal(at: number, zone: string): number {
  return zonedAt(at, zone).offsetNanoseconds / 1_000_000;
}

function zonedAt(at: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone);
}

/**
 * `until` was reckoned with the offset in force at `from`. If the clock changes on the way there,
 * stop at the change and look again: what follows it may be allowed sooner, or not yet. A hop is at
 * most a day, and no zone has ever changed its clock and back within one.
 */
function skipTo(
  until: number,
  start: { readonly from: number; readonly offsetMs: number; readonly zone: string },
): number {
  if (offsetAt(until, start.zone) === start.offsetMs) return until;
  const change = zonedAt(start.from, start.zone).getTimeZoneTransition('next');
  return change === null ? until : change.epochMilliseconds;
}

/** A calendar, read once. Times are ms of the local day, days are counted from 1970-01-01. */
interface Rules {
  readonly quietFromMs: number;
  readonly quietToMs: number;
  readonly businessDays: ReadonlySet<number>;
  readonly holidays: ReadonlySet<number>;
  /** False: only quiet hours count. */
  readonly closesDays: boolean;
}

/** Why nothing may be sent at this local time, and the local time at which that reason ends. */
function closedAt(
  localMs: number,
  rules: Rules,
): { readonly reason: ShiftReason; readonly untilLocalMs: number } | null {
  const day = Math.floor(localMs / DAY_MS);
  const startMs = day * DAY_MS;
  const timeMs = localMs - startMs;
  const { quietFromMs: from, quietToMs: to } = rules;
  const spansMidnight = from > to;
  if (timeMs < to && (spansMidnight || timeMs >= from)) {
    return { reason: 'quiet_hours', untilLocalMs: startMs + to };
  }
  if (spansMidnight && timeMs >= from) {
    return { reason: 'quiet_hours', untilLocalMs: startMs + DAY_MS + to };
  }
  if (!rules.closesDays) return null;
  const untilLocalMs = startMs + DAY_MS;
  if (!rules.businessDays.has(isoWeekday(day))) return { reason: 'business_day', untilLocalMs };
  return rules.holidays.has(day) ? { reason: 'holiday', untilLocalMs } : null;
}

/** 1 Monday … 7 Sunday; 1970-01-01 was a Thursday. */
function isoWeekday(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** The same calendar object comes back with every fact; it is immutable, so it is read once. */
const rulesByCalendar = new WeakMap<Calendar, Rules>();

function rulesOf(calendar: Calendar): Rules {
  const known = rulesByCalendar.get(calendar);
  if (known !== undefined) return known;
  const quiet = calendar.quietHours ?? { from: '00:00', to: '00:00' };
  const businessDays = new Set(calendar.businessDays);
  const holidays = new Set(calendar.holidays.map(dayOf));
  const rules: Rules = {
    quietFromMs: timeOfDayMs(quiet.from),
    quietToMs: timeOfDayMs(quiet.to),
    businessDays,
    holidays,
    closesDays: longestClosureDays(businessDays, holidays) <= CLOSED_DAYS_MAX,
  };
  rulesByCalendar.set(calendar, rules);
  return rules;
}

/** True when the calendar opens at least once in any `CLOSED_DAYS_MAX` days. */
export function opensEveryYear(calendar: Calendar): boolean {
  return rulesOf(calendar).closesDays;
}

/** The longest run of days that are no business day or a holiday; Infinity without business days. */
function longestClosureDays(
  businessDays: ReadonlySet<number>,
  holidays: ReadonlySet<number>,
): number {
  const isOpen = (day: number) => businessDays.has(isoWeekday(day)) && !holidays.has(day);
  if (![1, 2, 3, 4, 5, 6, 7].some((weekday) => businessDays.has(weekday))) return Infinity;
  let longest = 0;
  let reached = -Infinity;
  for (const holiday of [...holidays].sort((a, b) => a - b)) {
    if (holiday < reached) continue;
    let first = holiday;
    while (!isOpen(first - 1)) first -= 1;
    reached = holiday;
    while (!isOpen(reached)) reached += 1;
    longest = Math.max(longest, reached - first);
  }
  return longest;
}

const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)$/;
const LOCAL_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** `HH:MM` from 00:00 to 23:59; 24:00 is none. */
export function isTimeOfDay(text: string): boolean {
  return TIME_OF_DAY.test(text);
}

/** `YYYY-MM-DD` of a day that exists. */
export function isLocalDate(text: string): boolean {
  return dayOrNull(text) !== null;
}

function timeOfDayMs(text: string): number {
  const [, hour, minute] = TIME_OF_DAY.exec(text) ?? [];
  if (hour === undefined || minute === undefined) throw new RangeError(`not a time: ${text}`);
  return (Number(hour) * 60 + Number(minute)) * MINUTE_MS;
}

function dayOf(text: string): number {
  const day = dayOrNull(text);
  if (day === null) throw new RangeError(`not a date: ${text}`);
  return day;
}

function dayOrNull(text: string): number | null {
  if (!LOCAL_DATE.test(text)) return null;
  const at = Date.parse(`${text}T00:00:00Z`);
  // Some engines read 2026-02-30 as 2 March.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text) return null;
  return at / DAY_MS;
}
