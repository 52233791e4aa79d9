/** What became of a notice comes back: sent, failed, skipped, postponed. */

import type { NoticeOutcome } from '../notice.ts';
import { clockText } from '../written-time.ts';
import { type Draft, note, setFollowUp } from './draft.ts';
import { postponed } from './episode.ts';
import { schedule } from './refresh.ts';
import { isFinal, sameTelling, stepOf, tellingOf, toldBy } from './telling.ts';
import type { NoticeRecord, OutcomeInput, StepRecord } from './types.ts';

/** Charge to payment, payment to invoice; more only where links form a circle. */
export const HOPS_MAX = 8;

const EARLY_MAX = 16;

/**
 * Records the outcome, and passes it on where the id belongs to another subject. A final outcome
 * stays; one of a notice not known here is kept for the hand-over that may bring it.
 */
export function onOutcome(draft: Draft, { noticeId, outcome, hops = 0 }: OutcomeInput): void {
  const { state } = draft;
  const record = state.notices.find(({ id }) => id === noticeId);
  if (record !== undefined && isFinal(record.outcome)) return;
  if (state.linkedTo !== null && hops < HOPS_MAX) {
    draft.effects.push({
      kind: 'outcome',
      to: state.linkedTo,
      noticeId,
      outcome,
      hops: hops + 1,
    });
  }
  if (record === undefined) {
    // Forgotten, or the hand-over it belongs to has yet to arrive.
    const early = [...(state.early ?? []), { id: noticeId, outcome }].slice(-EARLY_MAX);
    draft.state = { ...state, early };
    note(draft, `outcome of a notice not known here: ${outcome.kind}`, outcome.kind, noticeId);
    return;
  }
  const notices = state.notices.map((kept) => (kept.id === noticeId ? { ...kept, outcome } : kept));
  draft.state = { ...state, notices };
  note(draft, outcomeText(outcome), 'rule' in outcome ? outcome.rule : outcome.kind, record.step);
  if (outcome.kind === 'sent') countTwin(draft, record);
  if (outcome.kind === 'postponed') postpone(draft, record, outcome.until);
  if (outcome.kind === 'skipped') onSkipped(draft, record, outcome);
  join(draft, record);
}

/** Two ids told the same step and then were joined: if the other mail was under way, it counts. */
function countTwin(draft: Draft, record: NoticeRecord): void {
  const { followUp } = draft.state;
  if (followUp === null || stepOf(draft.state, record) !== undefined) return;
  const { step, generation, subject } = tellingOf(record);
  const steps = followUp.steps.map((told) => {
    const isTwin = told.step === step && told.result === 'notified' && told.subject !== subject;
    const isSent = toldBy(draft.state, told).some(({ outcome }) => outcome?.kind === 'sent');
    return isTwin && !isSent ? { ...told, generation, subject } : told;
  });
  setFollowUp(draft, { ...followUp, steps });
}

/** What a hold, a hand-over or an end that was none stopped on its way out is owed again. */
const OWED_AGAIN: ReadonlySet<string> = new Set(['held', 'joined', 'settled']);

/** Of several people none was reached and none may be, or who was would be told again. */
function onSkipped(
  draft: Draft,
  record: NoticeRecord,
  { rule }: NoticeOutcome & { readonly kind: 'skipped' },
): void {
  const told = stepOf(draft.state, record);
  if (told === undefined) return;
  const outcomes = toldBy(draft.state, told).map(({ outcome }) => outcome);
  if (outcomes.some((outcome) => outcome?.kind !== 'skipped' || outcome.mayHaveArrived)) return;
  if (OWED_AGAIN.has(rule)) postpone(draft, record, draft.now);
  else markSkipped(draft, told, rule);
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
  const { followUp } = draft.state;
  const told = stepOf(draft.state, record);
  if (followUp === null || told === undefined) return;
  const steps = followUp.steps.filter((step) => step !== told);
  const kind = record.audience === 'customer' ? 'remind' : 'escalate';
  setFollowUp(draft, postponed({ ...followUp, steps }, kind, until));
  schedule(draft);
}

function markSkipped(draft: Draft, told: StepRecord, rule: StepRecord['rule']): void {
  const { followUp } = draft.state;
  if (followUp === null) return;
  const steps = followUp.steps.map((step) =>
    step === told ? { ...step, result: 'skipped' as const, rule } : step,
  );
  setFollowUp(draft, { ...followUp, steps });
}

/** Fan-in: once the last of several people was reached or given up, one line says so. */
function join(draft: Draft, record: NoticeRecord): void {
  const all = sameTelling(draft.state, record);
  if (all.length < 2 || !all.every(({ outcome }) => isFinal(outcome))) return;
  const reached = all.filter(({ outcome }) => outcome?.kind === 'sent').length;
  note(draft, `${record.step} reached ${reached} of ${all.length}`, 'joined_outcomes', record.step);
}
