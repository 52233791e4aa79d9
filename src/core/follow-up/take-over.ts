/**
 * What an id that was joined hands over, merged into what its heir has: as if all of it had been
 * said and done under one id from the beginning, as far as both did the same things.
 */
import type { Ladder, Step } from '../ladder.ts';
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
  const { early = [], ...own } = draft.state;
  const theirs: Side = { ...estate, followUp: named(estate.followUp, from) };
  // Its timer counts on a generation that is about to pass; the refresh arms another.
  if (own.followUp !== null && own.followUp.next !== null) draft.effects.push({ kind: 'disarm' });
  const state: SubjectState = {
    ...own,
    generation: own.generation + 1,
    manual: later(endOf(own, theirs), endOf(theirs, own)),
    notices: mergedNotices(own.notices, estate.notices),
  };
  const [mine, others] = [living(state, own, theirs), living(state, theirs, own)];
  const merged = mergedFollowUp(state, mine.followUp, others.followUp);
  draft.state = { ...state, hold: longer(mine.hold, others.hold) };
  if (merged !== null) {
    const followUp = { ...merged, next: null };
    setFollowUp(
      draft,
      followUp.acknowledged === null ? followUp : spareEscalations(draft, followUp),
    );
  }
  catchUp(draft, [...own.notices, ...early]);
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
 * What was settled before the other opened says nothing of the other: it is left behind, closed or
 * not, for under its own id nobody may have heard of the payment.
 */
function living(state: SubjectState, side: Side, other: Side): Side {
  if (side.followUp === null || !isOpen(other.followUp)) return side;
  const { hold } = side;
  // A person who resolved the payment did so under either id.
  const resolved = state.manual?.kind === 'resolved' ? state.manual : null;
  const manual = endOf(side, other) ?? resolved;
  const isOver = isEnded({ ...state, hold, manual }, side.followUp, other.followUp.openedAt);
  return isOver ? { ...side, followUp: null, hold: null } : side;
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

/** What became of a notice before the follow-up it belongs to was here counts from now on. */
function catchUp(draft: Draft, before: readonly Pick<NoticeRecord, 'id' | 'outcome'>[]): void {
  for (const { id: noticeId, outcome } of before) {
    if (outcome === null || !isFinal(outcome)) continue;
    onOutcome(draft, { kind: 'outcome', noticeId, outcome, hops: HOPS_MAX });
  }
}

/** One of the two goes on, with what was done on the other kept. */
function mergedFollowUp(
  state: SubjectState,
  own: FollowUp | null,
  theirs: FollowUp | null,
): FollowUp | null {
  if (own === null || theirs === null) return own ?? theirs;
  const [kept, other] = precedence(theirs) > precedence(own) ? [theirs, own] : [own, theirs];
  // Nothing that was done about an unpaid bill was done about a dispute.
  if ((kept.role === 'disputed') !== (other.role === 'disputed')) return kept;
  if (kept.role === 'disputed' && !isSameDispute(kept, other)) return laterOf(kept, other);
  const heldAt = latest(kept.heldAt ?? null, other.heldAt ?? null);
  return {
    ...kept,
    createdAt: Math.min(kept.createdAt, other.createdAt),
    notBefore: {
      remind: Math.max(kept.notBefore.remind, other.notBefore.remind),
      escalate: Math.max(kept.notBefore.escalate, other.notBefore.escalate),
    },
    steps: oneReminderWaits(state, kept.ladder, mergedSteps(state, kept, other)),
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

/**
 * A step that both did is the one that got further, or both of its mails would go out. Ladders may
 * differ, an invoice that is due has another than its payment; their steps have the same names.
 */
function mergedSteps(state: SubjectState, kept: FollowUp, other: FollowUp): readonly StepRecord[] {
  const action = (ladder: Ladder, id: string): Step['action'] | undefined =>
    ladder.steps.find((step) => step.id === id)?.action;
  const added = other.steps.filter((theirs) => {
    // The end of their ladder is no step of this one.
    if (theirs.result === 'done') return false;
    const here = action(kept.ladder, theirs.step);
    if (here !== undefined && here !== action(other.ladder, theirs.step)) return false;
    const mine = kept.steps.find(({ step }) => step === theirs.step);
    return mine === undefined || reach(state, theirs) > reach(state, mine);
  });
  return [...kept.steps.filter(({ step }) => !added.some((one) => one.step === step)), ...added];
}

/** Of reminders that wait for the mail server, or follow one that was sent, the last one counts. */
function oneReminderWaits(
  state: SubjectState,
  ladder: Ladder,
  steps: readonly StepRecord[],
): readonly StepRecord[] {
  const reminders = ladder.steps.flatMap(({ action, id }) =>
    action === 'remind' ? (steps.find(({ step }) => step === id) ?? []) : [],
  );
  const last = reminders.findLast((record) => reach(state, record) >= 2);
  return steps.map((record) =>
    record !== last && reminders.includes(record) && reach(state, record) === 2
      ? { ...record, result: 'skipped', rule: 'collapsed' }
      : record,
  );
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
