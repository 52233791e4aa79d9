/** Answers of our own gateway, read as the types both sides share. */
import type { SimulateAnswer, SubjectView } from '../durable/contract.ts';
import { fieldOf } from './api.ts';

/** Throws when the answer is not a view: CLI and gateway of different versions. */
export function readView(answer: unknown): SubjectView {
  const isView =
    typeof fieldOf(answer, 'subject') === 'string' &&
    Array.isArray(fieldOf(answer, 'timeline')) &&
    Array.isArray(fieldOf(answer, 'notices'));
  if (!isView) throw new Error('The gateway answered something else; is it of another version?');
  return answer as SubjectView; // the parts that are walked through are checked above
}

/** Throws when the answer is not a plan. */
export function readPlan(answer: unknown): SimulateAnswer {
  if (!Array.isArray(fieldOf(answer, 'steps'))) {
    throw new Error('The gateway answered something else; is it of another version?');
  }
  return answer as SimulateAnswer; // the part that is walked through is checked above
}
