/** The status of a subject is a function of the set of facts, never of the order they came in. */
import { verdictAt } from './disputes.ts';
import { isCovering } from './parts.ts';
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

/** Money and disputes are settled apart: a payment does not win a dispute, nor the other way. */
export type Matter = 'money' | 'dispute';

/** All that is not about a dispute counts as money, alerts too. */
export function matterOf(fact: SubjectFactName): Matter {
  return fact.startsWith('payment.dispute') ? 'dispute' : 'money';
}

const settlingOf = (matter: Matter): readonly SubjectFactName[] =>
  SETTLEMENTS.map(([fact]) => fact).filter((fact) => matterOf(fact) === matter);

/** Asked several times in every decision. */
const SETTLING: Readonly<Record<Matter, readonly SubjectFactName[]>> = {
  money: settlingOf('money'),
  dispute: settlingOf('dispute'),
};

/** Does this fact ask for a follow-up? */
export function isOpening(fact: SubjectFactName): boolean {
  return OPENINGS.has(fact);
}

/** The latest time at which facts about the whole subject settled the matter, or null. */
export function settledWholeAt(state: SubjectState, matter: Matter): number | null {
  let latest: number | null = null;
  for (const fact of SETTLING[matter]) {
    const at = state.marks[fact]?.at ?? null;
    if (at !== null && (latest === null || at > latest)) latest = at;
  }
  return latest;
}

/**
 * As above, with what a person resolved, a ladder that ended, parts that cover what is owed, and
 * disputes that ended one by one.
 */
export function settledAt(state: SubjectState, matter: Matter): number | null {
  const some =
    matter === 'money'
      ? state.parts.filter((part) => isCovering(part, state))
      : (state.verdicts ?? []);
  return latestOf([endedAt(state, matter), ...some.map(({ at }) => at)]);
}

function endedAt(state: SubjectState, matter: Matter): number | null {
  return latestOf([settledWholeAt(state, matter), state.manual?.at ?? null]);
}

/** By what can never be taken back: such openings need not be kept. */
export function isAnsweredForGood(state: SubjectState, opening: Opening): boolean {
  const matter = matterOf(opening.fact);
  const verdict = matter === 'dispute' ? verdictAt(state, opening) : null;
  const answered = latestOf([settledWholeAt(state, matter), verdict]);
  return answered !== null && opening.at <= answered;
}

function latestOf(times: readonly (number | null)[]): number | null {
  return times.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
}

/**
 * Openings nothing has answered, earliest first. On equal times the settling fact wins: providers
 * stamp whole seconds, and a payment and its failed attempt can share one.
 */
export function openNow(state: SubjectState): readonly Opening[] {
  const money = settledAt(state, 'money');
  const dispute = endedAt(state, 'dispute');
  return state.openings.filter((opening) => {
    const answered =
      matterOf(opening.fact) === 'money' ? money : latestOf([dispute, verdictAt(state, opening)]);
    return answered === null || opening.at > answered;
  });
}

/**
 * `joined` for an id that belongs to another subject. Else what is open decides, or what settled it
 * last; `unknown` where there is neither.
 */
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

/**
 * What the latest settling fact made of it, whatever was opened since. What a person or the end of
 * the ladder made of it stands only where the provider left something unanswered.
 */
export function settledStatus(state: SubjectState): SubjectStatus {
  const said = { ...state, manual: null };
  const latest = latestOf([settledAt(said, 'money'), settledAt(said, 'dispute')]);
  if (state.manual !== null && (latest === null || openNow(said).length > 0)) {
    return state.manual.kind;
  }
  if (latest === null) return 'unknown';
  for (const [fact, status] of SETTLEMENTS) {
    if (state.marks[fact]?.at === latest) return status;
    const some = [...state.parts, ...(state.verdicts ?? [])];
    if (some.some((one) => one.fact === fact && one.at === latest)) return status;
  }
  return 'unknown';
}
