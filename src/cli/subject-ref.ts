/** `stripe/in_123`: which subject a person means, and its address in the API. */
import { refProblem } from '../core/fact-values.ts';
import { Misuse } from './command.ts';

export type SubjectNoun = 'payments' | 'alerts';

/**
 * The `/api` path of a subject, or of an action on it. Refuses what is not SOURCE/ID, and ids no
 * event is taken in with: `stripe/..` would be an address of something else.
 */
export function subjectPath(noun: SubjectNoun, subject: string, action: string | null): string {
  const slash = subject.indexOf('/');
  const source = subject.slice(0, slash);
  const ref = subject.slice(slash + 1);
  if (slash < 1 || ref === '') {
    throw new Misuse(`"${subject}" is not SOURCE/ID, as in stripe/in_123.`);
  }
  const problem = refProblem(ref) ?? (/^\.{1,2}$/.test(source) ? 'a source of dots' : null);
  if (problem !== null) {
    throw new Misuse(
      `There is nothing under "${shortened(subject)}": ${problem} is never taken in.`,
    );
  }
  const path = `/api/${noun}/${encodeURIComponent(source)}/${encodeURIComponent(ref)}`;
  return action === null ? path : `${path}/${action}`;
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
