/** The CLI: finds the command, runs it, and turns what nobody expected into one sentence. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nearest } from '../core/nearest.ts';
import { VERSION } from '../version.ts';
import type { Command, ExitCode, World } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { commandHelp, overview } from './help.ts';
import { createPrint } from './print.ts';

/** Runs one command line in this process. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  // `hookline events list | head` closes our output early: that is not an error.
  process.stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return run(argv, {
    env: process.env,
    cwd: process.cwd(),
    print: createPrint(process.stdout, process.stderr),
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms) => sleep(ms),
    randomBytes: (count) => randomBytes(count),
    fetch,
  });
}

/** Runs one command line in a given world. */
export async function run(argv: readonly string[], world: World): Promise<ExitCode> {
  const { print } = world;
  const [first] = argv;
  if (first === undefined || first === '--help' || first === '-h')
    return said(print.line, overview());
  if (first === '--version' || first === '-v') return said(print.line, VERSION);
  if (first === 'help') return help(argv.slice(1), world);
  const found = findCommand(argv);
  if (found === null) return unknown(argv, world);
  const words = argv.slice(found.name.split(' ').length);
  if (words.includes('--help') || words.includes('-h')) return said(print.line, commandHelp(found));
  try {
    return await found.execute(words, world);
  } catch (error) {
    // A bug, or something no command foresaw: say what, and where to look.
    print.remark(
      `"hookline ${found.name}" failed: ${error instanceof Error ? error.message : error}`,
    );
    if (world.env['HOOKLINE_DEBUG'] && error instanceof Error) print.remark(error.stack ?? '');
    else print.remark('Type it again with HOOKLINE_DEBUG=1 in front to see where.');
    return 1;
  }
}

function said(line: (text: string) => void, text: string): ExitCode {
  line(text);
  return 0;
}

/** The command with the longest name that the words start with. */
function findCommand(argv: readonly string[]): Command | null {
  const matches = COMMANDS.filter(({ name }) => {
    const parts = name.split(' ');
    return parts.every((part, index) => argv[index] === part);
  });
  return matches.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}

function help(words: readonly string[], world: World): ExitCode {
  if (words.length === 0) return said(world.print.line, overview());
  const found = findCommand(words);
  if (found !== null) return said(world.print.line, commandHelp(found));
  const ofNoun = COMMANDS.filter(({ name }) => name.startsWith(`${words[0]} `));
  if (ofNoun.length > 0) return said(world.print.line, ofNoun.map(commandHelp).join('\n\n'));
  return unknown(words, world);
}

function unknown(argv: readonly string[], { print }: World): ExitCode {
  const verbs = COMMANDS.filter(({ name }) => name.startsWith(`${argv[0]} `));
  if (verbs.length > 0 && (argv[1] === undefined || argv[1].startsWith('-'))) {
    print.remark(`"${argv[0]}" needs a verb. Type one of:`);
    for (const { name } of verbs) print.remark(`  hookline ${name}`);
    return 2;
  }
  const words = argv.filter((word) => !word.startsWith('-')).slice(0, 2);
  const names = COMMANDS.map(({ name }) => name);
  const guess = nearest(words.join(' '), names) ?? nearest(words[0] ?? '', names);
  print.remark(`"${words.join(' ') || argv[0]}" is not a command.`);
  print.remark(guess === null ? 'Type: hookline help' : `Did you mean: hookline ${guess}`);
  return 2;
}
