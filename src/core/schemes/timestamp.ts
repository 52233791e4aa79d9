/** Reads times strictly and holds them to the window, on both sides. */

import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { TimestampSource, Window } from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';

// Digits only, without leading zeros: `parseInt` reads `1614265330abc` and `1e3` as numbers, and an
// attacker who can re-spell a time can play with what is signed and what is checked.
const SECONDS = /^(?:0|[1-9]\d{0,11})$/;
const MILLISECONDS = /^(?:0|[1-9]\d{0,14})$/;
const ISO =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Epoch seconds (with a fraction for finer units), or null if the text is not a plain time. */
export function parseTimestamp(text: string, unit: TimestampSource['unit']): number | null {
  switch (unit) {
    case 's':
      return SECONDS.test(text) ? Number(text) : null;
    case 'ms':
      return MILLISECONDS.test(text) ? Number(text) / 1000 : null;
    case 'iso': {
      const ms = ISO.test(text) ? Date.parse(text) : Number.NaN;
      return Number.isFinite(ms) ? ms / 1000 : null;
    }
  }
}

/** From epoch seconds to what `parseTimestamp` reads; what is finer than the unit is cut off. */
export function formatTimestamp(seconds: number, unit: TimestampSource['unit']): string {
  switch (unit) {
    case 's':
      return String(Math.floor(seconds));
    case 'ms':
      return String(Math.floor(seconds * 1000));
    case 'iso':
      return new Date(Math.floor(seconds * 1000)).toISOString();
  }
}

/** Exactly at the edge is still inside. */
export function checkWindow(
  signedAtSeconds: number,
  nowSeconds: number,
  window: Window,
): Result<null, VerifyFailure> {
  const ageSeconds = nowSeconds - signedAtSeconds;
  const { maxAgeSeconds, maxAheadSeconds } = window;
  if (maxAgeSeconds !== null && ageSeconds > maxAgeSeconds) {
    return fail({ reason: 'timestamp_too_old', ageSeconds, toleranceSeconds: maxAgeSeconds });
  }
  if (maxAheadSeconds !== null && -ageSeconds > maxAheadSeconds) {
    return fail({ reason: 'timestamp_in_future', ageSeconds, toleranceSeconds: maxAheadSeconds });
  }
  return ok(null);
}
