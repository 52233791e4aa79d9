/** `stripe/in_123`: which subject a person means, and its address in the API. */
import { Misuse } from './command.ts';

export type SubjectNoun = 'payments' | 'alerts';

/** The `/api` path of a subject, or of an action on it. Refuses what is not SOURCE/ID. */
export function subjectPath(noun: SubjectNoun, subject: string, action: string | null): string {
  const slash = subject.indexOf('/');
  const source = subject.slice(0, slash);
  const ref = subject.slice(slash + 1);
  if (slash < 1 || ref === '') {
    throw new Misuse(`"${subject}" is not SOURCE/ID, as in stripe/in_123.`);
  }
  const path = `/api/${noun}/${encodeURIComponent(source)}/${encodeURIComponent(ref)}`;
  return action === null ? path : `${path}/${action}`;
}
