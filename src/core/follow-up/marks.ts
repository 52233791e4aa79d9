/** The one order on what was said: later wins; in the same millisecond the greater event key. */
import type { Mark } from './types.ts';

/** A total order, the same on every machine, so that no arrival order can show through. */
export function isAfter(a: Mark, b: Mark): boolean {
  return a.at !== b.at ? a.at > b.at : a.eventKey > b.eventKey;
}

/** For `toSorted`: earliest first. */
export function byTime(a: Mark, b: Mark): number {
  return isAfter(a, b) ? 1 : -1;
}
