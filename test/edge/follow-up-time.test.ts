import { describe, expect, it } from 'vitest';
import { scaledClock, wallClock } from '../../src/core/clock.ts';
import { toFollowUpTime } from '../../src/edge/follow-up-time.ts';
import { DAY, MONDAY_NOON, payment } from '../support/follow-up.ts';

const MINUTE = 60_000;

describe("a provider's time", () => {
  it('is kept up to five minutes ahead of the receipt, and is the receipt beyond', () => {
    const at = (aheadMs: number) =>
      toFollowUpTime(payment('payment.failed', MONDAY_NOON + aheadMs), wallClock, MONDAY_NOON)
        .occurredAt;
    expect(at(5 * MINUTE)).toBe(MONDAY_NOON + 5 * MINUTE);
    expect(at(5 * MINUTE + 1)).toBe(MONDAY_NOON);
    expect(at(DAY)).toBe(MONDAY_NOON);
    expect(at(-400 * DAY)).toBe(MONDAY_NOON - 400 * DAY);
  });

  it('takes the due date along when it is moved', () => {
    const fact = payment('payment.due', MONDAY_NOON + DAY, { dueAt: MONDAY_NOON + 31 * DAY });
    const moved = toFollowUpTime(fact, wallClock, MONDAY_NOON);
    expect(moved.dueAt).toBe(MONDAY_NOON + 30 * DAY);
  });

  it('never leads into the future of a scaled clock', () => {
    const clock = scaledClock(86_400, MONDAY_NOON - MINUTE);
    const ahead = payment('payment.failed', MONDAY_NOON + 23 * DAY);
    expect(toFollowUpTime(ahead, clock, MONDAY_NOON).occurredAt).toBe(clock.fromWall(MONDAY_NOON));
  });
});
