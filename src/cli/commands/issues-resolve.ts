/** `issues resolve`: takes off the list what a person has dealt with. */
import { actorOf, BY } from '../actor.ts';
import { printAnswer } from '../answer.ts';
import { fieldOf } from '../api.ts';
import { type Command, defineCommand } from '../command.ts';
import { table } from '../print.ts';

export const issuesResolve: Command = defineCommand({
  name: 'issues resolve',
  summary: 'Take facts and timers off that list once you have dealt with them; all ids or none.',
  arguments: [{ name: 'ID', arity: 'many' }],
  options: { by: BY, json: { kind: 'flag', about: 'the answer for programs' } },
  examples: ['hookline issues resolve 1f0c9ab2e4', 'hookline issues --json'],
  run: ({ arguments: ids, options }, world) => {
    const body = { ids, actor: actorOf(options.by) };
    const request = { method: 'POST', path: '/api/issues/resolve', body } as const;
    return printAnswer(world, request, options.json, resolvedLines);
  },
});

function resolvedLines(answer: unknown): readonly string[] {
  const resolved = fieldOf(answer, 'resolved');
  const rows = (Array.isArray(resolved) ? resolved : []).map((issue: unknown) => [
    '',
    ...['id', 'source', 'route'].map((name) => String(fieldOf(issue, name))),
    `${fieldOf(issue, 'count')}x`,
    String(fieldOf(issue, 'reason')),
  ]);
  return ['Resolved', ...table(rows)];
}
