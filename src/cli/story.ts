/** The story of a subject as lines for a terminal. Times are local, and follow-up time. */
import type { FollowUp, NoticeRecord } from '../core/follow-up/types.ts';
import type { NoticeOutcome } from '../core/notice.ts';
import { shellWord } from '../core/shell-word.ts';
import type { SimulateAnswer, SubjectView } from '../durable/contract.ts';
import { formatMoney, readerOf } from '../mail/format.ts';
import { table } from './print.ts';
import type { SubjectNoun } from './subject-ref.ts';
import { localTime, localZone } from './times.ts';

/** Who and how much, the timeline, the notices, what is next and what can be typed. */
export function storyLines(noun: SubjectNoun, view: SubjectView): readonly string[] {
  return [
    `${view.subject}  ${view.status}`,
    ...detailLines(view),
    ...belongsLines(noun, view.linkedTo),
    ...(view.hold === null ? [] : [holdLine(view.hold)]),
    '',
    `Timeline (${localZone()})`,
    ...(view.timeline.length === 0 ? ['  nothing yet'] : []),
    ...table(
      view.timeline.map((entry) => [
        `  ${localTime(entry.at)}`,
        // A notice's id starts with the subject, which is said above already.
        entry.cause.replace(`notice ${view.subject}/`, 'notice '),
        `${entry.decision} [${entry.rule}]${entry.detail === undefined ? '' : ` ${entry.detail}`}`,
      ]),
    ),
    ...noticeLines(view.notices),
    '',
    nextLine(noun, view),
  ];
}

function belongsLines(noun: SubjectNoun, linkedTo: string | null): readonly string[] {
  if (linkedTo === null) return [];
  return [
    `Belongs to ${linkedTo}; its story goes on there. Type: hookline ${noun} show ${shellWord(linkedTo)}`,
  ];
}

const TERMINAL = readerOf(['en'], []);

function detailLines({ details }: SubjectView): readonly string[] {
  if (details === null) return [];
  const parts = [
    details.title,
    formatMoney(details.amountMinor, details.currency, TERMINAL),
    details.number === null ? null : `number ${details.number}`,
    details.customer.email,
    details.severity,
    details.reason,
    details.url,
  ].filter((part): part is string => part !== null && part !== undefined);
  return parts.length === 0 ? [] : [parts.join(', ')];
}

function holdLine(hold: NonNullable<SubjectView['hold']>): string {
  const until = hold.until === null ? 'until released' : `until ${localTime(hold.until)}`;
  return `On hold ${until}, by ${hold.actor}: ${hold.reason}`;
}

function noticeLines(notices: readonly NoticeRecord[]): readonly string[] {
  if (notices.length === 0) return ['', 'Notices: none'];
  return [
    '',
    'Notices',
    ...table(
      notices.map((notice) => [
        `  ${localTime(notice.at)}`,
        notice.template,
        notice.intended === null ? `to ${notice.audience}` : `shadow of ${notice.intended}`,
        notice.to,
        outcomeText(notice.outcome),
      ]),
    ),
  ];
}

function outcomeText(outcome: NoticeOutcome | null): string {
  if (outcome === null) return 'on its way';
  switch (outcome.kind) {
    case 'sent':
      return `sent ${localTime(outcome.at)}`;
    case 'retrying':
      return `retrying, attempt ${outcome.attempt}: ${outcome.error}`;
    case 'failed':
      return `failed: ${outcome.error}`;
    case 'skipped':
      return `skipped [${outcome.rule}]${outcome.detail === null ? '' : ` ${outcome.detail}`}`;
    case 'postponed':
      return `postponed to ${localTime(outcome.until)} [${outcome.rule}]`;
    case 'digested':
      return `in a digest at ${localTime(outcome.until)}`;
  }
}

function nextLine(noun: SubjectNoun, view: SubjectView): string {
  const { followUp } = view;
  if (followUp === null) return 'Next: nothing, no follow-up is open.';
  if (followUp.status === 'closed') return `Next: nothing, closed ${closedText(followUp)}.`;
  const verb = followUp.status === 'held' ? 'release' : 'hold';
  const tail = verb === 'hold' ? ' --until 3d --reason "…"' : '';
  const step =
    followUp.next === null
      ? 'nothing is armed'
      : `${followUp.next.step} at ${localTime(followUp.next.at)}`;
  return `Next: ${step}. To ${verb} it, type: hookline ${noun} ${verb} ${shellWord(view.subject)}${tail}`;
}

function closedText(followUp: FollowUp): string {
  return `${localTime(followUp.closedAt)} by ${followUp.closedBy ?? 'its last step'}`;
}

/** The ladder with its dates. `asked`: the id that was typed, which may belong to another subject. */
export function planLines(
  noun: SubjectNoun,
  asked: string,
  plan: SimulateAnswer,
): readonly string[] {
  if (plan.anchorAt === null && plan.steps.length === 0) {
    return [
      `Nothing asked for a follow-up of ${plan.subject}, so no ladder runs. ` +
        `Type: hookline ${noun} show ${shellWord(plan.subject)}`,
    ];
  }
  return [
    ...(plan.subject === asked ? [] : [`${asked} belongs to ${plan.subject}.`]),
    `${plan.subject}  ladder ${plan.ladder}, counted from ${localTime(plan.anchorAt)} (${localZone()})`,
    ...table(
      plan.steps.map((step) => [
        `  ${localTime(step.at)}`,
        step.step,
        step.template ?? step.action,
        step.to.length === 0 ? '-' : `to ${step.to.join(', ')}`,
        `${step.state}${step.rule === null ? '' : ` [${step.rule}]`}` +
          (step.shiftedBy.length === 0 ? '' : `, moved by ${step.shiftedBy.join(', ')}`),
      ]),
    ),
  ];
}
