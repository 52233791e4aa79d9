/** `payments show`, `alerts show`: the whole story of one subject. */
import { askApi } from '../api.ts';
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
    options: { json: { kind: 'flag', about: 'the same for programs' } },
    examples: [`hookline ${noun} show ${example}`],
    run: async ({ arguments: [subject = ''], options }, world) => {
      const answer = await askApi(world, {
        method: 'GET',
        path: subjectPath(noun, subject, null),
      });
      if (!answer.ok) {
        world.print.remark(answer.failure.sentence);
        return 1;
      }
      if (options.json) world.print.json(answer.value);
      else for (const line of storyLines(noun, readView(answer.value))) world.print.line(line);
      return 0;
    },
  });
}
