/** `recipients show`, `recipients unsuppress`: is an address written to, why not, and taking that back. */
import { actorOf, BY } from '../actor.ts';
import { JSON_FLAG, printAnswer } from '../answer.ts';
import { type ApiRequest, fieldOf } from '../api.ts';
import { type Command, defineCommand, Misuse } from '../command.ts';
import { localTime } from '../times.ts';

const ADDRESS = { name: 'ADDRESS', arity: 'one' } as const;

/** What is kept about one address. */
export const recipientsShow: Command = defineCommand({
  name: 'recipients show',
  summary:
    'Print whether reminders go to an address, why not, what waits, and how many went today.',
  arguments: [ADDRESS],
  options: { json: JSON_FLAG },
  examples: ['hookline recipients show ada@example.com'],
  run: ({ arguments: [address = ''], options }, world) =>
    printAnswer(world, asked('show', { address }), options.json, viewLines),
});

/** Lifts a suppression, a person's own wish only with their consent. */
export const recipientsUnsuppress: Command = defineCommand({
  name: 'recipients unsuppress',
  summary: 'Send reminders to an address again. Whoever unsubscribed must have asked for it.',
  arguments: [ADDRESS],
  options: {
    reason: { kind: 'text', value: 'TEXT', about: 'why, and how they asked; it is kept' },
    consent: {
      kind: 'flag',
      about: 'the person asked for it; needed after an unsubscribe or a spam complaint',
    },
    by: BY,
    json: JSON_FLAG,
  },
  examples: [
    'hookline recipients unsuppress ada@example.com --reason "mailbox works again"',
    'hookline recipients unsuppress ada@example.com --consent --reason "asked by phone, 3 May"',
  ],
  run: async ({ arguments: [address = ''], options }, world) => {
    if (options.reason === null) {
      throw new Misuse(
        'It needs --reason: someone will ask why. ' +
          `Type: hookline recipients unsuppress ${address} --reason "…"`,
      );
    }
    const { reason, consent } = options;
    const body = { address, reason, consent, actor: actorOf(options.by) };
    const next = () =>
      `hookline recipients unsuppress ${address} --consent --reason "how they asked"`;
    return printAnswer(world, { ...asked('unsuppress', body), next }, options.json, liftedLines);
  },
});

/** In the body, because addresses of requests are logged. */
function asked(verb: string, body: object): ApiRequest {
  return { method: 'POST', path: `/api/recipients/${verb}`, body };
}

function viewLines(view: unknown): readonly string[] {
  const suppressed = fieldOf(view, 'suppressed');
  const lifted = fieldOf(view, 'lifted');
  const pending = fieldOf(view, 'pending');
  const waiting: readonly unknown[] = Array.isArray(pending) ? pending : [];
  return [
    `${fieldOf(view, 'address')}: ${suppressed === null ? 'gets reminders' : 'gets no reminders'}`,
    ...(suppressed === null ? [] : [`  ${suppressionText(suppressed)}`]),
    ...(lifted === null ? [] : [`  ${liftingText(lifted)}`]),
    `  sent in the last day: ${fieldOf(view, 'sentToday')}`,
    `  waiting for the mail server: ${waiting.length}`,
    ...waiting.map((one) => `    ${fieldOf(one, 'noticeId')}, attempt ${fieldOf(one, 'attempt')}`),
  ];
}

function liftedLines(answer: unknown): readonly string[] {
  const was = fieldOf(answer, 'was');
  const [by, reason] = [fieldOf(answer, 'by'), fieldOf(answer, 'reason')];
  const consent = fieldOf(answer, 'consent') === true ? ', with their consent' : '';
  return [
    `${fieldOf(answer, 'address')}: gets reminders again, from the next step of each ladder on.`,
    `  it was ${suppressionText(was)}`,
    `  recorded: lifted by ${by}${consent}: ${reason}`,
  ];
}

function suppressionText(entry: unknown): string {
  return `${fieldOf(entry, 'reason')} by ${fieldOf(entry, 'by')} on ${day(entry)}`;
}

function liftingText(entry: unknown): string {
  const was = suppressionText(fieldOf(entry, 'was'));
  const [by, reason] = [fieldOf(entry, 'by'), fieldOf(entry, 'reason')];
  return `was ${was}; lifted by ${by} on ${day(entry)}: ${reason}`;
}

/** Follow-up time, as everything about reminders. */
function day(entry: unknown): string {
  return localTime(Date.parse(String(fieldOf(entry, 'at'))));
}
