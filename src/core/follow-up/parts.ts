/**
 * Payments towards a subject: an invoice may be paid by several. What one of them says settles the
 * invoice only when it covers what was owed; that one of them was voided says nothing of the rest.
 */
import { isAlertFact, type SubjectFact } from '../fact.ts';
import { byTime } from './marks.ts';
import type { Opening, PartPayment, SubjectState } from './types.ts';

const PARTS_MAX = 16;

const SETTLING_IF_WHOLE: ReadonlySet<string> = new Set([
  'payment.paid',
  'payment.refunded',
  'payment.voided',
  'payment.uncollectible',
]);

/** Is this said of one payment towards the subject? Joined ids and `ofPart` both say so. */
export function isPart(subject: string, fact: SubjectFact): boolean {
  if (isAlertFact(fact)) return false;
  return fact.ofPart === true || subject.slice(subject.indexOf('/') + 1) !== fact.ref;
}

/** A part must not set the mark by which the whole is settled. */
export function settlesOnlyIfWhole(fact: SubjectFact): boolean {
  return SETTLING_IF_WHOLE.has(fact.fact);
}

/** Keeps the newest parts by time, each once; any order of arrival keeps the same. */
export function withPart(
  parts: readonly PartPayment[],
  fact: SubjectFact,
  eventKey: string,
  at: number,
): readonly PartPayment[] {
  if (fact.fact !== 'payment.paid' && fact.fact !== 'payment.refunded') return parts;
  const { amountMinor, currency } = fact;
  const { ref } = fact;
  const part: PartPayment = { at, eventKey, fact: fact.fact, amountMinor, currency, ref };
  const others = parts.filter(
    (known) =>
      known.eventKey !== eventKey ||
      known.fact !== part.fact ||
      known.at !== at ||
      (known.ref ?? ref) !== ref,
  );
  return [...others, part].toSorted(byTime).slice(-PARTS_MAX);
}

/**
 * Did this payment cover what was owed when it was made? What the subject itself said last counts
 * first; an amount nobody named counts as covered, because silence about a debt is no debt.
 */
export function isCovering(part: PartPayment, { openings }: SubjectState): boolean {
  const before = openings.filter(
    (opening): opening is Opening & { owedMinor: number } =>
      opening.at <= part.at && opening.fact !== 'payment.disputed' && opening.owedMinor !== null,
  );
  const owed = before.findLast(({ whole }) => whole) ?? before.at(-1);
  if (owed === undefined || part.amountMinor === null) return true;
  return owed.currency === part.currency && part.amountMinor >= owed.owedMinor;
}
