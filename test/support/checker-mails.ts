/** The part of the checker that looks at mails: none lost, none twice, none after the money came. */
import type { NoticeRecord, SubjectState } from '../../src/core/follow-up/types.ts';
import {
  appliedEvent,
  type Evidence,
  type SentEvent,
  type TakenMail,
  type Violation,
  violation,
} from './checker.ts';
import { isOpen } from './checker-model.ts';

interface MailFindings {
  readonly violations: readonly Violation[];
  readonly repeatedAroundKill: number;
  readonly staleAroundKill: number;
  readonly unclaimedAroundKill: number;
}

export function checkMails(evidence: Evidence): MailFindings {
  const copies = Map.groupBy(evidence.mails, ({ messageId }) => messageId);
  const repeats = checkRepeats(evidence, copies);
  const late = checkSettled(evidence, copies);
  const notices = checkNotices(evidence, copies);
  return {
    violations: [
      ...checkSteps(evidence),
      ...notices.violations,
      ...repeats.violations,
      ...late.violations,
    ],
    repeatedAroundKill: repeats.excused,
    staleAroundKill: late.excused,
    unclaimedAroundKill: notices.excused,
  };
}

type Copies = ReadonlyMap<string, readonly TakenMail[]>;

/** While a subject is open, every step but the last was told or skipped by a rule. */
function checkSteps({ states }: Evidence): Violation[] {
  return [...states.values()].flatMap(({ subject, followUp }) => {
    if (followUp === null || followUp.closedAt !== null) return [];
    const done = new Set(followUp.steps.map(({ step }) => step));
    return followUp.ladder.steps
      .filter(({ id, action }) => action !== 'close' && !done.has(id))
      .map(({ id }) => violation('step_not_told', `${subject}: ${id}`));
  });
}

interface Findings {
  readonly violations: readonly Violation[];
  readonly excused: number;
}

/**
 * What the objects say they sent is what the mail server took, and nothing else. Excused is a mail
 * that left right before a kill and was not wanted any more after it, if its object says so.
 */
function checkNotices({ states, kills, attempts }: Evidence, copies: Copies): Findings {
  const claimed = new Set<string>();
  const violations: Violation[] = [];
  for (const { id, outcome } of [...states.values()].flatMap(({ notices }) => notices)) {
    if (outcome?.kind === 'sent') claimed.add(outcome.messageId);
    if (outcome?.kind === 'sent' && copies.has(outcome.messageId)) continue;
    if (outcome?.kind === 'skipped' || outcome?.kind === 'postponed') continue;
    violations.push(violation('mail_lost', `${id}: ${outcome?.kind ?? 'no outcome'}`));
  }
  let excused = 0;
  for (const [messageId, [mail]] of copies) {
    if (mail === undefined || claimed.has(messageId)) continue;
    const admits = noticesOf(states, mail).some(
      ({ to, outcome }) => to === mail.to && outcome?.kind === 'skipped' && outcome.detail !== null,
    );
    if (admits && isCut(kills, mail.receivedAt, handoverMs(attempts))) excused += 1;
    else violations.push(violation('mail_phantom', `${messageId}: ${accountOf(states, mail)}`));
  }
  return { violations, excused };
}

/** The notices that this mail may be. */
function noticesOf(states: Evidence['states'], { subject, step }: TakenMail) {
  const notices = states.get(subject)?.notices ?? [];
  return notices.filter((notice) => `g${notice.generation}/${notice.step}` === step);
}

function accountOf(states: Evidence['states'], mail: TakenMail): string {
  const outcomes = noticesOf(states, mail).map(
    (notice) => `${notice.to} ${JSON.stringify(notice.outcome)}`,
  );
  const says = outcomes.join(', ') || 'nothing';
  return `${mail.subject} ${mail.step} to ${mail.to}; the object says ${says}`;
}

/** One step, one mail per person. A repeat under the same id is excused around a kill only. */
function checkRepeats({ states, kills, attempts }: Evidence, copies: Copies): Findings {
  const violations: Violation[] = [];
  let excused = 0;
  for (const [messageId, mails] of copies) {
    const [first, ...more] = mails.toSorted((a, b) => a.receivedAt - b.receivedAt);
    for (const mail of more) {
      const isExcused =
        isCut(kills, first?.receivedAt ?? 0, handoverMs(attempts)) &&
        kills.some(({ at }) => mail.receivedAt > at);
      if (isExcused) excused += 1;
      else violations.push(violation('mail_twice', `${mail.subject} ${mail.step} ${messageId}`));
    }
  }
  const notices = [...states.values()].flatMap((state) => state.notices);
  const byStep = [
    ...notices.map(
      ({ id, to, generation, step }) => `${id.split('/', 2)} ${to} ${generation} ${step}`,
    ),
    ...Array.from(copies.values(), ([mail]) => mail)
      .filter((mail) => mail !== undefined && mail.step !== 'digest')
      .map((mail) => `mail ${mail?.subject} ${mail?.to} ${mail?.step}`),
  ];
  const doubled = byStep.filter((what, place) => byStep.indexOf(what) !== place);
  return {
    violations: [...violations, ...doubled.map((what) => violation('mail_twice', what))],
    excused,
  };
}

