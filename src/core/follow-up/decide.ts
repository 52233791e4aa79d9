/**
 * The follow-up engine: what an input makes of a subject, and what must be done about it. Pure:
 * `now` is an argument, the policy plain values, and the same call gives the same answer for ever.
 */
import type { SubjectKind } from '../fact.ts';
import { type Draft, decisionOf, draftOf, note, noteOnce } from './draft.ts';
import { learn, onHandOver, onLink } from './join.ts';
import { onOperator } from './operator.ts';
import { HOPS_MAX, onOutcome } from './outcome.ts';
import { type Change, noteChange, refresh } from './refresh.ts';
import { EMPTY_DETAILS, seenKey, withSeen } from './registers.ts';
import { matterOf, settledAt } from './status.ts';
import { onTimer } from './timer.ts';
import type { Decision, FactInput, Input, Policy, SubjectFactName, SubjectState } from './types.ts';

export interface DecideInput {
  /** Null: nothing was ever said about this subject. */
  readonly state: SubjectState | null;
  /** `{source}/{ref}`. */
  readonly subject: string;
  readonly kind: SubjectKind;
  readonly input: Input;
  /** Follow-up time, epoch ms. */
  readonly now: number;
  readonly policy: Policy;
}

/**
 * The next state, and what must be done about it. A person's wish that cannot be granted is
 * answered with `accepted: false`. Throws where somebody must look: nobody to tell, links in a
 * circle.
 */
export function decide({ state, subject, kind, input, now, policy }: DecideInput): Decision {
  const before = state ?? emptyState(subject, kind);
  const draft = draftOf(before, now, policy, causeOf(input));
  switch (input.kind) {
    case 'fact':
      onFact(draft, input);
      return decisionOf(draft);
    case 'timer':
      onTimer(draft, input.generation);
      return decisionOf(draft);
    case 'link':
      onLink(draft, input.to);
      return decisionOf(draft);
    case 'handOver':
      onHandOver(draft, input);
      return decisionOf(draft);
    case 'outcome':
      onOutcome(draft, input);
      return decisionOf(draft);
    default:
      return onOperator(draft, input);
  }
}

/** A subject (`{source}/{ref}`) of which nothing was said yet. */
export function emptyState(subject: string, kind: SubjectKind): SubjectState {
  return {
    v: 1,
    kind,
    subject,
    status: 'unknown',
    generation: 0,
    marks: {},
    openings: [],
    parts: [],
    details: EMPTY_DETAILS,
    detailMarks: {},
    seen: [],
    manual: null,
    hold: null,
    followUp: null,
    timeline: [],
    notices: [],
    aliases: [],
    linkedTo: null,
    carried: [],
    expiresAt: null,
  };
}

function causeOf(input: Input): string {
  switch (input.kind) {
    case 'fact': {
      const via = input.via === 'webhook' ? '' : ` (${input.via})`;
      return `event ${input.eventKey} ${input.fact.fact}${via}`;
    }
    case 'timer':
      return `timer g${input.generation}`;
    case 'link':
      return `link to ${input.to}`;
    case 'handOver':
      return `hand-over by ${input.path.at(-1) ?? 'nobody'}`;
    case 'outcome':
      return `notice ${input.noticeId}`;
    default:
      return `person ${input.actor}: ${input.kind}`;
  }
}

function onFact(draft: Draft, { fact: said, eventKey, via, hops = 0 }: FactInput): void {
  const before = draft.state;
  // A fact without a time is dated once, here: handed on later, it must not count as news.
  const at = said.occurredAt ?? draft.now;
  const fact = { ...said, occurredAt: at };
  // What comes by here again on its way is for the other to know, or not.
  const isPassing = before.linkedTo !== null && (via === 'forwarded' || via === 'replay');
  // A bug of a table: set aside, it is shown, and comes again when the circle has a subject.
  if (isPassing && hops >= HOPS_MAX) throw new Error('links in a circle: no id is the subject');
  if (!isPassing && before.seen.includes(seenKey(eventKey, fact))) {
    noteOnce(draft, 'already known', 'duplicate');
    return;
  }
  if (before.linkedTo !== null) {
    draft.state = { ...before, seen: withSeen(before.seen, eventKey, fact) };
    draft.effects.push({ kind: 'forward', to: before.linkedTo, fact, eventKey, hops: hops + 1 });
    note(draft, `handed on to ${before.linkedTo}`, 'joined');
    return;
  }
  learn(draft, fact, eventKey);
  const change = refresh(draft);
  const settled = settledAt(before, matterOf(fact.fact));
  const late = settled !== null && at <= settled && change === null;
  const learned = saysMore(before, draft.state, fact.fact);
  noteChange(draft, change, otherwise(draft, before, late || !learned));
}

/** What is worth a line where no follow-up opened, moved or closed. */
function otherwise(draft: Draft, before: SubjectState, isStale: boolean): Change {
  const { status, followUp } = draft.state;
  // A payment that is heard of after the ladder has ended, or a person resolved it.
  if (before.manual !== null && status !== before.status) {
    return { decision: `now ${status}`, rule: status };
  }
  if (isStale) return { decision: 'too late to change anything', rule: 'stale' };
  const known = status === 'unknown' ? 'nothing to follow up yet' : status;
  return { decision: `noted; ${known}`, rule: followUp === null ? 'no_episode' : 'same_episode' };
}

/** Did the fact add anything: a newer word, another opening, a detail? */
function saysMore(before: SubjectState, after: SubjectState, fact: SubjectFactName): boolean {
  return (
    after.marks[fact] !== before.marks[fact] ||
    after.verdicts !== before.verdicts ||
    after.details !== before.details ||
    after.openings.length !== before.openings.length
  );
}
