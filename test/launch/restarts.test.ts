import { describe, expect, it } from 'vitest';
import { NO_FAILURES, nextTry, type Row } from '../../src/launch/restarts.ts';

const POLICY = { crashesMax: 3, healthyMs: 60_000, pauseMs: 500, pauseMsMax: 3000 };
const crash = (readyForMs: number) => ({ readyForMs, isBlocked: false });
const BLOCKED = { readyForMs: 0, isBlocked: true };

/** The pauses of failures in a row; `give up` in the place of the one that ended it. */
function pauses(failures: readonly { readyForMs: number; isBlocked: boolean }[]) {
  let row: Row = NO_FAILURES;
  return failures.map((failure) => {
    const next = nextTry(row, failure, POLICY);
    if (next.kind === 'give_up') return 'give up';
    row = next.row;
    return next.pauseMs;
  });
}

describe('a child that fails', () => {
  it('is started again after growing pauses, and given up at one crash too many', () => {
    expect(pauses([crash(10), crash(0), crash(59_999), crash(0)])).toEqual([
      500,
      1000,
      2000,
      'give up',
    ]);
  });

  it('begins a new row after a healthy stretch', () => {
    const row = [crash(10), crash(10), crash(10), crash(60_000), crash(10), crash(10), crash(10)];
    expect(pauses(row)).toEqual([500, 1000, 2000, 500, 1000, 2000, 'give up']);
  });

  it('is never given up for what is in its way, and that uses up no crash', () => {
    const hours = Array.from({ length: 2000 }, () => BLOCKED);
    expect(pauses(hours).slice(-2)).toEqual([3000, 3000]);
    expect(pauses([...hours, crash(0), crash(0), crash(0)]).slice(-3)).toEqual([3000, 3000, 3000]);
    expect(pauses([...hours, crash(0), crash(0), crash(0), crash(0)]).at(-1)).toBe('give up');
  });
});
