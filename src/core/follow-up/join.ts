/**
 * Two ids turn out to be one payment. The one that belongs to the other hands over all it holds, in
 * one piece, and passes on whatever comes later: what people did counts as done to the payment, and
 * nobody hears a second time what they were told under the other id.
 */
import { isPaymentFact, type SubjectFact } from '../fact.ts';
import { type Draft, NOTICES_MAX, note, noteOnce, setFollowUp } from './draft.ts';
import { spareEscalations } from './operator.ts';
import { noteChange, refresh } from './refresh.ts';
import { ALIASES_MAX, recordFact, seenKey } from './registers.ts';
import type { Estate, FollowUp, HandOver, Hold, StepRecord, SubjectState } from './types.ts';

/** Takes in what a fact says, and tells the other ids it names that they belong here. */
export function learn(draft: Draft, fact: SubjectFact, eventKey: string): void {
  draft.state = recordFact(draft.state, fact, eventKey, fact.occurredAt ?? draft.now);
  if (isPaymentFact(fact)) linkAliases(draft, fact.aliases);
}

/** Each other id is told once that it belongs here; telling twice would only cost. */
function linkAliases(draft: Draft, aliases: readonly string[]): void {
  for (const alias of aliases) {
    const { state } = draft;
    if (state.aliases.includes(alias) || state.subject.endsWith(`/${alias}`)) continue;
    draft.state = { ...state, aliases: [...state.aliases, alias].slice(-ALIASES_MAX) };
    draft.effects.push({ kind: 'link', alias });
  }
}

/** This id belongs to another subject: what is known goes there, and so does all that follows. */
export function onLink(draft: Draft, to: string): void {
  const { state } = draft;
  if (to === state.subject || to === state.linkedTo) {
    noteOnce(draft, 'already joined', 'duplicate');
    return;
  }
  const estate = estateOf(state);
  // What was handed over once is not this subject's to hand over again.
  if (state.linkedTo === null && isWorthTelling(estate)) {
    draft.effects.push({ kind: 'handOver', to, path: [state.subject], estate });
  }
  draft.state = { ...state, linkedTo: to };
  refresh(draft);
  draft.state = { ...draft.state, carried: [], openings: [], hold: null };
  note(draft, `belongs to ${to}: ${spoken(estate)} handed over`, 'joined');
}

function estateOf(state: SubjectState): Estate {
  const { carried: facts, generation, followUp, hold, manual, notices } = state;
  return { facts, generation, followUp, hold, manual, notices };
}

function isWorthTelling({ facts, followUp, manual, notices }: Estate): boolean {
  return facts.length > 0 || followUp !== null || manual !== null || notices.length > 0;
}

export function onHandOver(draft: Draft, { path, estate }: HandOver): void {
  const { linkedTo, subject } = draft.state;
  if (linkedTo !== null && !isHeadOfCircle(subject, linkedTo, path)) {
    draft.effects.push({ kind: 'handOver', to: linkedTo, path: [...path, subject], estate });
    note(draft, `handed on to ${linkedTo}`, 'joined');
    return;
  }
  draft.state = { ...draft.state, linkedTo: null };
  for (const { fact, eventKey } of estate.facts) {
    if (draft.state.seen.includes(seenKey(eventKey, fact))) continue;
    learn(draft, fact, eventKey);
    note(draft, `takes over event ${eventKey} ${fact.fact}`, 'joined');
  }
  takeOver(draft, estate);
  noteChange(draft, refresh(draft), { decision: `takes over ${spoken(estate)}`, rule: 'joined' });
}

/**
 * Links in a circle name no subject that the others belong to; without one, what is handed over
 * would go round for ever. Every member finds the same one: the first by name.
 */
function isHeadOfCircle(subject: string, linkedTo: string, path: readonly string[]): boolean {
  const entry = path.indexOf(linkedTo);
  return entry >= 0 && path.slice(entry).every((member) => subject <= member);
}

