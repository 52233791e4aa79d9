import type { Clock } from '../core/clock.ts';
import type { SubjectFact } from '../core/fact.ts';

/**
 * Moves the provider's times of a fact from wall time to follow-up time. `occurredAt` is mapped;
 * the due date and the provider's next attempt keep their distance to it, because they are plans
 * ("in 30 days") and not moments of the scaled line. Where the provider does not say when it
 * happened, that stays unknown and distances are kept to the receipt. At scale 1 nothing changes.
 */
export function toFollowUpTime<Fact extends SubjectFact>(
  fact: Fact,
  clock: Clock,
  receivedAtWallMs: number,
): Fact {
  const wallAnchorMs = fact.occurredAt ?? receivedAtWallMs;
  const shiftMs = clock.fromWall(wallAnchorMs) - wallAnchorMs;
  if (shiftMs === 0) return fact;
  const shifted = (time: number | null): number | null => (time === null ? null : time + shiftMs);
  const moved = { ...fact, occurredAt: shifted(fact.occurredAt) };
  if (!('dueAt' in fact)) return moved;
  return { ...moved, dueAt: shifted(fact.dueAt), nextAttemptAt: shifted(fact.nextAttemptAt) };
}
