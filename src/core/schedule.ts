/**
 * Steps on the calendar: a ladder says "three days after the failure", this says which instant that
 * is for this customer. Offsets count from the anchor, never from the step before, so a step that
 * was held up does not push the rest of the ladder back.
 */
import { Temporal } from 'temporal-polyfill';
import { isValidZone, nextAllowed, type ShiftReason, steadyOffsetMs } from './calendar.ts';
import { zoneOfCountry } from './country-zone.ts';
import type { Customer } from './fact.ts';
import type { Calendar, Ladder, Step } from './ladder.ts';
import { fail, ok, type Result } from './result.ts';

const MINUTE_MS = 60_000;
const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: MINUTE_MS } as const;

/** No ladder reaches further than ten years: a longer offset is a slip of the keyboard. */
export const OFFSET_DAYS_MAX = 3660;

export interface ParsedOffset {
  /** Whole, negative before the anchor. */
  readonly amount: number;
  readonly unit: 'd' | 'h' | 'm';
}

export type OffsetFailure =
  | { readonly reason: 'malformed_offset'; readonly text: string }
  | { readonly reason: 'offset_too_long'; readonly text: string; readonly daysMax: number };

/**
 * Reads `3d`, `-2d`, `36h`, `15m`. Refuses fractions, other units, signs of plus, spaces, and
 * offsets of more than `OFFSET_DAYS_MAX` days either way.
 */
export function parseOffset(text: string): Result<ParsedOffset, OffsetFailure> {
  const [, digits, unit] = /^(-?\d{1,9})([dhm])$/.exec(text) ?? [];
  if (digits === undefined || (unit !== 'd' && unit !== 'h' && unit !== 'm')) {
    return fail({ reason: 'malformed_offset', text });
  }
  // `-0d` is the anchor itself; a negative zero would compare equal and print differently.
  const amount = Number(digits) || 0;
  if (Math.abs(amount) * UNIT_MS[unit] > OFFSET_DAYS_MAX * UNIT_MS.d) {
    return fail({ reason: 'offset_too_long', text, daysMax: OFFSET_DAYS_MAX });
  }
  return ok({ amount, unit });
}

/** Nominal length in ms, with days of 24 hours: for comparing offsets, not for placing steps. */
export function offsetMs(offset: ParsedOffset): number {
  return offset.amount * UNIT_MS[offset.unit];
}

export interface StepTime {
  /** Anchor plus offset, before the calendar. Epoch ms. */
  readonly nominalAt: number;
  /** After quiet hours, business days and holidays. Epoch ms. */
  readonly at: number;
  readonly shiftedBy: readonly (ShiftReason | 'step_order')[];
}

/**
 * When one step is due. Days are calendar days in `zone`: the same local time, even when the clock
 * changed in between (local time that was skipped moves to just after the gap). Hours and minutes
 * are exact. `calendar` null: nothing moves the step. Throws on an offset the config would refuse.
 */
export function stepAt(input: {
  readonly step: Step;
  readonly anchorAt: number;
  readonly zone: string;
  readonly calendar: Calendar | null;
}): StepTime {
  const nominalAt = nominalTime(input.step, input.anchorAt, input.zone);
  if (input.calendar === null) return { nominalAt, at: nominalAt, shiftedBy: [] };
  const allowed = nextAllowed({ at: nominalAt, zone: input.zone, calendar: input.calendar });
  return { nominalAt, ...allowed };
}

function nominalTime(step: Step, anchorAt: number, zone: string): number {
  const parsed = parseOffset(step.after);
  if (!parsed.ok) throw new RangeError(`step ${step.id}: ${parsed.failure.reason} ${step.after}`);
  if (parsed.value.unit !== 'd') return anchorAt + offsetMs(parsed.value);
  if (parsed.value.amount === 0) return anchorAt;
  const straight = anchorAt + offsetMs(parsed.value);
  if (isSteady(anchorAt, straight, zone)) return Math.floor(straight);
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(anchorAt))
    .toZonedDateTimeISO(zone)
    .add({ days: parsed.value.amount }).epochMilliseconds;
}

/**
 * True where counting days of 24 hours is exact, which Temporal takes ten times as long to say: the
 * same offset at both ends and no change of the clock near the second. Not on the day before either:
 * a local time that comes twice may begin there.
 */
function isSteady(from: number, to: number, zone: string): boolean {
  const offset = steadyOffsetMs(to, zone);
  if (offset === null || offset !== steadyOffsetMs(to - UNIT_MS.d, zone)) return false;
  return offset === steadyOffsetMs(from, zone);
}

export interface ScheduledStep extends StepTime {
  readonly step: Step;
}

/**
 * Every step of a ladder with its time. Reminders follow the customer's calendar and zone,
 * escalations the team's; closing disturbs nobody and follows none. Steps stay in order: one that
 * would come before its predecessor, because only the predecessor was shifted, is asked of its
 * calendar again from the predecessor's time and says `step_order`.
 */
export function planLadder(input: {
  readonly ladder: Ladder;
  readonly anchorAt: number;
  readonly zone: string;
  readonly calendar: Calendar;
  readonly teamCalendar: Calendar;
  readonly teamZone: string;
}): readonly ScheduledStep[] {
  let previousAt = Number.NEGATIVE_INFINITY;
  return input.ladder.steps.map((step) => {
    const place = placeOf(step, input);
    const time = stepAt({ step, anchorAt: input.anchorAt, ...place });
    const placed = time.at < previousAt ? postpone(time, previousAt, place) : time;
    previousAt = placed.at;
    return { step, ...placed };
  });
}

interface Place {
  readonly zone: string;
  readonly calendar: Calendar | null;
}

function placeOf(
  step: Step,
  input: {
    readonly zone: string;
    readonly calendar: Calendar;
    readonly teamCalendar: Calendar;
    readonly teamZone: string;
  },
): Place {
  switch (step.action) {
    case 'remind':
      return { zone: input.zone, calendar: input.calendar };
    case 'escalate':
      return { zone: input.teamZone, calendar: input.teamCalendar };
    case 'close':
      // The customer's zone still says what a day is.
      return { zone: input.zone, calendar: null };
  }
}

function postpone(time: StepTime, notBefore: number, place: Place): StepTime {
  const { calendar, zone } = place;
  const allowed =
    calendar === null
      ? { at: notBefore, shiftedBy: [] }
      : nextAllowed({ at: notBefore, zone, calendar });
  const reasons = new Set([...time.shiftedBy, ...allowed.shiftedBy, 'step_order' as const]);
  return { nominalAt: time.nominalAt, at: allowed.at, shiftedBy: [...reasons] };
}

/** As `knownZoneOf`, else the calendar's. */
export function zoneOf(customer: Pick<Customer, 'zone' | 'country'>, calendarZone: string): string {
  return knownZoneOf(customer) ?? calendarZone;
}

/**
 * Whose clock a customer lives by: the zone the provider knows, else that of their country, else
 * null. A zone that is no IANA name is passed over, not trusted.
 */
export function knownZoneOf({ zone, country }: Pick<Customer, 'zone' | 'country'>): string | null {
  if (zone !== null && isValidZone(zone)) return zone;
  const ofCountry = country === null ? null : zoneOfCountry(country);
  // The table may know a name that an old runtime does not.
  return ofCountry !== null && isValidZone(ofCountry) ? ofCountry : null;
}
