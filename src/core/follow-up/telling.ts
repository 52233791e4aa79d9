/**
 * Which notices a step was told by. The id of a notice says it, for ever: two ids that are joined
 * count their generations from the same number, so a step and its generation alone are ambiguous.
 */
import type { NoticeOutcome } from '../notice.ts';
import type { NoticeRecord, StepRecord, SubjectState } from './types.ts';

type Told = Pick<StepRecord, 'step' | 'generation'>;

/** The id of the notice to the person at `place` in the list, decided at `at`. */
export function noticeIdOf(subject: string, told: Told, place: number, at: number): string {
  return `${startOfId(subject, told)}${place}/${Math.floor(at).toString(36)}`;
}

function startOfId(subject: string, { step, generation }: Told): string {
  return `${subject}/${generation}/${step}/`;
}

/** The notices that a step of this subject's follow-up was told by. */
export function toldBy(
  { subject, notices }: SubjectState,
  record: StepRecord,
): readonly NoticeRecord[] {
  const start = startOfId(record.subject ?? subject, record);
  return notices.filter(({ id }) => id.startsWith(start));
}

/** The step of the follow-up that a notice was sent for; undefined: of another, or owed again. */
export function stepOf(
  { subject, followUp }: SubjectState,
  { id }: NoticeRecord,
): StepRecord | undefined {
  return followUp?.steps.find((record) =>
    id.startsWith(startOfId(record.subject ?? subject, record)),
  );
}

/** The notices of one telling, this one among them: one for each person. */
export function sameTelling(
  { notices }: SubjectState,
  notice: NoticeRecord,
): readonly NoticeRecord[] {
  const { subject, ...told } = tellingOf(notice);
  const start = startOfId(subject, told);
  return notices.filter(({ id }) => id.startsWith(start));
}

/** The telling that a notice was part of: of which step, by which subject. */
export function tellingOf({ id, step, generation }: NoticeRecord): Told & { subject: string } {
  const subject = id.slice(0, id.indexOf(startOfId('', { step, generation })));
  return { step, generation, subject };
}

/** Nothing more will become of it. */
export function isFinal(outcome: NoticeOutcome | null): boolean {
  return outcome !== null && outcome.kind !== 'retrying' && outcome.kind !== 'digested';
}
