/**
 * Brings status, follow-up and timer in line with what is known. Called after every change, so
 * that the result depends on the facts alone and not on the way they came.
 */
import { clockText } from '../written-time.ts';
import { type Draft, note, setFollowUp, tell } from './draft.ts';
import { episodeOf, openings, standing } from './episode.ts';
import { settledStatus, statusOf } from './status.ts';
import { contentOf, targetOf } from './steps.ts';
import type { FollowUp, SubjectState } from './types.ts';

const DAY_MS = 86_400_000;
/** An id that was joined is needed for as long as its invoice may be open, or be disputed. */
const JOINED_TOMBSTONE_MS = 180 * DAY_MS;

/** What changed in the standing of a subject, in words for the timeline. */
export interface Change {
  readonly decision: string;
  readonly rule: string;
}

/** Derives everything anew; returns what is worth a timeline line, or null. */
export function refresh(draft: Draft): Change | null {
  draft.state = { ...draft.state, status: statusOf(draft.state) };
  const open = openings(draft.state);
  if (open === null) return settle(draft);
  const former = draft.state.followUp;
  const { followUp, rule, formerEnded } = episodeOf(draft.state, open, draft.now, draft.policy);
  // The next failure was heard of before what ended this one: it never closed, and it is over.
  if (formerEnded && former?.closedAt === null) {
    tellSettled(draft, former, settledStatus(draft.state));
  }
  const hold = formerEnded ? null : draft.state.hold;
  draft.state = { ...draft.state, expiresAt: null, hold };
  setFollowUp(draft, followUp);
  schedule(draft);
  const { ladder, next } = draft.state.followUp ?? followUp;
  const then = next === null ? 'nothing planned' : `${next.step} at ${clockText(next.at)}`;
  if (rule === 'same_episode') return null;
  const verb = rule === 'opened' ? 'opened' : rule === 'reopened' ? 'resumed' : 'moved to';
  return { decision: `${verb} follow-up ${ladder.id} v${ladder.version}: ${then}`, rule };
}

function settle(draft: Draft): Change | null {
  const { followUp, status } = draft.state;
  let change: Change | null = null;
  if (followUp !== null && followUp.closedAt === null) {
    const isOver = status !== 'joined' && status !== 'exhausted';
    setFollowUp(draft, {
      ...followUp,
      status: 'closed',
      next: null,
      closedAt: draft.now,
      closedBy: status,
    });
    // The generation moves even without a timer: closed twice in one moment, the second "it is
    // over" must not carry the id of the first.
    nextGeneration(draft);
    if (followUp.next !== null) draft.effects.push({ kind: 'disarm' });
    change = { decision: `closed follow-up: ${status}`, rule: status };
    if (isOver) tellSettled(draft, followUp, status);
  }
  const lifetimeMs = status === 'joined' ? JOINED_TOMBSTONE_MS : draft.policy.tombstoneMs;
  const at = draft.now + lifetimeMs;
  // At most one message a day: a busy settled subject must not leave a trail of them.
  if (draft.state.expiresAt === null || draft.state.expiresAt < at - DAY_MS) {
    draft.state = { ...draft.state, expiresAt: at };
    draft.effects.push({ kind: 'expire', at });
  }
  return change;
}

/** Who was woken, and was not told since, should hear that it is over. */
function tellSettled(draft: Draft, followUp: FollowUp, how: SubjectState['status']): void {
  if (followUp.escalatedAt === null) return;
  const told = draft.state.notices.filter(
    ({ audience, at }) => audience === 'team' && at >= (followUp.escalatedAt ?? 0),
  );
  const last = new Map(told.map(({ to, template }) => [to, template]));
  const addresses = new Set([...last.keys()].filter((to) => last.get(to) !== 'resolved'));
  const people = draft.policy.tiers.flat().filter((person, index, all) => {
    const first = all.findIndex(({ address }) => address === person.address) === index;
    return first && addresses.has(person.address);
  });
  if (people.length === 0) return;
  tell(draft, {
    step: 'resolved',
    template: 'resolved',
    audience: 'team',
    people,
    content: contentOf(draft.state, followUp.anchorAt, how, null),
  });
}

/**
 * Sets the one pending timer of the subject. The generation moves with it: a timer that was armed
 * for something else finds another generation and does nothing.
 */
export function schedule(draft: Draft): void {
  const { state, now, policy } = draft;
  const followUp = state.followUp;
  if (followUp === null || followUp.closedAt !== null) return;
  const next = nextOf(state, followUp, now, policy);
  setFollowUp(draft, { ...followUp, status: standing(state, followUp), next });
  const before = followUp.next;
  if (next === null) {
    if (before === null) return;
    nextGeneration(draft);
    draft.effects.push({ kind: 'disarm' });
    return;
  }
  if (before !== null && before.step === next.step && before.at === next.at) return;
  nextGeneration(draft);
  draft.effects.push({ kind: 'arm', at: next.at, generation: draft.state.generation });
}

function nextOf(
  state: SubjectState,
  followUp: FollowUp,
  now: number,
  policy: Draft['policy'],
): FollowUp['next'] {
  // A hold without an end waits for a person; one with an end is part of when a step may come.
  if (state.hold !== null && state.hold.until === null) return null;
  const target = targetOf(state, followUp, now, policy);
  return target === null ? null : { step: target.planned.step.id, at: target.at };
}

/** Whatever timer is under way finds another generation when it fires, and does nothing. */
function nextGeneration(draft: Draft): void {
  draft.state = { ...draft.state, generation: draft.state.generation + 1 };
}

/** Writes the change on the timeline, or `otherwise` where nothing of note changed. */
export function noteChange(draft: Draft, change: Change | null, otherwise: Change): void {
  const { decision, rule } = change ?? otherwise;
  note(draft, decision, rule);
}
