/** `node examples/event-join/run.ts`: an invoice, its payment intent and its charge are one payment. */
import type { SubjectView } from '../../src/durable/contract.ts';
import { type Example, runAsCommand, type Stage, seenWithin } from '../support/example.ts';

type Told = 'invoice failed' | 'intent failed' | 'link' | 'dispute';
const EVENTS: readonly Told[] = ['invoice failed', 'intent failed', 'link', 'dispute'];

/** Every order in which four events can arrive: 24. */
function ordersOf(events: readonly Told[]): readonly (readonly Told[])[] {
  if (events.length <= 1) return [events];
  return events.flatMap((first) =>
    ordersOf(events.filter((event) => event !== first)).map((rest) => [first, ...rest]),
  );
}

interface Ids {
  readonly invoice: string;
  readonly intent: string;
  readonly charge: string;
}

/** What to type for each event. Since API version basil an invoice does not name its intent. */
function argumentsOf(
  event: Told,
  { invoice, intent, charge }: Ids,
  startSeconds: number,
): readonly string[] {
  // It happened in one order only; what differs is when it arrives.
  const created = ['--set', `created=${startSeconds + EVENTS.indexOf(event)}`];
  const set = (path: string, value: string) => ['--set', `data.object.${path}=${value}`];
  switch (event) {
    case 'invoice failed':
      return [
        ...['invoice.payment_failed', '--id', invoice, ...created],
        ...set('customer_email', `${invoice}@example.com`),
        ...set('next_payment_attempt', 'null'),
      ];
    case 'intent failed':
      return [
        ...['payment_intent.payment_failed', '--id', intent, ...created],
        ...set('latest_charge', charge),
        ...set('receipt_email', `${invoice}@example.com`),
      ];
    case 'link':
      return [
        ...['invoice_payment.paid', '--id', invoice, ...created],
        ...set('payment.payment_intent', intent),
      ];
    case 'dispute':
      return [...['charge.dispute.created', '--id', intent, ...created], ...set('charge', charge)];
  }
}

/** What must not depend on the order. */
function essence(view: SubjectView | null) {
  return {
    status: view?.status,
    ladder: view?.followUp?.ladder.id,
    customer: view?.details?.customer.email?.replace(/\d+/, ''),
    amount: view?.details?.amountMinor,
    belongsTo: view?.linkedTo,
    anchor: view?.followUp?.anchorAt,
  };
}

interface Played {
  readonly order: readonly Told[];
  readonly ids: Ids;
}

async function play(stage: Stage): Promise<void> {
  const { hookline, say } = stage;
  const orders = ordersOf(EVENTS);
  say(`Four events about one payment, in all ${orders.length} orders. The link is one of them.`);
  const payments = orders.map((order, number) => ({
    order,
    ids: {
      invoice: `in_joined${number}`,
      intent: `pi_joined${number}`,
      charge: `ch_joined${number}`,
    },
  }));
  const startSeconds = Math.floor(Date.now() / 1000) - EVENTS.length;
  for (const { order, ids } of payments) {
    for (const event of order) {
      const typed = argumentsOf(event, ids, startSeconds);
      const result = await hookline.command('trigger', 'stripe', ...typed);
      if (result.code !== 0) throw new Error([...result.lines, ...result.remarks].join('\n'));
    }
  }
  await compare(stage, payments);
  await checkMails(stage, payments);
  await settle(stage, payments[0]?.ids ?? { invoice: '', intent: '', charge: '' });
}

/** Every order must end as the first one does. */
async function compare({ hookline, expect }: Stage, payments: readonly Played[]): Promise<void> {
  let wanted: string | null = null;
  let broken = 0;
  for (const { order, ids } of payments) {
    const joined = await seenWithin(10_000, async () => {
      const view = await hookline.view(`stripe/${ids.invoice}`);
      const other = await hookline.view(`stripe/${ids.intent}`);
      const isJoined = other?.linkedTo === `stripe/${ids.invoice}` && view?.status === 'disputed';
      const seen = JSON.stringify(essence(view));
      wanted ??= isJoined ? seen : null;
      return isJoined && seen === wanted ? view : null;
    });
    if (joined !== null) continue;
    broken += 1;
    const view = await hookline.view(`stripe/${ids.invoice}`);
    expect(`joined: ${order.join(', ')}`, false, essence(view));
  }
  expect(`all ${payments.length} orders end in the same payment, on its invoice`, broken === 0);
}

async function checkMails({ hookline, expect }: Stage, payments: readonly Played[]): Promise<void> {
  const escalated = await seenWithin(10_000, async () => {
    const mails = await hookline.mails();
    const about = mails.flatMap((mail) => mail.about);
    // What was sent before the link came bears the name of the intent, and is not sent again.
    const heard = ({ invoice, intent }: Ids): number =>
      about.filter((name) => name === `stripe/${invoice}` || name === `stripe/${intent}`).length;
    return payments.every(({ ids }) => heard(ids) === 1) ? mails : null;
  });
  expect('the team hears of each dispute once, whatever name it had by then', escalated !== null);
  const mails = await hookline.mails();
  const astray = mails.filter(({ to }) => !to.some((address) => address.endsWith('@acme.test')));
  expect('no customer is reminded of what is disputed', astray.length === 0, astray);
}

async function settle(
  { hookline, say, expect }: Stage,
  { invoice, intent, charge }: Ids,
): Promise<void> {
  say('The bank decides for us and the next attempt succeeds; both events name the intent alone.');
  await hookline.command(
    ...['trigger', 'stripe', 'charge.dispute.closed', '--id', intent],
    ...['--set', 'data.object.status=won', '--set', `data.object.charge=${charge}`],
  );
  await hookline.command('trigger', 'stripe', 'payment_intent.succeeded', '--id', intent);
  const paid = await seenWithin(10_000, async () => {
    const view = await hookline.view(`stripe/${invoice}`);
    return view?.status === 'paid' && view.followUp?.closedAt !== null ? view : null;
  });
  expect(
    'the invoice is settled and its follow-up is closed',
    paid !== null,
    paid ?? (await hookline.view(`stripe/${invoice}`))?.timeline,
  );
}

export const eventJoin: Example = {
  title: 'Event join: whatever the order, one payment is one subject',
  config: 'examples/gateway.config.ts',
  // Slow: a dispute escalates at once and again after two days, and nothing here waits for that.
  timeScale: 3_600,
  play,
};

if (import.meta.main) await runAsCommand(eventJoin);
