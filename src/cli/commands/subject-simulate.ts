/** `payments simulate`: the whole ladder with its dates, without doing anything. */
import { JSON_FLAG, printAnswer } from '../answer.ts';
import { type Command, defineCommand } from '../command.ts';
import { planLines } from '../story.ts';
import { type SubjectNoun, subjectPath } from '../subject-ref.ts';
import { readPlan } from '../views.ts';

/** One command per kind of subject. */
export function simulateCommand(noun: SubjectNoun, example: string): Command {
  return defineCommand({
    name: `${noun} simulate`,
    summary: 'Print every step of the ladder with its date, and change nothing.',
    arguments: [{ name: 'REF', arity: 'one' }],
    options: {
      ladder: { kind: 'text', value: 'ID', about: 'another ladder than its own' },
      json: JSON_FLAG,
    },
    examples: [`hookline ${noun} simulate ${example}`],
    run: ({ arguments: [subject = ''], options }, world) => {
      const query = options.ladder === null ? '' : `?ladder=${encodeURIComponent(options.ladder)}`;
      const path = `${subjectPath(noun, subject, 'simulate')}${query}`;
      return printAnswer(world, { method: 'GET', path }, options.json, (answer) =>
        planLines(noun, subject, readPlan(answer)),
      );
    },
  });
}
