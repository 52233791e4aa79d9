/** The story of the demo: two payments fail, one is paid, the other goes all the way. */
import { table } from '../../src/cli/print.ts';
import { readPlan } from '../../src/cli/views.ts';
import type { PlannedStep } from '../../src/core/follow-up/types.ts';
import { type Example, type Stage, seenWithin } from '../support/example.ts';
import type { Mail } from '../support/mails.ts';
import { playAcknowledge } from './acknowledge.ts';
import { type Narrator, narrate } from './narrator.ts';

interface Customer {
  readonly name: string;
  /** The invoice, as Stripe calls it and as it is printed. */
  readonly id: string;
  readonly number: string;
  readonly subject: string;
  readonly address: string;
}

function customer(name: string, number: string): Customer {
  const id = `in_${name.toLowerCase()}`;
  return {
    name,
    id,
    number,
    subject: `stripe/${id}`,
    address: `${name.toLowerCase()}@example.com`,
  };
}

const ADA = customer('Ada', 'A-1843');
const BEN = customer('Ben', 'B-1712');
const DAY_MS = 86_400_000;
/** Longer than any weekend a step may be moved over. */
const PATIENCE_DAYS = 12;

const isReminder =
  ({ address }: Customer, step: string) =>
  (mail: Mail): boolean =>
    mail.to.includes(address) && mail.step === step;

/** What Stripe says about somebody's invoice. */
function stripe(
  narrator: Narrator,
  type: 'payment_failed' | 'paid',
  { id, name, number, address }: Customer,
  ...more: readonly string[]
) {
  return narrator.type(
    ...['trigger', 'stripe', `invoice.${type}`, '--id', id],
    ...['--set', `data.object.customer_email=${address}`],
    ...['--set', `data.object.customer_name=${name}`, '--set', `data.object.number=${number}`],
    ...more,
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

interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly first: PlannedStep;
  readonly second: PlannedStep;
  readonly escalation: PlannedStep;
}

async function play(stage: Stage, narrator: Narrator): Promise<void> {
  const { expect, say } = stage;
  const failedSeconds = Math.floor(Date.now() / 1_000);
  const plan = await playFailure(stage, narrator);
  await playHold(stage, narrator, plan, failedSeconds);
  await playAcknowledge(stage, narrator, { subject: ADA.subject, ...plan });
  narrator.tell('In the end Ada pays.');
  await stripe(narrator, 'paid', ADA);
  const resolved = await narrator.mail(({ step }) => step === 'resolved', PATIENCE_DAYS);
  expect('the team hears that it is over', resolved !== null);
  for (const { subject } of [ADA, BEN]) {
    say();
    await narrator.type('payments', 'show', subject);
  }
  say();
  await checkBooks(stage, narrator, plan.steps);
}

/** Until both customers have their first reminder. */
async function playFailure(stage: Stage, narrator: Narrator): Promise<Plan> {
  const { expect } = stage;
  narrator.tell('The cards of Ada and Ben are declined. Stripe tells us.');
  const ada = await stripe(narrator, 'payment_failed', ADA);
  const ben = await stripe(narrator, 'payment_failed', BEN);
  expect('both deliveries are accepted', ada.code === 0 && ben.code === 0);
  narrator.tell('What will happen to Ada if nobody does anything:');
  await narrator.type('payments', 'simulate', ADA.subject);
  const steps = await planOf(stage, ADA);
  const [first, second] = steps.filter(({ action }) => action === 'remind');
  const escalation = steps.find(({ action }) => action === 'escalate');
  if (first === undefined || second === undefined || escalation === undefined) {
    throw new Error('The demo needs a ladder with two reminders and an escalation.');
  }
  narrator.tell('Somebody else would like Ada to be off the hook, but does not know the secret.');
  const forged = await stripe(narrator, 'paid', ADA, '--wrong-secret');
  const isRefused = forged.code === 0 && /: 401 /.test(forged.lines[0] ?? '');
  expect('the forged payment is refused', isRefused, forged);
  const reminded = await Promise.all(
    [ADA, BEN].map((one) => narrator.mail(isReminder(one, first.step), PATIENCE_DAYS)),
  );
  expect(
    'both customers get the first reminder',
    reminded.every((mail) => mail !== null),
  );
  return { steps, first, second, escalation };
}

/** Until the reminder that was held back has arrived. */
async function playHold(
  { hookline, expect }: Stage,
  narrator: Narrator,
  { second }: Plan,
  failedSeconds: number,
): Promise<void> {
  narrator.tell('Ada calls: she will pay on Friday. We put her on hold. Ben simply pays.');
  const by = ['--by', 'grace'];
  const reason = 'on the phone: pays on Friday';
  const held = await narrator.type('payments', 'hold', ADA.subject, ...by, '--reason', reason);
  const paid = await stripe(narrator, 'paid', BEN);
  expect('hold and payment are accepted', held.code === 0 && paid.code === 0);

  narrator.tell(
    'Stripe tries Ada a last time and says so three times. A failure of Ben comes much too late.',
  );
  // On some weekdays Ben's first reminder comes so late that Stripe's next try would be due when the
  // hold ends, and then nobody is reminded: this failure is Stripe's last.
  const last = ['--set', 'data.object.next_payment_attempt=null'];
  await stripe(narrator, 'payment_failed', ADA, ...last, '--times', '3');
  await stripe(narrator, 'payment_failed', BEN, '--set', `created=${failedSeconds}`);
  const stale = await seenWithin(5_000, async () => {
    const view = await hookline.view(BEN.subject);
    return view?.timeline.find(({ rule }) => rule === 'stale') ?? null;
  });
  expect('the late one changes nothing for Ben, and the timeline says so', stale !== null);

  narrator.tell('The date of the second reminder comes and goes.');
  await narrator.until(second.at + DAY_MS / 2);
  const early = narrator.mails().filter(isReminder(ADA, second.step));
  expect('nothing is sent while Ada is on hold', early.length === 0, early);
  narrator.tell('Friday came, no money. We let go.');
  await narrator.type('payments', 'release', ADA.subject, ...by);
  const final = await narrator.mail(isReminder(ADA, second.step), PATIENCE_DAYS);
  expect('the reminder that was held back arrives', final !== null);
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
