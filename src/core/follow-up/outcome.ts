/** What became of a notice comes back: sent, failed, skipped, postponed. */

import type { NoticeOutcome } from '../notice.ts';
import { clockText } from '../written-time.ts';
import { type Draft, note, setFollowUp } from './draft.ts';
import { postponed } from './episode.ts';
import { schedule } from './refresh.ts';
import type { NoticeRecord, StepRecord } from './types.ts';

export function onOutcome(draft: Draft, noticeId: string, outcome: NoticeOutcome): void {
  const { state } = draft;
  if (state.linkedTo !== null) {
    draft.effects.push({ kind: 'outcome', to: state.linkedTo, noticeId, outcome });
  }
  const record = state.notices.find(({ id }) => id === noticeId);
  if (record === undefined) {
    note(draft, `outcome of a forgotten notice: ${outcome.kind}`, outcome.kind, noticeId);
    return;
  }
  if (isFinal(record.outcome)) return;
  const notices = state.notices.map((kept) => (kept.id === noticeId ? { ...kept, outcome } : kept));
  draft.state = { ...state, notices };
  note(draft, outcomeText(outcome), 'rule' in outcome ? outcome.rule : outcome.kind, record.step);
  if (outcome.kind === 'postponed') postpone(draft, record, outcome.until);
  // A hold ends, a hand-over arrives: what either stopped on its way out is owed again.
  if (outcome.kind === 'skipped' && (outcome.rule === 'held' || outcome.rule === 'joined')) {
    postpone(draft, record, draft.now);
  } else if (outcome.kind === 'skipped') markSkipped(draft, record, outcome.rule);
  join(draft, record);
}

function isFinal(outcome: NoticeOutcome | null): boolean {
  return outcome !== null && outcome.kind !== 'retrying' && outcome.kind !== 'digested';
}

function outcomeText(outcome: NoticeOutcome): string {
  switch (outcome.kind) {
    case 'sent':
      return 'mail accepted by the server';
    case 'retrying':
      return `mail not sent yet, attempt ${outcome.attempt}: ${outcome.error.slice(0, 200)}`;
    case 'failed':
      return `mail failed for good: ${outcome.error.slice(0, 200)}`;
    case 'skipped':
      return 'mail not sent';
    case 'postponed':
      return `mail postponed to ${clockText(outcome.until)}`;
    case 'digested':
      return `joins a digest at ${clockText(outcome.until)}`;
  }
}

/** The step is owed again, from scratch: by then the customer may have paid. */
function postpone(draft: Draft, record: NoticeRecord, until: number): void {
  const followUp = draft.state.followUp;
  if (followUp === null || followUp.closedAt !== null) return;
  const steps = followUp.steps.filter((step) => !isOf(step, record));
  if (steps.length === followUp.steps.length) return;
  const kind = record.audience === 'customer' ? 'remind' : 'escalate';
  setFollowUp(draft, postponed({ ...followUp, steps }, kind, until));
  schedule(draft);
}

function markSkipped(draft: Draft, record: NoticeRecord, rule: StepRecord['rule']): void {
  const followUp = draft.state.followUp;
  const others = draft.state.notices.filter((notice) => sameStep(notice, record));
  if (followUp === null || others.some(({ outcome }) => outcome?.kind !== 'skipped')) return;
  const steps = followUp.steps.map((step) =>
    isOf(step, record) ? { ...step, result: 'skipped' as const, rule } : step,
  );
  setFollowUp(draft, { ...followUp, steps });
}

/** Fan-in: once the last of several people was reached or given up, one line says so. */
function join(draft: Draft, record: NoticeRecord): void {
  const all = draft.state.notices.filter((notice) => sameStep(notice, record));
  if (all.length < 2 || !all.every(({ outcome }) => isFinal(outcome))) return;
  const reached = all.filter(({ outcome }) => outcome?.kind === 'sent').length;
  note(draft, `${record.step} reached ${reached} of ${all.length}`, 'joined_outcomes', record.step);
}

function sameStep(a: NoticeRecord, b: NoticeRecord): boolean {
  return a.step === b.step && a.generation === b.generation;
}

function isOf(step: StepRecord, record: NoticeRecord): boolean {
  return step.step === record.step && step.generation === record.generation;
}
