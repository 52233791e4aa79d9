/** `payments show`, `alerts show`: the whole story of one subject. */
import { JSON_FLAG, printAnswer } from '../answer.ts';
import { type Command, defineCommand } from '../command.ts';
import { storyLines } from '../story.ts';
import { type SubjectNoun, subjectPath } from '../subject-ref.ts';
import { readView } from '../views.ts';

/** One command per kind of subject. */
export function showCommand(noun: SubjectNoun, example: string): Command {
  return defineCommand({
    name: `${noun} show`,
    summary: 'Print what happened, what was decided and by which rule, and what comes next.',
    arguments: [{ name: 'REF', arity: 'one' }],
    options: { json: JSON_FLAG },
    examples: [`hookline ${noun} show ${example}`],
    run: ({ arguments: [subject = ''], options }, world) =>
      printAnswer(
        world,
        { method: 'GET', path: subjectPath(noun, subject, null) },
        options.json,
        (answer) => storyLines(noun, readView(answer)),
      ),
  });
}
