/** `node examples/durable-webhooks/run.ts`: what was acknowledged survives a power cut, once. */
import { type Example, runAsCommand, type Stage, seenWithin } from '../support/example.ts';

const PAYMENTS = 5;
const subjectOf = (number: number): string => `stripe/in_durable${number}`;
const addressOf = (number: number): string => `customer${number}@example.com`;

async function play(stage: Stage): Promise<void> {
  const { hookline, say, expect } = stage;
  const numbers = Array.from({ length: PAYMENTS }, (_, index) => index + 1);
  say(`${PAYMENTS} payments fail, each event is delivered three times, and nothing waits for us.`);
  const posted = await Promise.all(
    numbers.map((number) =>
      hookline.command(
        ...['trigger', 'stripe', 'invoice.payment_failed', '--id', `in_durable${number}`],
        ...['--set', `data.object.customer_email=${addressOf(number)}`],
        ...['--times', '3'],
      ),
    ),
  );
  say('Then the process is killed with -9: no handler can finish, no goodbye is said.');
  await hookline.kill9();
  expect(
    'every delivery was acknowledged before the cut',
    posted.every(({ code }) => code === 0),
    posted.map(({ lines }) => lines),
  );
  const dark = await hookline.command('payments', 'show', subjectOf(1));
  expect('and nobody answers now', dark.code === 1, dark.lines);

  say('It starts again on the same data.');
  await hookline.restart();
  const arrived = await seenWithin(30_000, async () => {
    const mails = await hookline.mails();
    return numbers.every((number) => mails.some(({ to }) => to.includes(addressOf(number))))
      ? mails
      : null;
  });
  expect('each customer is reminded: what fell due in the dark is one mail', arrived !== null);
  await checkPayments(stage, numbers);
  const events = await hookline.command('events', 'list', '--json');
  const kept = numbers.filter((number) => events.lines.join('').includes(subjectOf(number)));
  expect('every event is kept and can be listed', kept.length === PAYMENTS, events.remarks);
  await tryToForge(stage);
}

async function checkPayments(
  { hookline, expect }: Stage,
  numbers: readonly number[],
): Promise<void> {
  for (const number of numbers) {
    const view = await hookline.view(subjectOf(number));
    const opened = view?.timeline.filter(({ rule }) => rule === 'opened').length;
    const mails = (await hookline.mails()).filter(({ to }) => to.includes(addressOf(number)));
    // After the cut a mail may come twice, but then under the same id: mailboxes show it once.
    const distinct = new Set(mails.map(({ messageId, step }) => `${step} ${messageId}`));
    const steps = new Set(mails.map(({ step }) => step));
    expect(
      `${subjectOf(number)} was opened once and mailed once for each step`,
      opened === 1 && steps.size > 0 && distinct.size === steps.size,
      { opened, mails: [...distinct] },
    );
  }
}

async function tryToForge({ hookline, say, expect }: Stage): Promise<void> {
  say('A stranger posts one more, signed with a secret of his own; and an old one comes again.');
  const forged = await hookline.command(
    ...['trigger', 'stripe', 'invoice.paid', '--id', 'in_durable1', '--wrong-secret'],
  );
  expect('the wrong secret is answered 401', /: 401 /.test(forged.lines.join('\n')), forged.lines);
  const old = await hookline.command(
    ...['trigger', 'stripe', 'invoice.paid', '--id', 'in_durable1', '--skew', '-10m'],
  );
  expect('a signature of ten minutes ago too', /: 401 /.test(old.lines.join('\n')), old.lines);
  const view = await hookline.view(subjectOf(1));
  expect('and neither has changed the payment', view?.status === 'failed', view?.status);
}

export const durableWebhooks: Example = {
  title: 'Durable webhook processing: acknowledged is kept, and handled once',
  config: 'examples/gateway.config.ts',
  timeScale: 86_400,
  play,
};

if (import.meta.main) await runAsCommand(durableWebhooks);
