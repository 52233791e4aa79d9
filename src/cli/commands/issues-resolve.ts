/** `issues resolve`: takes off the list what a person has dealt with. */
import { actorOf, BY } from '../actor.ts';
import { askApi, fieldOf } from '../api.ts';
import { type Command, defineCommand } from '../command.ts';
import { table } from '../print.ts';

export const issuesResolve: Command = defineCommand({
  name: 'issues resolve',
  summary: 'Take facts and timers off that list once you have dealt with them; all ids or none.',
  arguments: [{ name: 'ID', arity: 'many' }],
  options: { by: BY, json: { kind: 'flag', about: 'the answer for programs' } },
  examples: ['hookline issues resolve 1f0c9ab2e4', 'hookline issues --json'],
  run: async ({ arguments: ids, options }, world) => {
    const answer = await askApi(world, {
      method: 'POST',
      path: '/api/issues/resolve',
      body: { ids, actor: actorOf(options.by) },
    });
    if (!answer.ok) {
      world.print.remark(answer.failure.sentence);
      return 1;
    }
    if (options.json) {
      world.print.json(answer.value);
      return 0;
    }
    const resolved = fieldOf(answer.value, 'resolved');
    const rows = (Array.isArray(resolved) ? resolved : []).map((issue: unknown) => [
      ...['id', 'source', 'route'].map((name) => String(fieldOf(issue, name))),
      `${fieldOf(issue, 'count')}x`,
      String(fieldOf(issue, 'reason')),
    ]);
    for (const line of ['Resolved', ...table(rows.map((row) => ['', ...row]))])
      world.print.line(line);
    return 0;
  },
});
