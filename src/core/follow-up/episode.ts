/** Episodes: when a follow-up opens, goes on, changes its anchor, resumes or closes. */

import type { Ladder } from '../ladder.ts';
import { openNow, settledAt } from './status.ts';
import type { FollowUp, FollowUpStatus, Opening, Policy, SubjectState } from './types.ts';

export interface Episode {
  readonly followUp: FollowUp;
  readonly rule: 'opened' | 'same_episode' | 'reopened' | 'ladder_changed';
}

/**
 * The follow-up that the open facts ask for. It is a new one when something settled the subject
 * since the last one opened; else the same goes on, with what was done kept.
 */
export function episodeOf(
  state: SubjectState,
  open: readonly [Opening, ...Opening[]],
  now: number,
  policy: Policy,
): Episode {
  const previous = state.followUp;
  const ladder = chooseLadder(state, open, policy);
  const settled = settledAt(state, 'any');
  const ended = previous !== null && settled !== null && settled >= previous.openedAt;
  const newDispute =
    previous !== null && isDispute(ladder, policy) && !isDispute(previous.ladder, policy);
  if (previous === null || ended || newDispute) {
    return { followUp: newFollowUp(state, open, ladder, now, policy), rule: 'opened' };
  }
  // The choice of ladder depends on all that was said, so a fact that comes late may change it;
  // once somebody was told something, the ladder they are on stays.
  const told = previous.steps.some((record) => record.result === 'notified');
  const pinned = told || previous.ladder.id === ladder.id ? previous.ladder : ladder;
  const resumed = previous.status === 'closed';
  const kept: FollowUp = {
    ...previous,
    openedAt: open[0].at,
    anchorAt: anchorOf(state, open, pinned, policy),
    ladder: pinned,
    steps: pinned === previous.ladder ? previous.steps : [],
    closedAt: null,
    closedBy: null,
    notBefore: resumed ? now : previous.notBefore,
  };
  const rule = resumed
    ? 'reopened'
    : pinned === previous.ladder
      ? 'same_episode'
      : 'ladder_changed';
  return { followUp: { ...kept, status: standing(state, kept) }, rule };
}

function newFollowUp(
  state: SubjectState,
  open: readonly [Opening, ...Opening[]],
  ladder: Ladder,
  now: number,
  policy: Policy,
): FollowUp {
  return {
    status: state.hold === null ? 'active' : 'held',
    openedAt: open[0].at,
    anchorAt: anchorOf(state, open, ladder, policy),
    notBefore: now + policy.settleMs,
    ladder,
    steps: [],
    next: null,
    acknowledged: null,
    escalatedAt: null,
    closedAt: null,
    closedBy: null,
  };
}

/** Where an open follow-up stands. */
export function standing(state: SubjectState, followUp: FollowUp): FollowUpStatus {
  if (followUp.closedAt !== null) return 'closed';
  if (state.hold !== null) return 'held';
  if (followUp.acknowledged !== null) return 'acknowledged';
  return followUp.escalatedAt === null ? 'active' : 'escalated';
}

/** A function of what is open, not of what came first: dispute, due date, action, failure. */
export function chooseLadder(
  state: SubjectState,
  open: readonly Opening[],
  policy: Policy,
): Ladder {
  const says = (fact: Opening['fact']): boolean => open.some((opening) => opening.fact === fact);
  if (state.kind === 'alert') return policy.ladders.alert[state.details.severity ?? 'medium'];
  if (says('payment.disputed')) return policy.ladders.disputed;
  if (state.details.dueAt !== null) return policy.ladders.due;
  return says('payment.action_required') ? policy.ladders.actionRequired : policy.ladders.failed;
}

function anchorOf(
  state: SubjectState,
  open: readonly [Opening, ...Opening[]],
  ladder: Ladder,
  policy: Policy,
): number {
  if (ladder.anchor === 'due') return state.details.dueAt ?? open[0].at;
  if (!isDispute(ladder, policy)) return open[0].at;
  return open.find((opening) => opening.fact === 'payment.disputed')?.at ?? open[0].at;
}

function isDispute(ladder: Ladder, policy: Policy): boolean {
  return ladder.id === policy.ladders.disputed.id;
}

export function openings(state: SubjectState): readonly [Opening, ...Opening[]] | null {
  const [first, ...rest] = state.linkedTo === null ? openNow(state) : [];
  return first === undefined ? null : [first, ...rest];
}
