/**
 * What was said about a subject, kept so that neither order nor repetition can matter: every value
 * is a register that only moves forward (a join semilattice), in time order, ties by event key.
 */
import { type AlertFact, isAlertFact, type PaymentFact, type SubjectFact } from '../fact.ts';
import { isOpening, settledAt } from './status.ts';
import type { Details, Mark, Opening, RankedMark, SubjectState } from './types.ts';

export const OPENINGS_MAX = 32;
export const SEEN_MAX = 64;
export const ALIASES_MAX = 16;

export const EMPTY_DETAILS: Details = {
  amountMinor: null,
  currency: null,
  customer: { email: null, name: null, locale: null, zone: null, country: null },
  number: null,
  payUrl: null,
  reason: null,
  decline: null,
  attemptCount: null,
  nextAttemptAt: null,
  dueAt: null,
  title: null,
  url: null,
  severity: null,
  assigneeLogins: [],
};

/** Total order on marks: later wins; in the same millisecond the greater key, on every machine. */
export function isAfter(a: Mark, b: Mark): boolean {
  return a.at !== b.at ? a.at > b.at : a.eventKey > b.eventKey;
}

/** The state after a fact was said at `at`; status and follow-up are derived from it afterwards. */
export function recordFact(
  state: SubjectState,
  fact: SubjectFact,
  eventKey: string,
  at: number,
): SubjectState {
  const mark: Mark = { at, eventKey };
  const known = state.marks[fact.fact];
  const marks =
    known === undefined || isAfter(mark, known)
      ? { ...state.marks, [fact.fact]: mark }
      : state.marks;
  const withMarks: SubjectState = {
    ...state,
    marks,
    seen: [...state.seen, seenKey(eventKey, fact)].slice(-SEEN_MAX),
  };
  const opened = isOpening(fact.fact)
    ? [...state.openings, { ...mark, fact: fact.fact }]
    : state.openings;
  const openings = pruneOpenings(opened, settledAt(withMarks, 'provider'));
  const carried = carry(withMarks, openings, fact, eventKey);
  return recordDetails({ ...withMarks, openings, carried }, fact, mark);
}

/** One event may say several things of one subject; each is seen on its own. */
export function seenKey(eventKey: string, fact: SubjectFact): string {
  return `${eventKey}|${fact.fact}`;
}

/**
 * Openings a settling fact has answered can never matter again: settling times only grow. Of the
 * rest the earliest (the anchor) and the newest are kept, which any arrival order agrees on.
 */
function pruneOpenings(openings: readonly Opening[], settled: number | null): readonly Opening[] {
  const open = openings
    .filter((opening) => settled === null || opening.at > settled)
    .toSorted((a, b) => (isAfter(a, b) ? 1 : -1));
  const unique = open.filter((opening, index) => !sameOpening(opening, open[index - 1]));
  return unique.length <= OPENINGS_MAX
    ? unique
    : [...unique.slice(0, 1), ...unique.slice(-(OPENINGS_MAX - 1))];
}

function sameOpening(a: Opening, b: Opening | undefined): boolean {
  return b !== undefined && a.at === b.at && a.eventKey === b.eventKey && a.fact === b.fact;
}

/** A payment that later turns out to be part of another takes these facts along. */
function carry(
  state: SubjectState,
  openings: readonly Opening[],
  fact: SubjectFact,
  eventKey: string,
): SubjectState['carried'] {
  if (state.kind === 'alert') return [];
  const anchor = openings[0];
  return [...state.carried, { fact, eventKey }].filter(
    (kept) =>
      state.marks[kept.fact.fact]?.eventKey === kept.eventKey ||
      (anchor !== undefined && anchor.fact === kept.fact.fact && anchor.eventKey === kept.eventKey),
  );
}

function recordDetails(state: SubjectState, fact: SubjectFact, mark: Mark): SubjectState {
  const said = isAlertFact(fact) ? alertDetails(fact) : paymentDetails(fact);
  let details = state.details;
  let detailMarks = state.detailMarks;
  for (const { name, rank, values } of said) {
    const ranked: RankedMark = { ...mark, rank };
    const known = detailMarks[name];
    if (known !== undefined && !beats(ranked, known)) continue;
    details = { ...details, ...values };
    detailMarks = { ...detailMarks, [name]: ranked };
  }
  return { ...state, details, detailMarks };
}

function beats(a: RankedMark, b: RankedMark): boolean {
  return a.rank !== b.rank ? a.rank > b.rank : isAfter(a, b);
}

interface Said {
  readonly name: keyof SubjectState['detailMarks'];
  readonly rank: number;
  readonly values: Partial<Details>;
}

function paymentDetails(fact: PaymentFact): readonly Said[] {
  const said: Said[] = [];
  const opening = isOpening(fact.fact);
  if (fact.amountMinor !== null && fact.currency !== null) {
    // What is owed comes from failures and due dates; a settlement names what was paid.
    const values = { amountMinor: fact.amountMinor, currency: fact.currency };
    said.push({ name: 'amountMinor', rank: opening ? 1 : 0, values });
  }
  const { customer } = fact;
  if (Object.values(customer).some((value) => value !== null)) {
    said.push({ name: 'customer', rank: customer.email === null ? 0 : 1, values: { customer } });
  }
  if (fact.number !== null) said.push({ name: 'number', rank: 0, values: { number: fact.number } });
  if (fact.payUrl !== null) said.push({ name: 'payUrl', rank: 0, values: { payUrl: fact.payUrl } });
  if (fact.dueAt !== null) said.push({ name: 'dueAt', rank: 0, values: { dueAt: fact.dueAt } });
  if (!opening) return said;
  if (fact.reason !== null) said.push({ name: 'reason', rank: 0, values: { reason: fact.reason } });
  if (fact.decline !== null) {
    said.push({ name: 'decline', rank: 0, values: { decline: fact.decline } });
  }
  // "No further attempt" is a statement too, but only from who counts attempts.
  const { attemptCount, nextAttemptAt } = fact;
  const rank = attemptCount === null && nextAttemptAt === null ? 0 : 1;
  said.push({ name: 'attempt', rank, values: { attemptCount, nextAttemptAt } });
  return said;
}

function alertDetails(fact: AlertFact): readonly Said[] {
  const said: Said[] = [{ name: 'title', rank: 0, values: { title: fact.title } }];
  if (fact.url !== null) said.push({ name: 'url', rank: 0, values: { url: fact.url } });
  if (fact.severity !== null) {
    said.push({ name: 'severity', rank: 0, values: { severity: fact.severity } });
  }
  const { assigneeLogins } = fact;
  if (assigneeLogins.length > 0) {
    said.push({ name: 'assigneeLogins', rank: 0, values: { assigneeLogins } });
  }
  return said;
}
