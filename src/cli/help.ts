/** What the CLI says about itself, made from the commands' own descriptions. */
import { type Command, usageOf } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { table } from './print.ts';

/** Every command with one line each. */
export function overview(): string {
  return [
    'hookline: trigger events, look at what became of them, and decide about follow-ups.',
    '',
    ...table(COMMANDS.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    'Type: hookline help COMMAND',
    'It talks to HOOKLINE_URL, or to the gateway of this directory (HOOKLINE_PORT, HOOKLINE_DATA_DIR).',
  ].join('\n');
}

/** Usage, options and examples of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => [
    option.kind === 'flag' ? `  --${name}` : `  --${name} ${option.value}`,
    option.kind === 'list' ? `${option.about} (may be repeated)` : option.about,
  ]);
  return [
    `${usageOf(command)}`,
    command.summary,
    ...(options.length > 0 ? ['', ...table(options)] : []),
    ...(command.examples.length > 0 ? ['', ...command.examples.map((line) => `  $ ${line}`)] : []),
  ].join('\n');
}
