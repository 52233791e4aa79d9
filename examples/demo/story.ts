/** The story of the demo: two payments fail, one is paid, the other goes all the way. */
import { table } from '../../src/cli/print.ts';
import { readPlan } from '../../src/cli/views.ts';
import type { PlannedStep } from '../../src/core/follow-up/types.ts';
import type { Example, Stage } from '../support/example.ts';
import type { Mail } from '../support/mails.ts';
import { playAcknowledge } from './acknowledge.ts';
import { type Narrator, narrate } from './narrator.ts';

export const ADA = { subject: 'stripe/in_ada', id: 'in_ada', address: 'ada@example.com' } as const;
export const BEN = { subject: 'stripe/in_ben', id: 'in_ben', address: 'ben@example.com' } as const;
type Customer = typeof ADA | typeof BEN;
const DAY_MS = 86_400_000;
/** Longer than any weekend a step may be moved over. */
const PATIENCE_DAYS = 12;

const isReminder =
  ({ address }: Customer, step: string) =>
  (mail: Mail): boolean =>
    mail.to.includes(address) && mail.step === step;

async function fail(narrator: Narrator, { id, address }: Customer, more: readonly string[] = []) {
  return narrator.type(
    ...['trigger', 'stripe', 'invoice.payment_failed', '--id', id],
    ...['--set', `data.object.customer_email=${address}`],
    // Stripe gave up, so no reminder is held back for an attempt of its own.
    ...['--set', 'data.object.next_payment_attempt=null', ...more],
  );
}

async function planOf({ hookline }: Stage, { subject }: Customer): Promise<readonly PlannedStep[]> {
  const { lines } = await hookline.command('payments', 'simulate', subject, '--json');
  return readPlan(JSON.parse(lines.join('\n'))).steps;
}

/** A demo in which a day takes 86400 / `timeScale` seconds. */
export function demoOf(timeScale: number): Example {
  return {
    title: `Hookline, from a failed payment to an escalation. A day takes ${86_400 / timeScale} seconds.`,
    config: 'gateway.config.ts',
    timeScale,
    play: async (stage) => {
      const { hookline, say } = stage;
      say(`Gateway ${hookline.gatewayUrl}, mail catcher ${hookline.mailPageUrl}`);
      say();
      const narrator = await narrate(stage, timeScale);
      try {
        await play(stage, narrator);
      } finally {
        await narrator.close();
      }
      say();
      summary(stage, narrator.mails());
    },
  };
}

async function play(stage: Stage, narrator: Narrator): Promise<void> {
  const { hookline, expect, say } = stage;
  narrator.tell('The cards of Ada and Ben are declined. Stripe tells us.');
  const failedSeconds = Math.floor(Date.now() / 1_000);
  const failed = [await fail(narrator, ADA), await fail(narrator, BEN)];
  expect(
    'both deliveries are accepted',
    failed.every(({ code }) => code === 0),
  );
  narrator.tell('What will happen to Ada if nobody does anything:');
  await narrator.type('payments', 'simulate', ADA.subject);
  const plan = await planOf(stage, ADA);
  const [first, second] = plan.filter(({ action }) => action === 'remind');
  const escalation = plan.find(({ action }) => action === 'escalate');
  if (first === undefined || second === undefined || escalation === undefined) {
    throw new Error('The demo needs a ladder with two reminders and an escalation.');
  }
  narrator.tell('Somebody else would like Ada to be off the hook, but does not know the secret.');
  const forged = await narrator.type(
    ...['trigger', 'stripe', 'invoice.paid', '--id', ADA.id, '--wrong-secret'],
  );
  expect(
    'the forged payment is refused',
    forged.code === 0 && /: 401 /.test(forged.lines[0] ?? ''),
  );

  const reminded = await Promise.all(
    [ADA, BEN].map((one) => narrator.mail(isReminder(one, first.step), PATIENCE_DAYS)),
  );
  expect(
    'both customers get the first reminder',
    reminded.every((mail) => mail !== null),
  );
  narrator.tell('Ada calls: she will pay on Friday. We put her on hold. Ben simply pays.');
  const [held, paid] = await Promise.all([
    narrator.type('payments', 'hold', ADA.subject, '--reason', 'on the phone: pays on Friday'),
    narrator.type('trigger', 'stripe', 'invoice.paid', '--id', BEN.id),
  ]);
  expect('hold and payment are accepted', held.code === 0 && paid.code === 0);

  narrator.tell(
    "Stripe delivers one of Ada's failures three times, and Ben's first one again, late.",
  );
  await fail(narrator, ADA, ['--times', '3']);
  await fail(narrator, BEN, ['--set', `created=${failedSeconds}`]);
  const ben = await hookline.view(BEN.subject);
  expect('Ben stays paid', ben?.status === 'paid', ben?.status);

  narrator.tell('The date of the second reminder comes and goes.');
  await narrator.until(second.at + DAY_MS / 2);
  const early = narrator.mails().filter(isReminder(ADA, second.step));
  expect('nothing is sent while Ada is on hold', early.length === 0, early);
  narrator.tell('Friday came, no money. We let go.');
  await narrator.type('payments', 'release', ADA.subject);
  const final = await narrator.mail(isReminder(ADA, second.step), PATIENCE_DAYS);
  expect('the reminder that was held back arrives', final !== null);

  await playAcknowledge(stage, narrator, { subject: ADA.subject, plan, escalation });

  narrator.tell('In the end Ada pays.');
  await narrator.type('trigger', 'stripe', 'invoice.paid', '--id', ADA.id);
  const resolved = await narrator.mail(({ step }) => step === 'resolved', PATIENCE_DAYS);
  expect('the team hears that it is over', resolved !== null);
  say();
  await narrator.type('payments', 'show', ADA.subject);
  say();
  await narrator.type('payments', 'show', BEN.subject);
  await checkBooks(stage, narrator, plan);
}

/** What was promised, against what arrived. */
async function checkBooks(
  { hookline, expect }: Stage,
  narrator: Narrator,
  plan: readonly PlannedStep[],
): Promise<void> {
  const mails = narrator.mails();
  const stepsTo = (address: string): readonly string[] =>
    mails.filter(({ to }) => to.includes(address)).map(({ step }) => step);
  const reminders = plan.filter(({ action }) => action === 'remind').map(({ step }) => step);
  expect('Ada got each reminder once', same(stepsTo(ADA.address), reminders), stepsTo(ADA.address));
  expect(
    'Ben got one reminder, and none after he paid',
    same(stepsTo(BEN.address), reminders.slice(0, 1)),
    stepsTo(BEN.address),
  );
  const ids = new Set(mails.map(({ messageId }) => messageId));
  expect('no mail came twice', ids.size === mails.length);
  const [ada, ben] = await Promise.all([hookline.view(ADA.subject), hookline.view(BEN.subject)]);
  const opened = ada?.timeline.filter(({ rule }) => rule === 'opened').length;
  expect('four deliveries of failures were one follow-up', opened === 1, opened);
  expect('both payments are paid', ada?.status === 'paid' && ben?.status === 'paid');
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function summary({ say }: Stage, mails: readonly Mail[]): void {
  const counts = new Map<string, number>();
  for (const mail of mails) {
    const key = `${mail.to.join(', ')}  ${mail.step}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  say(`${mails.length} mails:`);
  const rows = [...counts].map(([key, count]) => [String(count), ...key.split('  ')]);
  for (const line of table(rows)) say(`  ${line}`);
}
