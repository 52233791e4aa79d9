/** Episodes: when a follow-up opens, goes on, changes its anchor, resumes or closes. */
import type { Ladder } from '../ladder.ts';
import { disputesOf } from './disputes.ts';
import { openNow, settledAt } from './status.ts';
import type {
  FollowUp,
  FollowUpStatus,
  LadderRole,
  Opening,
  Policy,
  SubjectState,
} from './types.ts';

export interface Episode {
  readonly followUp: FollowUp;
  readonly rule: 'opened' | 'same_episode' | 'reopened' | 'ladder_changed';
  /** The former episode was settled: a hold was put on that one, not on what comes after it. */
  readonly formerEnded: boolean;
}

type Openings = readonly [Opening, ...Opening[]];

/**
 * What nothing has answered, earliest first. Null: all is answered, or belongs to another subject.
 */
export function openings(state: SubjectState): Openings | null {
  const [first, ...rest] = state.linkedTo === null ? openNow(state) : [];
  return first === undefined ? null : [first, ...rest];
}

/**
 * The follow-up that the open facts ask for. It is a new one when something settled the subject
 * since the last one opened; else the same goes on, with what was done kept.
 */
export function episodeOf(
  state: SubjectState,
  open: Openings,
  now: number,
  policy: Policy,
): Episode {
  const previous = state.followUp;
  const role = roleOf(state, open);
  const formerEnded = previous !== null && isEnded(state, previous, openedBy(open, role).at);
  // A dispute is an episode of its own: it takes over from whatever the team was told before.
  const isNewDispute = role === 'disputed' && previous !== null && !isAbout(previous, open);
  if (previous === null || formerEnded || isNewDispute) {
    const followUp = newFollowUp(state, open, role, now, policy);
    return { followUp, rule: 'opened', formerEnded };
  }
  return { ...continued(state, open, role, now, policy, previous), formerEnded };
}

function isAbout({ role, disputes = [] }: FollowUp, open: Openings): boolean {
  return role === 'disputed' && disputesOf(open).every((dispute) => disputes.includes(dispute));
}

/**
 * Something settled it, and nobody was told or acted since what is open now came up. Heard of late, a
 * settlement ends nothing that people were told after it: who got a reminder yesterday must not get
 * it again because an old payment, and an older failure, were reported today.
 */
export function isEnded(state: SubjectState, previous: FollowUp, openSince: number): boolean {
  const settled = settledAt(state, previous.role === 'disputed' ? 'dispute' : 'money');
  if (settled === null || settled < previous.openedAt) return false;
  // Closed in the moment it was created: had its end been heard first, it would never have been.
  if (previous.closedAt === previous.createdAt) return true;
  const doneAt = [
    previous.createdAt,
    previous.acknowledged?.at ?? 0,
    previous.heldAt ?? 0,
    state.hold?.since ?? 0,
    ...previous.steps.filter(({ result }) => result === 'notified').map(({ at }) => at),
  ];
  return Math.max(...doneAt) < openSince;
}

/**
 * The role depends on all that was said, so a fact that comes late may change the ladder; once
 * somebody was told something, the ladder they are on stays.
 */
function continued(
  state: SubjectState,
  open: Openings,
  role: LadderRole,
  now: number,
  policy: Policy,
  previous: FollowUp,
): Pick<Episode, 'followUp' | 'rule'> {
  const told = previous.steps.some((record) => record.result === 'notified');
  const moves = !told && previous.role !== role;
  const ladder = moves ? ladderOf(role, policy) : previous.ladder;
  const pinnedRole = moves ? role : previous.role;
  const resumed = previous.closedAt !== null;
  const kept: FollowUp = {
    ...previous,
    role: pinnedRole,
    ladder,
    openedAt: openedBy(open, pinnedRole).at,
    anchorAt: anchorOf(state, open, ladder, pinnedRole),
    steps: moves ? [] : previous.steps,
    closedAt: null,
    closedBy: null,
  };
  // Closed by one fact of a moment and resumed by another, it was never closed.
  const settleBy = previous.closedAt === now ? now : now + policy.settleMs;
  const waiting = resumed
    ? postponed(postponed(kept, 'remind', settleBy), 'escalate', settleBy)
    : kept;
  return {
    followUp: { ...waiting, status: standing(state, waiting) },
    rule: resumed ? 'reopened' : moves ? 'ladder_changed' : 'same_episode',
  };
}

function newFollowUp(
  state: SubjectState,
  open: Openings,
  role: LadderRole,
  now: number,
  policy: Policy,
): FollowUp {
  const ladder = ladderOf(role, policy);
  const settleBy = now + policy.settleMs;
  return {
    status: 'active',
    role,
    openedAt: openedBy(open, role).at,
    createdAt: now,
    anchorAt: anchorOf(state, open, ladder, role),
    notBefore: { remind: settleBy, escalate: settleBy },
    ladder,
    steps: [],
    next: null,
    acknowledged: null,
    escalatedAt: null,
    closedAt: null,
    closedBy: null,
    ...(role === 'disputed' ? { disputes: disputesOf(open) } : {}),
  };
}

/** Where a follow-up stands. */
export function standing(state: SubjectState, followUp: FollowUp): FollowUpStatus {
  if (followUp.closedAt !== null) return 'closed';
  if (state.hold !== null) return 'held';
  if (followUp.acknowledged !== null) return 'acknowledged';
  return followUp.escalatedAt === null ? 'active' : 'escalated';
}

/** Steps of one kind wait, those of the other do not: a reminder put off delays no escalation. */
export function postponed(
  followUp: FollowUp,
  kind: keyof FollowUp['notBefore'],
  until: number,
): FollowUp {
  const at = Math.max(followUp.notBefore[kind], until);
  return { ...followUp, notBefore: { ...followUp.notBefore, [kind]: at } };
}

/** A function of what is open, not of what came first: dispute, due date, action, failure. */
export function roleOf(state: SubjectState, open: readonly Opening[]): LadderRole {
  const says = (fact: Opening['fact']): boolean => open.some((opening) => opening.fact === fact);
  // Nobody said how bad it is: neither a page at night nor a week of silence.
  if (state.kind === 'alert') return state.details.severity ?? 'medium';
  if (says('payment.disputed')) return 'disputed';
  if (state.details.dueAt !== null) return 'due';
  return says('payment.action_required') ? 'actionRequired' : 'failed';
}

/** The policy's ladder for a role; the severities are the roles of alerts. */
export function ladderOf(role: LadderRole, { ladders }: Policy): Ladder {
  switch (role) {
    case 'failed':
    case 'actionRequired':
    case 'due':
    case 'disputed':
      return ladders[role];
    default:
      return ladders.alert[role];
  }
}

/** What else is open does not date a dispute. */
function openedBy(open: Openings, role: LadderRole): Opening {
  const dispute = open.find(({ fact }) => fact === 'payment.disputed');
  return role === 'disputed' ? (dispute ?? open[0]) : open[0];
}

/** What the offsets of a ladder count from. */
export function anchorOf(
  state: SubjectState,
  open: Openings,
  ladder: Ladder,
  role: LadderRole,
): number {
  const opened = openedBy(open, role).at;
  return ladder.anchor === 'due' ? (state.details.dueAt ?? opened) : opened;
}
