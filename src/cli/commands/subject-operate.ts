/** What a person may decide about a subject: hold, release, acknowledge, resolve, reopen, note. */

import { shellWord } from '../../core/shell-word.ts';
import { actorOf, BY } from '../actor.ts';
import { printAnswer, printFailure } from '../answer.ts';
import { type ApiFailure, askApi, fieldOf } from '../api.ts';
import { type Command, defineCommand, type ExitCode, Misuse, type World } from '../command.ts';
import { type SubjectNoun, subjectPath } from '../subject-ref.ts';
import { instantOf } from '../times.ts';

const REF = { name: 'REF', arity: 'one' } as const;
const REASON = { kind: 'text', value: 'TEXT', about: 'why; it is kept in the timeline' } as const;
const JSON_FLAG = { kind: 'flag', about: 'the answer for programs' } as const;

/** `hold`: no notices until a time, or until released. */
export function holdCommand(noun: SubjectNoun, example: string): Command {
  return defineCommand({
    name: `${noun} hold`,
    summary: 'Send nothing about it until a time, or until it is released.',
    arguments: [REF],
    options: {
      reason: REASON,
      until: {
        kind: 'text',
        value: 'TIME',
        about: '3d, 2026-12-01 or an instant (follow-up time)',
      },
      by: BY,
      json: JSON_FLAG,
    },
    examples: [`hookline ${noun} hold ${example} --until 3d --reason "talking to them"`],
    run: async ({ arguments: [subject = ''], options }, world) => {
      if (options.reason === null) {
        const until = options.until === null ? '' : ` --until ${shellWord(options.until)}`;
        throw new Misuse(
          'A hold needs --reason: someone will ask why. ' +
            `Type: hookline ${noun} hold ${shellWord(subject)}${until} --reason "…"`,
        );
      }
      const until = options.until === null ? null : await followUpInstant(world, options.until);
      if (until !== null && typeof until !== 'number') {
        return printFailure(world, until, options.json);
      }
      return post(
        world,
        { noun, subject, verb: 'hold', options },
        {
          actor: actorOf(options.by),
          reason: options.reason,
          until: until === null ? null : new Date(until).toISOString(),
        },
      );
    },
  });
}

/** `release`, `acknowledge`, `reopen`: nothing to say but who. */
export function plainCommand(
  noun: SubjectNoun,
  verb: 'release' | 'acknowledge' | 'reopen',
  summary: string,
  example: string,
): Command {
  return defineCommand({
    name: `${noun} ${verb}`,
    summary,
    arguments: [REF],
    options: { by: BY, json: JSON_FLAG },
    examples: [`hookline ${noun} ${verb} ${example}`],
    run: ({ arguments: [subject = ''], options }, world) =>
      post(world, { noun, subject, verb, options }, { actor: actorOf(options.by) }),
  });
}

/** `resolve`: settled outside the provider. */
export function resolveCommand(noun: SubjectNoun, example: string): Command {
  return defineCommand({
    name: `${noun} resolve`,
    summary: 'Close the follow-up: it was settled outside the provider.',
    arguments: [REF],
    options: { reason: REASON, by: BY, json: JSON_FLAG },
    examples: [`hookline ${noun} resolve ${example} --reason "paid by bank transfer"`],
    run: ({ arguments: [subject = ''], options }, world) =>
      post(
        world,
        { noun, subject, verb: 'resolve', options },
        {
          actor: actorOf(options.by),
          ...(options.reason === null ? {} : { reason: options.reason }),
        },
      ),
  });
}

/** `note`: a line in the timeline. */
export function noteCommand(noun: SubjectNoun, example: string): Command {
  return defineCommand({
    name: `${noun} note`,
    summary: 'Write a line into the timeline.',
    arguments: [REF, { name: 'TEXT', arity: 'many' }],
    options: { by: BY, json: JSON_FLAG },
    examples: [`hookline ${noun} note ${example} "they called, card is replaced on Monday"`],
    run: ({ arguments: [subject = '', ...words], options }, world) =>
      post(
        world,
        { noun, subject, verb: 'note', options, words },
        {
          actor: actorOf(options.by),
          text: words.join(' '),
        },
      ),
  });
}

/** `3d` counts from the follow-up clock, which may run faster than this machine's. */
async function followUpInstant(world: World, text: string): Promise<number | ApiFailure> {
  const now = await askApi(world, { method: 'GET', path: '/api/now' });
  if (!now.ok) return now.failure;
  const followUp = fieldOf(now.value, 'followUp');
  return instantOf(text, typeof followUp === 'string' ? Date.parse(followUp) : world.nowMs());
}

interface Wish {
  readonly noun: SubjectNoun;
  readonly subject: string;
  readonly verb: string;
  readonly options: Readonly<Record<string, string | boolean | null>> & { readonly json: boolean };
  readonly words?: readonly string[];
}

function post(
  world: World,
  wish: Wish,
  body: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const { noun, subject, verb, options } = wish;
  const next = (answer: unknown): string => {
    const belongsTo = fieldOf(answer, 'belongsTo');
    return typeof belongsTo === 'string'
      ? typedFor(wish, belongsTo)
      : `hookline ${noun} show ${shellWord(subject)}`;
  };
  const request = { method: 'POST', path: subjectPath(noun, subject, verb), body, next } as const;
  return printAnswer(world, request, options.json, (answer) => [
    `${fieldOf(answer, 'subject')}: ${fieldOf(answer, 'decision')} [${fieldOf(answer, 'rule')}]`,
  ]);
}

/** The same command for another subject, with all that was typed. */
function typedFor({ noun, verb, options, words = [] }: Wish, subject: string): string {
  const given = Object.entries(options).flatMap(([name, value]) => {
    if (value === null || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, value];
  });
  const text = words.some((word) => word.startsWith('--')) ? ['--', ...words] : words;
  return ['hookline', noun, verb, subject, ...given, ...text].map(shellWord).join(' ');
}
