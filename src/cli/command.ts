/** What a command is: its name, its arguments and options as data, and what it does. */
import type { Print } from './print.ts';

/** 0 done, 1 refused or failed, 2 misuse. */
export type ExitCode = 0 | 1 | 2;

/** Everything a command may touch: no command reads the process, the clock or the network itself. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly print: Print;
  readonly nowMs: () => number;
  /** Never jumps; for pacing and latencies. */
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly fetch: typeof fetch;
}

/** `list` may be given many times; `value` names what to type after it in the help. */
export type OptionSpec =
  | { readonly kind: 'flag'; readonly about: string }
  | { readonly kind: 'text' | 'number' | 'list'; readonly value: string; readonly about: string };
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface ArgumentSpec {
  readonly name: string;
  readonly arity: 'one' | 'optional' | 'many';
  /** The command refuses it itself when it is missing, because it knows what could be typed. */
  readonly askedByCommand?: true;
}

type ValueOf<Spec extends OptionSpec> = Spec['kind'] extends 'flag'
  ? boolean
  : Spec['kind'] extends 'list'
    ? readonly string[]
    : Spec['kind'] extends 'number'
      ? number | null
      : string | null;
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: ValueOf<Specs[Name]>;
};

export interface CommandSpec<Specs extends OptionSpecs> {
  /** `payments show`: noun then verb. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: Specs;
  readonly examples: readonly string[];
  readonly run: (
    given: { readonly arguments: readonly string[]; readonly options: OptionValues<Specs> },
    world: World,
  ) => Promise<ExitCode>;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: OptionSpecs;
  readonly examples: readonly string[];
  /** Runs with the words after the name. Misuse is said and answered with 2. */
  readonly execute: (words: readonly string[], world: World) => Promise<ExitCode>;
}

/** A mistake in what was typed; the message says what and the remedy. */
export class Misuse extends Error {
  override name = 'Misuse';
}

/** Ties the options to the types `run` sees. */
export function defineCommand<const Specs extends OptionSpecs>(spec: CommandSpec<Specs>): Command {
  return {
    ...spec,
    execute: async (words, world) => {
      try {
        return await spec.run(parseWords(spec, words), world);
      } catch (error) {
        if (!(error instanceof Misuse)) throw error;
        world.print.remark(`${error.message}\nType: hookline help ${spec.name}`);
        return 2;
      }
    },
  };
}

type AnyValue = boolean | number | string | readonly string[] | null;

function parseWords<Specs extends OptionSpecs>(
  spec: CommandSpec<Specs>,
  words: readonly string[],
): { arguments: readonly string[]; options: OptionValues<Specs> } {
  const values = new Map<string, AnyValue>(
    Object.entries(spec.options).map(([name, option]) => [name, emptyValue(option)]),
  );
  const given: string[] = [];
  let optionsEnded = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (optionsEnded || !word.startsWith('--')) {
      given.push(word);
    } else if (word === '--') {
      optionsEnded = true;
    } else {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const option = Object.hasOwn(spec.options, name) ? spec.options[name] : undefined;
      if (option === undefined) throw new Misuse(`--${name} is not an option of "${spec.name}".`);
      if (option.kind === 'flag') {
        if (equals >= 0) throw new Misuse(`--${name} takes no value.`);
        values.set(name, true);
        continue;
      }
      // The next word whatever it looks like: `--skew -10m` is a value, not an option.
      if (equals < 0) index += 1;
      const text = equals < 0 ? words[index] : word.slice(equals + 1);
      // An empty one is a variable of the shell that is not set: nobody means "no name" by it.
      if (text === undefined || text.trim() === '')
        throw new Misuse(`--${name} needs a value: --${name} ${option.value}`);
      values.set(name, nextValue(name, option, text, values.get(name)));
    }
  }
  checkArity(spec, given);
  return {
    arguments: given,
    options: Object.fromEntries(values) as OptionValues<Specs>, // built from the same specs above
  };
}

function emptyValue(option: OptionSpec): AnyValue {
  if (option.kind === 'flag') return false;
  return option.kind === 'list' ? [] : null;
}

function nextValue(
  name: string,
  option: OptionSpec,
  text: string,
  before: AnyValue | undefined,
): AnyValue {
  if (option.kind === 'list') return [...(Array.isArray(before) ? before : []), text];
  if (before !== null) throw new Misuse(`--${name} is given twice; which of the two is meant?`);
  if (option.kind !== 'number') return text;
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) {
    throw new Misuse(`--${name} is "${text}"; it is a number above 0.`);
  }
  return number;
}

function checkArity(
  spec: { readonly name: string; readonly arguments: readonly ArgumentSpec[] },
  given: readonly string[],
): void {
  const needed = spec.arguments.filter((argument) => argument.arity !== 'optional');
  const missing = needed.find(
    ({ askedByCommand }, index) => !askedByCommand && (given[index] ?? '').trim() === '',
  );
  if (missing !== undefined) throw new Misuse(`"${spec.name}" needs ${missing.name}.`);
  const hasMany = spec.arguments.some((argument) => argument.arity === 'many');
  if (!hasMany && given.length > spec.arguments.length) {
    throw new Misuse(`"${given[spec.arguments.length]}" is one word too many for "${spec.name}".`);
  }
}

/** `payments show REF [--json]`: one line of usage. */
export function usageOf(command: Command): string {
  const words = command.arguments.map(({ name, arity }) =>
    arity === 'optional' ? `[${name}]` : arity === 'many' ? `${name}…` : name,
  );
  return [
    'hookline',
    command.name,
    ...words,
    ...(Object.keys(command.options).length > 0 ? ['[options]'] : []),
  ].join(' ');
}
