import type { Clock } from '../core/clock.ts';
import type { SubjectFact } from '../core/fact.ts';

/**
 * How far ahead of the receipt a provider's clock may be. Further, its time is no time: a failure
 * dated to next week would outlive every payment until then, and the customer would be dunned.
 */
const AHEAD_MAX_MS = 5 * 60_000;

/**
 * Moves the provider's times of a fact from wall time to follow-up time. `occurredAt` is mapped;
 * the due date and the provider's next attempt keep their distance to it, because they are plans
 * ("in 30 days") and not moments of the scaled line. Where the provider does not say when it
 * happened, that stays unknown and distances are kept to the receipt. At scale 1 nothing changes,
 * but for a time more than five minutes ahead of the receipt, which becomes the receipt.
 */
export function toFollowUpTime<Fact extends SubjectFact>(
  fact: Fact,
  clock: Clock,
  receivedAtWallMs: number,
): Fact {
  const wallAnchorMs = fact.occurredAt ?? receivedAtWallMs;
  const receivedAt = clock.fromWall(receivedAtWallMs);
  const mapped = clock.fromWall(wallAnchorMs);
  const shiftMs = (mapped > receivedAt + AHEAD_MAX_MS ? receivedAt : mapped) - wallAnchorMs;
  if (shiftMs === 0) return fact;
  const shifted = (time: number | null): number | null => (time === null ? null : time + shiftMs);
  const moved = { ...fact, occurredAt: shifted(fact.occurredAt) };
  if (!('dueAt' in fact)) return moved;
  return { ...moved, dueAt: shifted(fact.dueAt), nextAttemptAt: shifted(fact.nextAttemptAt) };
}
