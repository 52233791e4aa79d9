/**
 * One checker for every fault: what the sender heard, what the archive holds, what Restate and the
 * objects remember and what the mail server took must tell one story. Pure: evidence in, verdict out.
 */
import type { PaymentFactName } from '../../src/core/fact.ts';
import type { SubjectState, TimelineEntry } from '../../src/core/follow-up/types.ts';
import type { Attempt } from './burst.ts';
import { checkMails } from './checker-mails.ts';
import { modelOf } from './checker-model.ts';

export interface SentEvent {
  readonly key: string;
  readonly subject: string;
  readonly fact: PaymentFactName;
  /** Follow-up time, epoch ms. */
  readonly occurredAt: number;
  readonly bodySha256: string;
}

export interface ArchivedEvent {
  readonly key: string;
  readonly subject: string | null;
  readonly bodySha256: string;
}

/** A run of `onFact`, as Restate's own tables tell it. Wall time, epoch ms. */
export interface FactInvocation {
  readonly key: string;
  readonly subject: string;
  readonly succeeded: boolean;
  readonly createdAt: number;
  readonly completedAt: number;
}

export interface TakenMail {
  readonly messageId: string;
  /** `g3/reminder-1`, `digest`. */
  readonly step: string;
  /** The first of them, where it is a digest. */
  readonly subject: string;
  readonly to: string;
  /** Wall time, epoch ms. */
  readonly receivedAt: number;
}

/** From the kill to the moment all was up again. Wall times, epoch ms. */
export interface Kill {
  readonly at: number;
  readonly backAt: number;
}

export interface Evidence {
  readonly sent: readonly SentEvent[];
  readonly attempts: readonly Attempt[];
  readonly archived: readonly ArchivedEvent[];
  readonly invocations: readonly FactInvocation[];
  readonly states: ReadonlyMap<string, SubjectState>;
  readonly mails: readonly TakenMail[];
  /** Outages by a kill; none: no repeated mail is excused. */
  readonly kills: readonly Kill[];
  /** Wall time of a follow-up time. */
  readonly toWall: (followUpMs: number) => number;
}

export type Rule =
  | 'acked_not_archived'
  | 'acked_not_processed'
  | 'processed_twice'
  | 'phantom'
  | 'acked_before_accepted'
  | 'order'
  | 'end_state'
  | 'step_not_told'
  | 'mail_lost'
  | 'mail_twice'
  | 'mail_phantom'
  | 'told_after_settlement';

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Events that heard 2xx: what stands behind "zero lost". */
  readonly acked: number;
  /** Pairs of one payment whose order the sender could know. */
  readonly orderedPairs: number;
  /** Different mails that were taken. */
  readonly mails: number;
  /** Mails taken twice under one Message-ID around a kill: the one exception there is. */
  readonly repeatedAroundKill: number;
  /** Mails of a decision before a kill that left after it, for a subject settled in between. */
  readonly staleAroundKill: number;
  /** Mails that left right before a kill, of notices skipped after it that admit as much. */
  readonly unclaimedAroundKill: number;
}

/** Where each event stands on the timeline of its subject: every place at which it took effect. */
export type Places = ReadonlyMap<string, readonly number[]>;

export function check(evidence: Evidence): Verdict {
  const acks = firstAcks(evidence.attempts);
  const places = placesOf(evidence.states);
  const order = checkOrder(evidence, acks, places);
  const mails = checkMails(evidence);
  return {
    violations: [
      ...checkArchive(evidence, acks),
      ...checkProcessing(evidence, acks, places),
      ...checkPhantoms(evidence, places),
      ...order.violations,
      ...checkEndStates(evidence, acks, places),
      ...mails.violations,
    ],
    acked: acks.size,
    orderedPairs: order.pairs,
    mails: new Set(evidence.mails.map(({ messageId }) => messageId)).size,
    repeatedAroundKill: mails.repeatedAroundKill,
    staleAroundKill: mails.staleAroundKill,
    unclaimedAroundKill: mails.unclaimedAroundKill,
  };
}

function firstAcks(attempts: readonly Attempt[]): ReadonlyMap<string, number> {
  const acks = new Map<string, number>();
  for (const { key, status, endedAt } of attempts) {
    if (status === null || status < 200 || status > 299) continue;
    acks.set(key, Math.min(acks.get(key) ?? Number.POSITIVE_INFINITY, endedAt));
  }
  return acks;
}

const TIMELINE_MAX = 100;

function placesOf(states: ReadonlyMap<string, SubjectState>): Places {
  const places = new Map<string, number[]>();
  for (const { subject, timeline } of states.values()) {
    // Cut evidence proves nothing; a test must not make more lines than are kept.
    if (timeline.length >= TIMELINE_MAX) throw new Error(`the timeline of ${subject} is full`);
    for (const [place, entry] of timeline.entries()) {
      const key = appliedEvent(entry);
      if (key !== null) places.set(key, [...(places.get(key) ?? []), place]);
    }
  }
  return places;
}

/** The event that took effect in this line; null: another cause, or a repeat that changed nothing. */
export function appliedEvent({ cause, rule }: TimelineEntry): string | null {
  const [kind, key] = cause.split(' ');
  return kind === 'event' && rule !== 'duplicate' ? (key ?? null) : null;
}

