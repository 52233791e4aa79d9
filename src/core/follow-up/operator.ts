/** What people may do: hold, release, acknowledge, resolve, reopen, note. */
import { clockText } from '../written-time.ts';
import { type Draft, decisionOf, note, recordStep, refuse, setFollowUp } from './draft.ts';
import { standing } from './episode.ts';
import { noteChange, refresh, schedule } from './refresh.ts';
import type { Decision, FollowUp, OperatorInput } from './types.ts';

/**
 * Does what a person wishes, or refuses and changes nothing: for an id that belongs to another
 * subject, for one of which nothing is known, for a wish that makes no sense as things stand.
 */
export function onOperator(draft: Draft, input: OperatorInput): Decision {
  const { state } = draft;
  if (state.linkedTo !== null) {
    return refuse(draft, `belongs to ${state.linkedTo}: act there`, 'joined');
  }
  // Whatever is kept of a subject left a line. Where there is none, a note would be state about a
  // mistyped id, and for ever: only facts say when a subject may be forgotten.
  if (state.timeline.length === 0) {
    return refuse(draft, 'nothing is known here', 'unknown_subject');
  }
  switch (input.kind) {
    case 'note':
      note(draft, `note: ${input.text.slice(0, 500)}`, 'note');
      return decisionOf(draft);
    case 'hold':
      return hold(draft, input);
    case 'release':
      return release(draft);
    case 'acknowledge':
      return acknowledge(draft, input.actor);
    case 'resolve':
      return resolve(draft, input);
    case 'reopen':
      return reopen(draft);
  }
}

function hold(draft: Draft, input: OperatorInput & { kind: 'hold' }): Decision {
  const { followUp, status } = draft.state;
  if (followUp === null || followUp.closedAt !== null) {
    return refuse(draft, `nothing to hold: ${status}`, 'not_open');
  }
  if (input.until !== null && input.until <= draft.now) {
    return refuse(draft, 'the hold would already be over', 'until_in_past');
  }
  const { until, actor } = input;
  const reason = input.reason.slice(0, 500);
  draft.state = { ...draft.state, hold: { until, reason, actor, since: draft.now } };
  setFollowUp(draft, { ...followUp, heldAt: draft.now });
  schedule(draft);
  const span = until === null ? 'until released' : `until ${clockText(until)}`;
  note(draft, `on hold ${span}`, 'held', reason);
  return decisionOf(draft);
}

function release(draft: Draft): Decision {
  if (draft.state.hold === null) return refuse(draft, 'not on hold', 'not_held');
  draft.state = { ...draft.state, hold: null };
  schedule(draft);
  note(draft, 'released', 'released');
  return decisionOf(draft);
}

function acknowledge(draft: Draft, actor: string): Decision {
  const { followUp, status } = draft.state;
  if (followUp === null || followUp.closedAt !== null) {
    return refuse(draft, `nothing to acknowledge: ${status}`, 'not_open');
  }
  if (followUp.acknowledged !== null) {
    const { by, at } = followUp.acknowledged;
    return refuse(draft, `acknowledged by ${by} at ${clockText(at)}`, 'already_acknowledged');
  }
  if (followUp.escalatedAt === null) {
    return refuse(draft, 'nothing was escalated yet', 'not_escalated');
  }
  const acknowledged = { ...followUp, acknowledged: { at: draft.now, by: actor } };
  const current = spareEscalations(draft, acknowledged);
  setFollowUp(draft, { ...current, status: standing(draft.state, current) });
  schedule(draft);
  note(draft, 'acknowledged: no further escalation', 'acknowledged');
  return decisionOf(draft);
}

/** Who acknowledged is on it: nobody else is to be paged. */
export function spareEscalations(draft: Draft, followUp: FollowUp): FollowUp {
  const done = new Set(followUp.steps.map(({ step }) => step));
  const spared = followUp.ladder.steps.filter(
    (step) => step.action === 'escalate' && !done.has(step.id),
  );
  return spared.reduce<FollowUp>(
    (current, { id }) =>
      recordStep(draft, current, {
        step: id,
        at: draft.now,
        generation: draft.state.generation,
        result: 'skipped',
        rule: 'acknowledged',
      }),
    followUp,
  );
}

function resolve(draft: Draft, input: OperatorInput & { kind: 'resolve' }): Decision {
  const { followUp, status } = draft.state;
  if (followUp === null || followUp.closedAt !== null) {
    return refuse(draft, `nothing to resolve: ${status}`, 'not_open');
  }
  const { actor, reason } = input;
  draft.state = { ...draft.state, manual: { at: draft.now, kind: 'resolved', actor, reason } };
  noteChange(draft, refresh(draft), { decision: 'resolved', rule: 'resolved' });
  return decisionOf(draft);
}

function reopen(draft: Draft): Decision {
  const { manual, status } = draft.state;
  if (manual?.kind !== 'resolved' || status !== 'resolved') {
    return refuse(draft, `only what a person resolved can be reopened: ${status}`, 'not_resolved');
  }
  draft.state = { ...draft.state, manual: null };
  noteChange(draft, refresh(draft), { decision: 'nothing is open any more', rule: 'reopened' });
  return decisionOf(draft);
}
