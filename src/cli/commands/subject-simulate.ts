/** `payments simulate`: the whole ladder with its dates, without doing anything. */
import { askApi } from '../api.ts';
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
      json: { kind: 'flag', about: 'the same for programs' },
    },
    examples: [`hookline ${noun} simulate ${example}`],
    run: async ({ arguments: [subject = ''], options }, world) => {
      const query = options.ladder === null ? '' : `?ladder=${encodeURIComponent(options.ladder)}`;
      const path = `${subjectPath(noun, subject, 'simulate')}${query}`;
      const answer = await askApi(world, {
        method: 'GET',
        path,
      });
      if (!answer.ok) {
        world.print.remark(answer.failure.sentence);
        return 1;
      }
      if (options.json) world.print.json(answer.value);
      else
        for (const line of planLines(noun, subject, readPlan(answer.value))) world.print.line(line);
      return 0;
    },
  });
}
