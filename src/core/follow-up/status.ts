/** The status of a subject is a function of the set of facts, never of the order they came in. */
import type { Opening, SubjectFactName, SubjectState, SubjectStatus } from './types.ts';

const OPENINGS: ReadonlySet<SubjectFactName> = new Set<SubjectFactName>([
  'payment.due',
  'payment.overdue',
  'payment.failed',
  'payment.action_required',
  'payment.disputed',
  'alert.opened',
]);

/** Settling facts and what they make of a subject; at the same instant the first listed wins. */
const SETTLEMENTS: readonly (readonly [SubjectFactName, SubjectStatus])[] = [
  ['payment.dispute_lost', 'dispute_lost'],
  ['payment.refunded', 'refunded'],
  ['payment.paid', 'paid'],
  ['payment.dispute_won', 'paid'],
  ['payment.voided', 'voided'],
  ['payment.uncollectible', 'uncollectible'],
  ['alert.closed', 'closed'],
];

/** Does this fact ask for a follow-up? */
export function isOpening(fact: SubjectFactName): boolean {
  return OPENINGS.has(fact);
}

/**
 * The latest time at which the subject was settled, or null. `provider`: by facts alone;
 * `any`: a person's `resolve` and a ladder that ended count too.
 */
export function settledAt(state: SubjectState, by: 'provider' | 'any'): number | null {
  let latest: number | null = by === 'any' && state.manual !== null ? state.manual.at : null;
  for (const [fact] of SETTLEMENTS) {
    const mark = state.marks[fact];
    if (mark !== undefined && (latest === null || mark.at > latest)) latest = mark.at;
  }
  return latest;
}

/**
 * Openings nothing has answered, earliest first. On equal times the settling fact wins: providers
 * stamp whole seconds, and a payment and its failed attempt can share one.
 */
export function openNow(state: SubjectState): readonly Opening[] {
  const settled = settledAt(state, 'any');
  return state.openings.filter((opening) => settled === null || opening.at > settled);
}

export function statusOf(state: SubjectState): SubjectStatus {
  if (state.linkedTo !== null) return 'joined';
  const open = openNow(state);
  return open.length > 0 ? openStatus(open) : settledStatus(state);
}

function openStatus(open: readonly Opening[]): SubjectStatus {
  const latest = (fact: SubjectFactName): number =>
    open.reduce((at, opening) => (opening.fact === fact ? Math.max(at, opening.at) : at), -1);
  if (latest('alert.opened') >= 0) return 'open';
  if (latest('payment.disputed') >= 0) return 'disputed';
  const failed = latest('payment.failed');
  const action = latest('payment.action_required');
  const overdue = latest('payment.overdue');
  // Providers send "failed" and "action required" for one attempt: the customer must act.
  if (action >= 0 && action >= failed) return 'action_required';
  if (failed >= 0 && failed >= overdue) return 'failed';
  return overdue >= 0 ? 'overdue' : 'due';
}

function settledStatus(state: SubjectState): SubjectStatus {
  const latest = settledAt(state, 'any');
  if (latest === null) return 'unknown';
  for (const [fact, status] of SETTLEMENTS) {
    if (state.marks[fact]?.at === latest) return status;
  }
  return state.manual?.kind ?? 'unknown';
}
