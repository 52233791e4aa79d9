/** `events list`, `rejections list`, `sources list`, `issues`: what the gateway holds. */
import { shellWord } from '../../core/shell-word.ts';
import { JSON_FLAG, printAnswer } from '../answer.ts';
import { fieldOf } from '../api.ts';
import { type Command, defineCommand, type ExitCode, type World } from '../command.ts';
import { table } from '../print.ts';
import { localTime } from '../times.ts';

const SOURCE = { kind: 'text', value: 'NAME', about: 'only this source' } as const;
const LIMIT = { kind: 'number', value: 'N', about: 'at most so many, 500 at a time (50)' } as const;

/** Newest first. */
export const eventsList: Command = defineCommand({
  name: 'events list',
  summary: 'List verified events, newest first.',
  arguments: [],
  options: {
    source: SOURCE,
    subject: { kind: 'text', value: 'REF', about: 'only about this subject, as stripe/in_123' },
    flag: { kind: 'text', value: 'NAME', about: 'only with this flag: quarantined, untracked…' },
    before: { kind: 'text', value: 'CURSOR', about: 'go on where the last page ended' },
    limit: LIMIT,
    json: JSON_FLAG,
  },
  examples: ['hookline events list --source stripe --limit 20'],
  run: ({ options: { json, ...query } }, world) =>
    list(world, json, '/api/events', query, (answer) => {
      const events = arrayOf(answer, 'events');
      const next = fieldOf(answer, 'next');
      return [
        ...rows(events, (event) => [
          when(event, 'receivedAt'),
          text(event, 'source'),
          text(event, 'type'),
          text(event, 'key'),
          text(event, 'subject'),
          `${text(event, 'deliveries')}x ${words(event, 'flags')}`,
        ]),
        ...(typeof next === 'string'
          ? ['', `More: hookline events list --before ${shellWord(next)}`]
          : []),
      ];
    }),
});

/** Newest first; sampled and capped by the archive. */
export const rejectionsList: Command = defineCommand({
  name: 'rejections list',
  summary: 'List refused deliveries and why, newest first.',
  arguments: [],
  options: { source: SOURCE, limit: LIMIT, json: JSON_FLAG },
  examples: ['hookline rejections list'],
  run: ({ options: { json, ...query } }, world) =>
    list(world, json, '/api/rejections', query, (answer) =>
      rows(arrayOf(answer, 'rejections'), (one) => [
        when(one, 'at'),
        text(one, 'source'),
        text(one, 'reason'),
        `${text(one, 'bodyBytes')} bytes`,
        text(one, 'detail'),
      ]),
    ),
});

/** The configured sources and their addresses. */
export const sourcesList: Command = defineCommand({
  name: 'sources list',
  summary: 'List the sources, their webhook addresses, and whether customers are written to.',
  arguments: [],
  options: { json: JSON_FLAG },
  examples: ['hookline sources list'],
  run: ({ options: { json } }, world) =>
    list(world, json, '/api/sources', {}, (answer) =>
      rows(arrayOf(answer, 'sources'), (one) => [
        text(one, 'id'),
        text(one, 'provider'),
        text(one, 'mode'),
        text(one, 'webhookUrl'),
      ]),
    ),
});

/** Everything a person should look at. */
export const issues: Command = defineCommand({
  name: 'issues',
  summary: 'List what was set aside or keeps failing, with the reason.',
  arguments: [],
  options: { json: JSON_FLAG },
  examples: ['hookline issues', 'hookline issues resolve 1f0c9ab2e4'],
  run: ({ options: { json } }, world) => list(world, json, '/api/issues', {}, issueLines),
});

function issueLines(answer: unknown): readonly string[] {
  const events = arrayOf(answer, 'events');
  const facts = arrayOf(answer, 'facts');
  const invocations = arrayOf(answer, 'invocations');
  const unavailable = arrayOf(answer, 'unavailable');
  const lines = [
    ...section('Events whose meaning could not be read', events, (one) => [
      text(one, 'source'),
      `${text(one, 'count')}x`,
      text(one, 'note'),
      `last ${when(one, 'lastAt')}`,
      words(one, 'samples'),
    ]),
    ...section('Facts and timers whose handling failed', facts, (one) => [
      text(one, 'id'),
      text(one, 'source'),
      text(one, 'route'),
      `${text(one, 'count')}x`,
      text(one, 'reason'),
      `last ${when(one, 'lastAt')}`,
      words(one, 'samples'),
    ]),
    ...(facts.length === 0 ? [] : ['  Dealt with? Type: hookline issues resolve ID']),
    ...section('Invocations that fail or wait to be tried again', invocations, (one) => [
      text(one, 'target'),
      text(one, 'status'),
      text(one, 'invocationId'),
      text(one, 'failure'),
    ]),
    ...unavailable.map((place) => `Could not be asked: ${String(place)}`),
  ];
  return lines.length === 0 ? ['No issues.'] : lines;
}

function section(
  title: string,
  entries: readonly unknown[],
  cells: (entry: unknown) => readonly string[],
): readonly string[] {
  return entries.length === 0 ? [] : [title, ...table(entries.map((one) => ['', ...cells(one)]))];
}

function list(
  world: World,
  asJson: boolean,
  path: string,
  query: Readonly<Record<string, string | number | null>>,
  lines: (answer: unknown) => readonly string[],
): Promise<ExitCode> {
  const parameters = Object.entries(query)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const tail = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return printAnswer(world, { method: 'GET', path: `${path}${tail}` }, asJson, lines);
}

function rows(
  entries: readonly unknown[],
  cells: (entry: unknown) => readonly string[],
): readonly string[] {
  return entries.length === 0 ? ['None.'] : table(entries.map(cells));
}

function arrayOf(answer: unknown, name: string): readonly unknown[] {
  const value = fieldOf(answer, name);
  return Array.isArray(value) ? value : [];
}

function text(entry: unknown, name: string): string {
  const value = fieldOf(entry, name);
  return value === null || value === undefined ? '-' : String(value);
}

function words(entry: unknown, name: string): string {
  return arrayOf(entry, name).map(String).join(' ');
}

function when(entry: unknown, name: string): string {
  const value = fieldOf(entry, name);
  return localTime(typeof value === 'string' ? Date.parse(value) : (value as number)); // a number else
}
