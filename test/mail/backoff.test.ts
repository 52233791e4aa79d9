import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextAttemptAfterMs, repeatAfterMs } from '../../src/mail/backoff.ts';
import { holds } from '../support/property.ts';

const MINUTE_MS = 60_000;

describe('backoff', () => {
  it('waits 1, 5, 15, 30 minutes, an hour, then two hours each time, and ends within a day', () => {
    const minutes: number[] = [];
    for (let attempt = 1; ; attempt += 1) {
      const waitMs = nextAttemptAfterMs(attempt, 0);
      if (waitMs === null) break;
      minutes.push(waitMs / MINUTE_MS);
    }
    expect(minutes).toEqual([1, 5, 15, 30, 60, ...Array(11).fill(120)]);
    const total = minutes.reduce((sum, wait) => sum + wait, 0);
    expect(total).toBeLessThanOrEqual(24 * 60);
    expect(total + 120).toBeGreaterThan(24 * 60);
  });

  it('never waits less than planned and never over a tenth more', () => {
    holds(
      'the wait before a retry',
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random01) => {
          const plannedMs = nextAttemptAfterMs(attempt, 0) ?? 0;
          const waitMs = nextAttemptAfterMs(attempt, random01) ?? 0;
          expect(waitMs).toBeGreaterThanOrEqual(plannedMs);
          expect(waitMs).toBeLessThanOrEqual(plannedMs * 1.1);
        },
      ),
    );
  });

  it('spreads a thousand mails that failed in the same second', () => {
    const waits = Array.from({ length: 1000 }, (_, index) => nextAttemptAfterMs(2, index / 1000));
    expect(new Set(waits).size).toBeGreaterThan(900);
  });

  it('waits as after a first failure before a mail nobody confirmed is handed over once more', () => {
    for (const random01 of [0, 0.5, 0.999]) {
      expect(repeatAfterMs(random01)).toBe(nextAttemptAfterMs(1, random01));
    }
    expect(repeatAfterMs(0)).toBe(MINUTE_MS);
  });

  it.each([0, -1, 1.5, Number.NaN])('%s is not an attempt', (attempt) => {
    expect(() => nextAttemptAfterMs(attempt, 0)).toThrow('not an attempt');
  });
});
