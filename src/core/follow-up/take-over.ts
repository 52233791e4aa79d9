/**
 * What an id that was joined hands over, merged into what its heir has: as if all of it had been
 * said and done under one id from the beginning, as far as both did the same things.
 */
import { type Draft, NOTICES_MAX, setFollowUp } from './draft.ts';
import { isEnded } from './episode.ts';
import { spareEscalations } from './operator.ts';
import { HOPS_MAX, onOutcome } from './outcome.ts';
import { OPENINGS_MAX } from './registers.ts';
import { isFinal, toldBy } from './telling.ts';
import type { Estate, FollowUp, Hold, NoticeRecord, StepRecord, SubjectState } from './types.ts';

/** What is merged of the two, apart from facts and notices. */
type Side = Pick<SubjectState, 'followUp' | 'hold' | 'manual'>;

/** `from`: the id that the estate comes from. Its facts are taken in already. */
export function takeOver(draft: Draft, from: string, estate: Estate): void {
  const own = draft.state;
  const theirs: Side = { ...estate, followUp: named(estate.followUp, from) };
  // Its timer counts on a generation that is about to pass; the refresh arms another.
  if (own.followUp !== null && own.followUp.next !== null) draft.effects.push({ kind: 'disarm' });
  const state: SubjectState = {
    ...own,
    generation: own.generation + 1,
    manual: later(endOf(own, theirs), endOf(theirs, own)),
    notices: mergedNotices(own.notices, estate.notices),
  };
  const hold = longer(holdOf(state, own, theirs), holdOf(state, theirs, own));
  const merged = mergedFollowUp(state, own, theirs);
  draft.state = { ...state, hold };
  if (merged !== null) {
    const followUp = { ...merged, next: null };
    setFollowUp(
      draft,
      followUp.acknowledged === null ? followUp : spareEscalations(draft, followUp),
    );
  }
  catchUp(draft, own.notices);
}

/** Whoever takes it over must still know under which id a step was told. */
function named(followUp: FollowUp | null, from: string): FollowUp | null {
  if (followUp === null) return null;
  const steps = followUp.steps.map((record) => ({ subject: from, ...record }));
  return { ...followUp, steps };
}

function isOpen(followUp: FollowUp | null): followUp is FollowUp {
  return followUp !== null && followUp.closedAt === null;
}

/**
 * Is one of them over, seen from the other? Closed may have been too early a word: who paid one of
 * several payments, and whose ladder ended, has still been told what was told.
 */
function isOver(state: SubjectState, { followUp, hold, manual }: Side, other: FollowUp): boolean {
  if (followUp === null || followUp.closedAt === null) return false;
  return isEnded({ ...state, hold, manual }, followUp, other.openedAt);
}

/** The end of one ladder is not the end of the other, which may have somebody left to tell. */
function endOf({ manual, followUp }: Side, { followUp: other }: Side): SubjectState['manual'] {
  if (manual?.kind !== 'exhausted' || isOpen(followUp) || !isOpen(other)) return manual;
  return other.openedAt > manual.at ? manual : null;
}

function later(a: SubjectState['manual'], b: SubjectState['manual']): SubjectState['manual'] {
  if (a === null || b === null) return a ?? b;
  return b.at > a.at ? b : a;
}

/** A hold on what is over says nothing about what is open. */
function holdOf(state: SubjectState, side: Side, { followUp }: Side): SubjectState['hold'] {
  return isOpen(followUp) && isOver(state, side, followUp) ? null : side.hold;
}

/** Whoever asked for the longer silence had a reason. */
function longer(own: SubjectState['hold'], theirs: SubjectState['hold']): SubjectState['hold'] {
  if (own === null || theirs === null) return own ?? theirs;
  const end = ({ until }: Hold): number => until ?? Number.POSITIVE_INFINITY;
  return end(theirs) > end(own) ? theirs : own;
}

/** Each once: in a circle of links an estate comes home, and finds its own notices there. */
function mergedNotices(
  own: readonly NoticeRecord[],
  theirs: readonly NoticeRecord[],
): readonly NoticeRecord[] {
  const all = new Map([...own, ...theirs].map((notice) => [notice.id, notice]));
  return [...all.values()].toSorted((a, b) => a.at - b.at).slice(-NOTICES_MAX);
}