function checkArchive(evidence: Evidence, acks: ReadonlyMap<string, number>): Violation[] {
  const archived = new Map(evidence.archived.map((event) => [event.key, event]));
  return evidence.sent.flatMap(({ key, subject, bodySha256 }) => {
    const found = archived.get(key);
    if (found === undefined) {
      return acks.has(key) ? [violation('acked_not_archived', `${subject} ${key}`)] : [];
    }
    const isSame = found.bodySha256 === bodySha256 && found.subject === subject;
    return isSame ? [] : [violation('acked_not_archived', `${key}: other bytes or subject`)];
  });
}

/** By three witnesses: the timeline, the ring of seen keys, Restate's record of the invocation. */
function checkProcessing(
  evidence: Evidence,
  acks: ReadonlyMap<string, number>,
  places: Places,
): Violation[] {
  const runs = Map.groupBy(evidence.invocations, ({ key }) => key);
  return evidence.sent.flatMap(({ key, subject, fact }) => {
    const applied = places.get(key)?.length ?? 0;
    const invoked = runs.get(key) ?? [];
    const found: Violation[] = [];
    if (applied > 1) found.push(violation('processed_twice', `${key}: ${applied} lines`));
    if (invoked.length > 1) {
      found.push(violation('processed_twice', `${key}: ${invoked.length} invocations`));
    }
    const ackedAt = acks.get(key);
    if (ackedAt === undefined) return found;
    if (applied === 0) found.push(violation('acked_not_processed', `${subject} ${key}`));
    const ref = subject.slice(subject.indexOf('/') + 1);
    if (!evidence.states.get(subject)?.seen.includes(`${key}|${fact}|${ref}`)) {
      found.push(violation('acked_not_processed', `${key} is not among the seen`));
    }
    const [run] = invoked;
    if (run?.succeeded !== true) {
      found.push(violation('acked_not_processed', `${key}: no invocation that succeeded`));
    } else if (run.createdAt > ackedAt + CLOCK_ROUNDING_MS) {
      found.push(
        violation('acked_before_accepted', `${key}: ${run.createdAt - ackedAt} ms too early`),
      );
    }
    return found;
  });
}

/** Restate's times are whole milliseconds of the same machine. */
const CLOCK_ROUNDING_MS = 1;

function checkPhantoms(evidence: Evidence, places: Places): Violation[] {
  const sent = new Set(evidence.sent.map(({ key }) => key));
  const seen: [string, string][] = [
    ...evidence.archived.map(({ key }): [string, string] => ['archived', key]),
    ...evidence.invocations.map(({ key }): [string, string] => ['invoked', key]),
    ...Array.from(places.keys(), (key): [string, string] => ['processed', key]),
  ];
  return seen
    .filter(([, key]) => !sent.has(key))
    .map(([where, key]) => violation('phantom', `${where} and never sent: ${key}`));
}

/** What the sender could know to be earlier must have taken effect earlier. */
function checkOrder(
  evidence: Evidence,
  acks: ReadonlyMap<string, number>,
  places: Places,
): { readonly violations: readonly Violation[]; readonly pairs: number } {
  const firstSends = new Map<string, number>();
  for (const { key, sentAt } of evidence.attempts) {
    firstSends.set(key, Math.min(firstSends.get(key) ?? Number.POSITIVE_INFINITY, sentAt));
  }
  const violations: Violation[] = [];
  let pairs = 0;
  for (const events of Map.groupBy(evidence.sent, ({ subject }) => subject).values()) {
    for (const earlier of events) {
      for (const later of events) {
        const ackedAt = acks.get(earlier.key);
        const sentAt = firstSends.get(later.key);
        if (ackedAt === undefined || sentAt === undefined || ackedAt >= sentAt) continue;
        pairs += 1;
        const [before] = places.get(earlier.key) ?? [];
        const [after] = places.get(later.key) ?? [];
        if (before === undefined || after === undefined || before < after) continue;
        violations.push(violation('order', `${later.key} took effect before ${earlier.key}`));
      }
    }
  }
  return { violations, pairs };
}

/** The same facts through the pure engine, in the order in which they happened, end the same way. */
function checkEndStates(
  { sent, states }: Evidence,
  acks: ReadonlyMap<string, number>,
  places: Places,
): Violation[] {
  const delivered = sent.filter(({ key }) => acks.has(key) || places.has(key));
  return [...Map.groupBy(delivered, ({ subject }) => subject)].flatMap(([subject, events]) => {
    const wanted = essenceOf(modelOf(events));
    const found = essenceOf(states.get(subject) ?? null);
    return wanted === found
      ? []
      : [violation('end_state', `${subject}: ${found} instead of ${wanted}`)];
  });
}

/** What no order, repetition or timer may change. */
function essenceOf(state: SubjectState | null): string {
  if (state === null) return 'nothing';
  const marks = Object.entries(state.marks).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([state.status, marks, state.openings]);
}

export function violation(rule: Rule, detail: string): Violation {
  return { rule, detail };
}
