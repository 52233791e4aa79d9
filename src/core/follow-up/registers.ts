/**
 * What was said about a subject, kept so that neither order nor repetition can matter: every value
 * is a register that only moves forward (a join semilattice), in time order, ties by event key.
 */
import { type AlertFact, isAlertFact, type PaymentFact, type SubjectFact } from '../fact.ts';
import { verdictOf, withVerdict } from './disputes.ts';
import { byTime, isAfter } from './marks.ts';
import { isPart, settlesOnlyIfWhole, withPart } from './parts.ts';
import { isAnsweredForGood, isOpening } from './status.ts';
import type { Details, Mark, Opening, RankedMark, SubjectState } from './types.ts';

export const OPENINGS_MAX = 32;
/** Of a payment that is disputed more often the newest count. */
const DISPUTES_MAX = 16;
const SEEN_MAX = 64;
export const ALIASES_MAX = 16;
/** More are kept only if any reading needs them. */
const CARRIED_MAX = 33;

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

/** The state after a fact was said at `at`; status and follow-up are derived from it afterwards. */
export function recordFact(
  state: SubjectState,
  fact: SubjectFact,
  eventKey: string,
  at: number,
): SubjectState {
  const mark: Mark = { at, eventKey };
  const part = isPart(state.subject, fact);
  const partOnly = part && settlesOnlyIfWhole(fact);
  const known = state.marks[fact.fact];
  const verdict = verdictOf(fact, eventKey, at);
  const isOfWhole = !partOnly && verdict === null;
  const isNews = isOfWhole && (known === undefined || isAfter(mark, known));
  const marked: SubjectState = {
    ...state,
    marks: isNews ? { ...state.marks, [fact.fact]: mark } : state.marks,
    parts: partOnly ? withPart(state.parts, fact, eventKey, at) : state.parts,
    ...(verdict === null ? {} : { verdicts: withVerdict(state.verdicts, verdict) }),
    seen: withSeen(state.seen, eventKey, fact),
  };
  const opened = isOpening(fact.fact)
    ? [...state.openings, openingOf(fact, mark, !part)]
    : state.openings;
  const openings = pruneOpenings(opened, marked);
  const carried = carry(marked, openings, fact, eventKey);
  return recordDetails({ ...marked, openings, carried }, fact, mark, part);
}

function openingOf(fact: SubjectFact, mark: Mark, whole: boolean): Opening {
  if (isAlertFact(fact)) {
    return { ...mark, fact: fact.fact, owedMinor: null, currency: null, whole };
  }
  const { amountMinor: owedMinor, currency, dispute } = fact;
  const opening = { ...mark, fact: fact.fact, owedMinor, currency, whole };
  return fact.fact === 'payment.disputed' && dispute !== undefined
    ? { ...opening, dispute }
    : opening;
}

/** One event may say several things of one subject, or of several that are one; each is seen. */
export function seenKey(eventKey: string, { fact, ref }: SubjectFact): string {
  return `${eventKey}|${fact}|${ref}`;
}

/** Each once: what comes again must not push others out. */
export function withSeen(
  seen: readonly string[],
  eventKey: string,
  fact: SubjectFact,
): readonly string[] {
  const key = seenKey(eventKey, fact);
  return seen.includes(key) ? seen : [...seen, key].slice(-SEEN_MAX);
}

/**
 * Openings that were answered for good can never matter again: those times only grow. Of the rest
 * the earliest (the anchor) and the newest are kept, which any arrival order agrees on. The earliest
 * since a person resolved is an anchor too, or a storm of failures would drag it along, and so is
 * each dispute, or the storm would bury it.
 */
function pruneOpenings(openings: readonly Opening[], state: SubjectState): readonly Opening[] {
  const open = openings.filter((opening) => !isAnsweredForGood(state, opening)).toSorted(byTime);
  const unique = open.filter((opening, index) => !sameOpening(opening, open[index - 1]));
  if (unique.length <= OPENINGS_MAX) return unique;
  const anchors = anchorsOf(unique, state);
  const newest = unique.slice(anchors.length - OPENINGS_MAX);
  return [...anchors.filter((anchor) => !newest.includes(anchor)), ...newest];
}

function anchorsOf(openings: readonly Opening[], state: SubjectState): readonly Opening[] {
  const resolvedAt = state.manual?.at ?? Number.NEGATIVE_INFINITY;
  const firstSince = openings.find(({ at }) => at > resolvedAt);
  const disputes = firstOfEachDispute(openings);
  return openings.filter(
    (opening, index) => index === 0 || opening === firstSince || disputes.has(opening),
  );
}

function firstOfEachDispute(openings: readonly Opening[]): ReadonlySet<Opening> {
  const firsts = new Map<string | undefined, Opening>();
  for (const opening of openings) {
    if (opening.fact !== 'payment.disputed' || firsts.has(opening.dispute)) continue;
    firsts.set(opening.dispute, opening);
  }
  return new Set([...firsts.values()].slice(-DISPUTES_MAX));
}

function sameOpening(a: Opening, b: Opening | undefined): boolean {
  return b !== undefined && a.at === b.at && a.eventKey === b.eventKey && a.fact === b.fact;
}

/**
 * A payment that later turns out to be part of another takes its facts along, for what they say may
 * weigh differently there. Beyond the bound stay those that any reading needs: the latest of each
 * name, the parts, the verdicts and what anchors a follow-up, of which there are no more than that.
 */
function carry(
  state: SubjectState,
  openings: readonly Opening[],
  fact: SubjectFact,
  eventKey: string,
): SubjectState['carried'] {
  if (state.kind === 'alert') return [];
  const key = seenKey(eventKey, fact);
  const others = state.carried.filter((kept) => seenKey(kept.eventKey, kept.fact) !== key);
  const all = [...others, { fact, eventKey }];
  if (all.length <= CARRIED_MAX) return all;
  const needed = [...state.parts, ...(state.verdicts ?? []), ...anchorsOf(openings, state)];
  return all.filter(
    (kept) =>
      state.marks[kept.fact.fact]?.eventKey === kept.eventKey ||
      needed.some((one) => one.fact === kept.fact.fact && one.eventKey === kept.eventKey),
  );
}

function recordDetails(
  state: SubjectState,
  fact: SubjectFact,
  mark: Mark,
  part: boolean,
): SubjectState {
  const said = isAlertFact(fact) ? alertDetails(fact) : paymentDetails(fact, part);
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

/** What the subject says of itself beats what one payment towards it says. */
function paymentDetails(fact: PaymentFact, part: boolean): readonly Said[] {
  const said: Said[] = [];
  const opening = isOpening(fact.fact);
  if (fact.amountMinor !== null && fact.currency !== null) {
    // What is owed comes from failures and due dates; a settlement names what was paid.
    const values = { amountMinor: fact.amountMinor, currency: fact.currency };
    said.push({ name: 'amountMinor', rank: opening ? (part ? 1 : 2) : 0, values });
  }
  const { customer } = fact;
  if (Object.values(customer).some((value) => value !== null)) {
    const rank = customer.email === null ? 0 : part ? 1 : 2;
    said.push({ name: 'customer', rank, values: { customer } });
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
