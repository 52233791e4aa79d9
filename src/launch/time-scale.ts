/** How fast follow-up time may run: one rule for flags, kept clocks and the Worker. */
import { type Clock, scaledClock, wallClock } from '../core/clock.ts';

/** Faster than this, a month would pass in a quarter of a second. */
export const TIME_SCALE_MAX = 10_000_000;

/** Whether follow-up time can run at this speed. */
export function isTimeScale(scale: unknown): scale is number {
  // Slower than real time would let a reminder wait longer than the config says.
  return typeof scale === 'number' && scale >= 1 && scale <= TIME_SCALE_MAX;
}

/**
 * The clock that two variables describe; real time where there is no scale. Null: what they say is
 * no clock, and real time in its place would move every date.
 */
export function clockOf(scale: string | null, baseMs: string | null): Clock | null {
  const [slope, base] = [Number(scale ?? 1), Number(baseMs ?? Number.NaN)];
  if (slope === 1) return wallClock;
  return isTimeScale(slope) && Number.isSafeInteger(base) ? scaledClock(slope, base) : null;
}