function takeOver(draft: Draft, estate: Estate): void {
  const { state } = draft;
  const own = state.followUp;
  // Its timer counts on a generation that is about to pass; the refresh arms another.
  if (own !== null && own.next !== null) draft.effects.push({ kind: 'disarm' });
  // A hold on what is over says nothing about what is open here.
  const isOver = estate.followUp?.closedAt !== null && own?.closedAt === null;
  const notices = [...state.notices, ...estate.notices].toSorted((a, b) => a.at - b.at);
  draft.state = {
    ...state,
    // Beyond both: a notice is told apart by its step and generation.
    generation: Math.max(state.generation, estate.generation) + 1,
    hold: longer(state.hold, isOver ? null : estate.hold),
    manual: later(state.manual, estate.manual),
    notices: notices.slice(-NOTICES_MAX),
  };
  const merged = mergedFollowUp(own, estate.followUp);
  if (merged === null) return;
  const followUp = { ...merged, next: null };
  setFollowUp(draft, followUp.acknowledged === null ? followUp : spareEscalations(draft, followUp));
}

/** Whoever asked for the longer silence had a reason. */
function longer(own: SubjectState['hold'], theirs: SubjectState['hold']): SubjectState['hold'] {
  if (own === null || theirs === null) return own ?? theirs;
  const end = ({ until }: Hold): number => until ?? Number.POSITIVE_INFINITY;
  return end(theirs) > end(own) ? theirs : own;
}

function later(a: SubjectState['manual'], b: SubjectState['manual']): SubjectState['manual'] {
  if (a === null || b === null) return a ?? b;
  return b.at > a.at ? b : a;
}

/** One of two that are both under way goes on, with what was done on the other kept. */
function mergedFollowUp(own: FollowUp | null, theirs: FollowUp | null): FollowUp | null {
  if (own === null || theirs === null) return own ?? theirs;
  const [kept, other] = precedence(theirs) > precedence(own) ? [theirs, own] : [own, theirs];
  if (other.closedAt !== null) return kept;
  return {
    ...kept,
    createdAt: Math.min(kept.createdAt, other.createdAt),
    notBefore: {
      remind: Math.max(kept.notBefore.remind, other.notBefore.remind),
      escalate: Math.max(kept.notBefore.escalate, other.notBefore.escalate),
    },
    steps: kept.ladder.id === other.ladder.id ? mergedSteps(kept.steps, other.steps) : kept.steps,
    heldAt: Math.max(kept.heldAt ?? 0, other.heldAt ?? 0),
    acknowledged: kept.acknowledged ?? other.acknowledged,
    escalatedAt: earliest(kept.escalatedAt, other.escalatedAt),
  };
}

/** Open before closed, a dispute before anything else, then the one that somebody was told of. */
function precedence({ closedAt, role, steps }: FollowUp): number {
  const told = steps.some(({ result }) => result === 'notified');
  return (closedAt === null ? 4 : 0) + (role === 'disputed' ? 2 : 0) + (told ? 1 : 0);
}

/** What one of them told is told, whatever the other made of that step. */
function mergedSteps(
  kept: readonly StepRecord[],
  others: readonly StepRecord[],
): readonly StepRecord[] {
  const told = (record: StepRecord): boolean => record.result === 'notified';
  const added = others.filter((other) => {
    const mine = kept.find(({ step }) => step === other.step);
    return mine === undefined || (told(other) && !told(mine));
  });
  return [...kept.filter(({ step }) => !added.some((other) => other.step === step)), ...added];
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function spoken({ facts, followUp, notices }: Estate): string {
  const steps = followUp?.steps ?? [];
  return `${counted(facts, 'event')}, ${counted(steps, 'step')}, ${counted(notices, 'notice')}`;
}

function counted({ length }: readonly unknown[], one: string): string {
  return length === 1 ? `1 ${one}` : `${length} ${one}s`;
}
