/**
 * The draft of one decision: the state under way and the effects so far. Local to one call of
 * `decide`; nothing outside ever sees it change.
 */
import type { NoticeContent, Person, TemplateName } from '../notice.ts';
import { noticeIdOf } from './telling.ts';
import type {
  Decision,
  Effect,
  FollowUp,
  NoticeRecord,
  Policy,
  StepRecord,
  SubjectState,
  TimelineEntry,
} from './types.ts';

export const TIMELINE_MAX = 100;
export const NOTICES_MAX = 50;

export interface Draft {
  state: SubjectState;
  readonly effects: Effect[];
  readonly now: number;
  readonly policy: Policy;
  /** What is deciding: an event, a timer, a person. */
  readonly cause: string;
  decision: string;
  rule: string;
}

/** A draft that changes nothing yet; `now` is follow-up time, epoch ms. */
export function draftOf(state: SubjectState, now: number, policy: Policy, cause: string): Draft {
  return { state, effects: [], now, policy, cause, decision: 'nothing to do', rule: 'unchanged' };
}

/** Puts a line on the timeline; the last one is the decision's own answer. */
export function note(draft: Draft, decision: string, rule: string, detail?: string): void {
  draft.decision = decision;
  draft.rule = rule;
  const entry: TimelineEntry = {
    at: draft.now,
    cause: draft.cause,
    decision,
    rule,
    ...(detail === undefined ? {} : { detail }),
  };
  const timeline = [...draft.state.timeline, entry].slice(-TIMELINE_MAX);
  draft.state = { ...draft.state, timeline };
}

/** A storm of repeats must not push the story off the timeline. */
export function noteOnce(draft: Draft, decision: string, rule: string): void {
  const last = draft.state.timeline.at(-1);
  if (last?.cause === draft.cause && last.rule === rule) {
    draft.decision = decision;
    draft.rule = rule;
    return;
  }
  note(draft, decision, rule);
}

/** Into the draft's state; null where the subject has no follow-up. */
export function setFollowUp(draft: Draft, followUp: FollowUp | null): void {
  draft.state = { ...draft.state, followUp };
}

/** A step is recorded once: a later word about it replaces the earlier. */
export function recordStep(draft: Draft, followUp: FollowUp, record: StepRecord): FollowUp {
  const steps = [...followUp.steps.filter(({ step }) => step !== record.step), record];
  const recorded = { ...followUp, steps };
  setFollowUp(draft, recorded);
  return recorded;
}

export interface Telling {
  readonly step: string;
  readonly template: TemplateName;
  readonly audience: 'customer' | 'team';
  readonly people: readonly Person[];
  readonly content: NoticeContent;
}

/** Decides one notice per person, and remembers each. */
export function tell(draft: Draft, telling: Telling): void {
  const { step, template, audience, people, content } = telling;
  const { subject, generation } = draft.state;
  const shadow = audience === 'customer' && !draft.policy.live;
  const to = people.map((person, place) => ({
    noticeId: noticeIdOf(subject, { step, generation }, place, draft.now),
    // Written as the customer would have read it, in their name, language and zone.
    person: shadow ? { ...person, address: firstOfTeam(draft.policy).address } : person,
    intended: shadow ? person.address : null,
  }));
  const records: readonly NoticeRecord[] = to.map(({ noticeId, person, intended }) => ({
    id: noticeId,
    step,
    generation,
    template,
    audience,
    to: person.address,
    intended,
    at: draft.now,
    outcome: null,
  }));
  draft.state = {
    ...draft.state,
    notices: [...draft.state.notices, ...records].slice(-NOTICES_MAX),
  };
  draft.effects.push({ kind: 'notify', step, generation, template, audience, to, content });
}

/** The config refuses a source without anybody to tell, so this is a bug and is set aside. */
function firstOfTeam({ tiers }: Policy): Person {
  const person = tiers[0]?.[0];
  if (person === undefined) throw new Error('nobody is in the first tier');
  return person;
}

/** The draft as the answer of `decide`; a wish that was not granted is a `refuse`. */
export function decisionOf({ state, effects, decision, rule }: Draft): Decision {
  return { state, effects, decision, rule, accepted: true };
}

/** An operator's wish that cannot be granted: nothing changes, and the answer says why. */
export function refuse(draft: Draft, decision: string, rule: string): Decision {
  return { state: draft.state, effects: [], decision, rule, accepted: false };
}