/** What became of a notice while the follow-up it belongs to was away counts from now on. */
function catchUp(draft: Draft, before: readonly NoticeRecord[]): void {
  for (const { id: noticeId, outcome } of before) {
    if (outcome === null || !isFinal(outcome)) continue;
    onOutcome(draft, { kind: 'outcome', noticeId, outcome, hops: HOPS_MAX });
  }
}

/** One of the two goes on, with what was done on the other kept. */
function mergedFollowUp(state: SubjectState, own: Side, theirs: Side): FollowUp | null {
  if (own.followUp === null || theirs.followUp === null) return own.followUp ?? theirs.followUp;
  const isTheirs = precedence(theirs.followUp) > precedence(own.followUp);
  const kept = isTheirs ? theirs.followUp : own.followUp;
  const other = isTheirs ? own.followUp : theirs.followUp;
  // Nothing that was done about an unpaid bill was done about a dispute.
  if ((kept.role === 'disputed') !== (other.role === 'disputed')) return kept;
  if (kept.role === 'disputed' && !isSameDispute(kept, other)) return laterOf(kept, other);
  if (isOver(state, isTheirs ? own : theirs, kept)) return kept;
  const heldAt = latest(kept.heldAt ?? null, other.heldAt ?? null);
  return {
    ...kept,
    createdAt: Math.min(kept.createdAt, other.createdAt),
    notBefore: {
      remind: Math.max(kept.notBefore.remind, other.notBefore.remind),
      escalate: Math.max(kept.notBefore.escalate, other.notBefore.escalate),
    },
    steps: kept.ladder.id === other.ladder.id ? mergedSteps(state, kept, other) : kept.steps,
    acknowledged: kept.acknowledged ?? other.acknowledged,
    escalatedAt: earliest(kept.escalatedAt, other.escalatedAt),
    ...(heldAt === null ? {} : { heldAt }),
  };
}

/** Open before closed, a dispute before anything else, then the one that somebody was told of. */
function precedence(followUp: FollowUp): number {
  const told = followUp.steps.some(({ result }) => result === 'notified');
  return (isOpen(followUp) ? 4 : 0) + (followUp.role === 'disputed' ? 2 : 0) + (told ? 1 : 0);
}

/** Nor was what was done about one dispute done about another. */
function isSameDispute(kept: FollowUp, { disputes = [] }: FollowUp): boolean {
  const known = kept.disputes ?? [];
  return disputes.every((dispute) => known.includes(dispute));
}

/** The later dispute takes over, as it would have done had it opened under the same id. */
function laterOf(kept: FollowUp, other: FollowUp): FollowUp {
  if (isOpen(kept) !== isOpen(other)) return kept;
  const later = other.openedAt > kept.openedAt ? other : kept;
  const disputes = new Set([...(kept.disputes ?? []), ...(other.disputes ?? [])]);
  return { ...later, disputes: [...disputes].slice(-OPENINGS_MAX) };
}

/** A step that both did is the one that got further, or both of its mails would go out. */
function mergedSteps(state: SubjectState, kept: FollowUp, other: FollowUp): readonly StepRecord[] {
  const added = other.steps.filter((theirs) => {
    // The end of their ladder is no step of this one.
    if (theirs.result === 'done') return false;
    const mine = kept.steps.find(({ step }) => step === theirs.step);
    return mine === undefined || reach(state, theirs) > reach(state, mine);
  });
  return [...kept.steps.filter(({ step }) => !added.some((one) => one.step === step)), ...added];
}

/** How far the word of a step got: nobody was told, no mail arrived, one may yet, one did. */
function reach(state: SubjectState, record: StepRecord): number {
  if (record.result !== 'notified') return 0;
  const outcomes = toldBy(state, record).map(({ outcome }) => outcome);
  // Told so long ago that its notices are forgotten.
  if (outcomes.length === 0 || outcomes.some((outcome) => outcome?.kind === 'sent')) return 3;
  return outcomes.some((outcome) => !isFinal(outcome)) ? 2 : 1;
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
