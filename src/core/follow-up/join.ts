/**
 * Two ids turn out to be one payment. The one that belongs to the other hands over all it holds, in
 * one piece, and passes on whatever comes later: what people did counts as done to the payment, and
 * nobody hears a second time what they were told under the other id.
 */
import { isPaymentFact, type SubjectFact } from '../fact.ts';
import { type Draft, note, noteOnce } from './draft.ts';
import { noteChange, refresh } from './refresh.ts';
import { ALIASES_MAX, recordFact, seenKey } from './registers.ts';
import { takeOver } from './take-over.ts';
import type { Estate, HandOver, SubjectState } from './types.ts';

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
  const { carried: facts, followUp, hold, manual, notices } = state;
  return { facts, followUp, hold, manual, notices };
}

function isWorthTelling({ facts, followUp, manual, notices }: Estate): boolean {
  return facts.length > 0 || followUp !== null || manual !== null || notices.length > 0;
}

/**
 * Takes in what another id held, but for facts known here. An id that belongs to another subject
 * passes it on, unless it finds itself the head of a circle.
 */
export function onHandOver(draft: Draft, { path, estate }: HandOver): void {
  const { linkedTo, subject } = draft.state;
  if (linkedTo !== null && !isHeadOfCircle(subject, linkedTo, path)) {
    draft.effects.push({ kind: 'handOver', to: linkedTo, path: [...path, subject], estate });
    note(draft, `handed on to ${linkedTo}`, 'joined');
    return;
  }
  if (linkedTo !== null) headOfCircle(draft);
  for (const { fact, eventKey } of estate.facts) {
    if (draft.state.seen.includes(seenKey(eventKey, fact))) continue;
    learn(draft, fact, eventKey);
    note(draft, `takes over event ${eventKey} ${fact.fact}`, 'joined');
  }
  takeOver(draft, path[0] ?? subject, estate);
  noteChange(draft, refresh(draft), { decision: `takes over ${spoken(estate)}`, rule: 'joined' });
}

/**
 * What it had is with others or on its way home, and may have changed there; what went round while
 * the circle had no subject was seen here, and not taken in.
 */
function headOfCircle(draft: Draft): void {
  draft.state = { ...draft.state, linkedTo: null, seen: [], followUp: null, manual: null };
}

/**
 * Links in a circle name no subject that the others belong to; without one, what is handed over
 * would go round for ever. Every member finds the same one: the first by name.
 */
function isHeadOfCircle(subject: string, linkedTo: string, path: readonly string[]): boolean {
  const entry = path.indexOf(linkedTo);
  return entry >= 0 && path.slice(entry).every((member) => subject <= member);
}

function spoken({ facts, followUp, notices }: Estate): string {
  const steps = followUp?.steps ?? [];
  return `${counted(facts, 'event')}, ${counted(steps, 'step')}, ${counted(notices, 'notice')}`;
}

function counted({ length }: readonly unknown[], one: string): string {
  return length === 1 ? `1 ${one}` : `${length} ${one}s`;
}
