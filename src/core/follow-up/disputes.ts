/**
 * Disputes of one payment: each is opened and ended on its own, by its own id. That one was won says
 * nothing of another, whose deadline still runs.
 */
import { isPaymentFact, type SubjectFact } from '../fact.ts';
import { byTime, isAfter } from './marks.ts';
import type { Opening, SubjectState, Verdict } from './types.ts';

const VERDICTS_MAX = 16;

/** Keeps the last word on each dispute; any order of arrival keeps the same. */
export function withVerdict(
  verdicts: readonly Verdict[] | undefined,
  verdict: Verdict,
): readonly Verdict[] {
  const all = verdicts ?? [];
  const known = all.find(({ dispute }) => dispute === verdict.dispute);
  if (known !== undefined && !isAfter(verdict, known)) return all;
  return [...all.filter((other) => other !== known), verdict].toSorted(byTime).slice(-VERDICTS_MAX);
}

/** What a fact says of one dispute alone, or null. */
export function verdictOf(fact: SubjectFact, eventKey: string, at: number): Verdict | null {
  if (!isPaymentFact(fact) || fact.dispute === undefined) return null;
  if (fact.fact !== 'payment.dispute_won' && fact.fact !== 'payment.dispute_lost') return null;
  return { at, eventKey, fact: fact.fact, dispute: fact.dispute };
}

/** When this dispute, or any of those that one without an id may mean, ended by its own id. */
export function verdictAt({ verdicts }: SubjectState, { dispute }: Opening): number | null {
  const ends = (verdicts ?? [])
    .filter((verdict) => dispute === undefined || verdict.dispute === dispute)
    .map(({ at }) => at);
  return ends.length === 0 ? null : Math.max(...ends);
}

/** The ids of the disputes among these openings, each once. */
export function disputesOf(openings: readonly Opening[]): readonly string[] {
  return [...new Set(openings.flatMap(({ dispute }) => dispute ?? []))];
}
