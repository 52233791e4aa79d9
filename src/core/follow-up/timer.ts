/** A timer fires: everything is checked again, because the world may have moved on since it was set. */
import type { Step } from '../ladder.ts';
import type { SkipRule } from '../notice.ts';
import { clockText } from '../written-time.ts';
import { type Draft, note, recordStep, setFollowUp, tell } from './draft.ts';
import { postponed } from './episode.ts';
import { refresh, schedule } from './refresh.ts';
import { postponement, skipRule } from './rules.ts';
import { contentOf, customerOf, isReminded, type Target, targetOf } from './steps.ts';
import type { FollowUp, SubjectState } from './types.ts';

/**
 * Fires the step that is due. A timer of an older `generation`, or with nothing open, is noted and
 * ignored; one that comes too early or during a hold fires nothing.
 */
export function onTimer(draft: Draft, generation: number): void {
  const { state, now } = draft;
  if (generation !== state.generation) {
    note(draft, 'ignored: an older timer', 'stale_generation');
    return;
  }
  const followUp = state.followUp;
  if (followUp === null || followUp.closedAt !== null) {
    note(draft, 'ignored: nothing is open', state.status);
    return;
  }
  if (state.hold !== null) {
    if (state.hold.until === null || state.hold.until > now) {
      note(draft, 'waits: on hold', 'held', state.hold.reason);
      rearm(draft);
      return;
    }
    draft.state = { ...state, hold: null };
    note(draft, 'hold ended', 'hold_ended');
  }
  const target = targetOf(draft.state, followUp, now, draft.policy);
  if (target === null) return;
  if (target.at > now) {
    // A clock that ran ahead, or a step that moved: never early, so it is armed once more.
    note(draft, `waits until ${clockText(target.at)}`, 'not_due');
    rearm(draft);
    return;
  }
  fire(draft, followUp, target);
}

/** The timer that fired is spent: the next one needs a generation of its own. */
function rearm(draft: Draft): void {
  const followUp = draft.state.followUp;
  if (followUp !== null) setFollowUp(draft, { ...followUp, next: null });
  schedule(draft);
}

function fire(draft: Draft, followUp: FollowUp, target: Target): void {
  let current = followUp;
  for (const { step } of target.collapsed) {
    current = skip(draft, current, step, 'collapsed');
  }
  const { step } = target.planned;
  if (step.action === 'close') {
    exhaust(draft, current, step);
    return;
  }
  const rule = skipRule(draft.state, step, draft.policy, draft.now);
  if (rule !== null) {
    skip(draft, current, step, rule);
    rearm(draft);
    return;
  }
  const later = postponement(draft.state, step, draft.policy, draft.now);
  if (later !== null) {
    setFollowUp(draft, postponed(current, step.action, later.until));
    note(draft, `postponed ${step.id} to ${clockText(later.until)}`, later.rule);
    rearm(draft);
    return;
  }
  if (step.action === 'remind') remind(draft, current, step);
  else escalate(draft, current, step, target.urgent);
  rearm(draft);
}

function remind(draft: Draft, followUp: FollowUp, step: Step & { action: 'remind' }): void {
  const customer = customerOf(draft.state);
  if (customer === null) return;
  const { generation } = draft.state;
  tell(draft, {
    step: step.id,
    template: step.template,
    audience: 'customer',
    people: [customer],
    content: contentOf(draft.state, followUp.anchorAt, null, null),
  });
  recordStep(draft, followUp, {
    step: step.id,
    at: draft.now,
    generation,
    result: 'notified',
    rule: null,
  });
  const whom = draft.policy.live ? 'the customer' : 'the team, in shadow of the customer';
  note(draft, `reminds ${whom}: ${step.template}`, 'due', step.id);
}

function escalate(
  draft: Draft,
  followUp: FollowUp,
  step: Step & { action: 'escalate' },
  urgent: Target['urgent'],
): void {
  const { generation } = draft.state;
  const people = draft.policy.tiers[step.tier - 1] ?? draft.policy.tiers.at(-1) ?? [];
  const isRepeated = followUp.escalatedAt !== null;
  tell(draft, {
    step: step.id,
    // Whatever the ladder calls the step: nobody is told that they were told before when they were not.
    template: step.template === 're-escalation' && !isRepeated ? 'escalation' : step.template,
    audience: 'team',
    people,
    content: contentOf(
      draft.state,
      followUp.anchorAt,
      urgent ?? whyNow(draft.state, followUp),
      step.tier,
      isLastEscalation(followUp, step),
    ),
  });
  const recorded = recordStep(draft, followUp, {
    step: step.id,
    at: draft.now,
    generation,
    result: 'notified',
    rule: null,
  });
  const escalatedAt = followUp.escalatedAt ?? draft.now;
  setFollowUp(draft, { ...recorded, escalatedAt });
  const reached = people.length === 1 ? '1 person' : `${people.length} people`;
  note(draft, `escalates to tier ${step.tier}: ${reached}`, urgent ?? 'due', step.id);
}

/** Asked of what is left, not of the ladder: a step that is owed again may come after a later one. */
function isLastEscalation({ ladder, steps }: FollowUp, step: Step): boolean {
  const done = new Set(steps.map((record) => record.step));
  return ladder.steps.every(
    ({ action, id }) => action !== 'escalate' || id === step.id || done.has(id),
  );
}

/** Why the team hears of it at this step of the ladder, in words the mail explains. */
function whyNow(state: SubjectState, followUp: FollowUp): string | null {
  if (state.kind === 'alert') return null;
  if (state.status === 'disputed') return 'disputed';
  return isReminded(state, followUp) ? 'ladder' : 'no_reminder';
}

/** The ladder ends: nobody is asked any more, until a newer failure opens it again. */
function exhaust(draft: Draft, followUp: FollowUp, step: Step): void {
  recordStep(draft, followUp, {
    step: step.id,
    at: draft.now,
    generation: draft.state.generation,
    result: 'done',
    rule: null,
  });
  const manual = { at: draft.now, kind: 'exhausted', actor: 'ladder', reason: null } as const;
  draft.state = { ...draft.state, manual };
  const change = refresh(draft);
  note(draft, change?.decision ?? 'closed follow-up', 'exhausted', step.id);
}

function skip(draft: Draft, followUp: FollowUp, step: Step, rule: SkipRule): FollowUp {
  const recorded = recordStep(draft, followUp, {
    step: step.id,
    at: draft.now,
    generation: draft.state.generation,
    result: 'skipped',
    rule,
  });
  note(draft, `does not send ${step.id}`, rule, step.id);
  return recorded;
}