/**
 * By two witnesses. The timeline: when a step decided to tell somebody, the facts before it left
 * the subject open. The clocks: a mail that left later than a settlement was processed is wrong,
 * unless its decision was cut by a kill and taken up afterwards.
 */
function checkSettled(evidence: Evidence, copies: Copies): Findings {
  const events = new Map(evidence.sent.map((event) => [event.key, event]));
  const violations: Violation[] = [];
  let excused = 0;
  for (const state of evidence.states.values()) {
    for (const notice of state.notices.filter(({ template }) => template !== 'resolved')) {
      if (!isOpen(factsBefore(state, notice, events))) {
        violations.push(violation('told_after_settlement', `decided: ${notice.id}`));
      }
      const lateness = leftTooLate(evidence, state, notice, copies);
      if (lateness === 'excused') excused += 1;
      if (lateness === 'late') violations.push(violation('told_after_settlement', notice.id));
    }
  }
  return { violations, excused };
}

/** What had taken effect when the timer of this notice's generation decided. */
function factsBefore(
  { timeline }: SubjectState,
  { generation, step }: NoticeRecord,
  events: ReadonlyMap<string, SentEvent>,
): readonly SentEvent[] {
  const decidedAt = timeline.findIndex(
    ({ cause, detail }) => cause === `timer g${generation}` && detail === step,
  );
  return timeline.slice(0, Math.max(0, decidedAt)).flatMap((entry) => {
    const event = events.get(appliedEvent(entry) ?? '');
    return event === undefined ? [] : [event];
  });
}

/**
 * From the question "still wanted?" to the end of the mail: how long that takes on this machine in
 * this run is seen from the slowest acknowledgement, which runs through the same processes.
 */
function handoverMs(attempts: Evidence['attempts']): number {
  const answered = attempts.filter(({ status }) => status === 200);
  return answered.reduce((ms, { sentAt, endedAt }) => Math.max(ms, 2 * (endedAt - sentAt)), 2_000);
}

function leftTooLate(
  { sent, attempts, invocations, kills, toWall }: Evidence,
  { subject }: SubjectState,
  notice: NoticeRecord,
  copies: Copies,
): 'in time' | 'late' | 'excused' {
  const { outcome } = notice;
  const [mail] = outcome?.kind === 'sent' ? (copies.get(outcome.messageId) ?? []) : [];
  if (mail === undefined) return 'in time';
  // Open at any moment between the question and the mail is open enough: the answer may be of then.
  const askedAt = mail.receivedAt - handoverMs(attempts);
  const completed = new Map(invocations.map(({ key, completedAt }) => [key, completedAt]));
  const known = sent
    .filter((event) => event.subject === subject)
    .map((event) => ({ event, at: completed.get(event.key) ?? Number.POSITIVE_INFINITY }))
    .filter(({ at }) => at <= mail.receivedAt)
    .toSorted((a, b) => a.at - b.at);
  const moments = [askedAt, ...known.map(({ at }) => at).filter((at) => at > askedAt)];
  const wasOpen = moments.some((moment) =>
    isOpen(known.filter(({ at }) => at <= moment).map(({ event }) => event)),
  );
  if (wasOpen) return 'in time';
  const spanMs = handoverMs(attempts);
  const isSoonAfter = kills.some(
    ({ at, backAt }) => mail.receivedAt > at && mail.receivedAt <= backAt + RELIED_ON_MS + spanMs,
  );
  return isSoonAfter && isCut(kills, toWall(notice.at), spanMs) ? 'excused' : 'late';
}

/** How old an answer out of the journal may be that a mail still relies on. */
const RELIED_ON_MS = 1_000;

/** Under way when the kill came, or begun before all was up again. */
function isCut(kills: Evidence['kills'], begun: number, spanMs: number): boolean {
  return kills.some(({ at, backAt }) => begun >= at - spanMs && begun <= backAt);
}
