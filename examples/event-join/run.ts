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
function argumentsOf(event: Told, { invoice, intent, charge }: Ids): readonly string[] {
  const set = (path: string, value: string) => ['--set', `data.object.${path}=${value}`];
  switch (event) {
    case 'invoice failed':
      return [
        ...['invoice.payment_failed', '--id', invoice],
        ...set('customer_email', `${invoice}@example.com`),
        ...set('next_payment_attempt', 'null'),
      ];
    case 'intent failed':
      return ['payment_intent.payment_failed', '--id', intent, ...set('latest_charge', charge)];
    case 'link':
      return ['invoice_payment.paid', '--id', invoice, ...set('payment.payment_intent', intent)];
    case 'dispute':
      return ['charge.dispute.created', '--id', intent, ...set('charge', charge)];
  }
}

/** What must not depend on the order. */
function essence(view: SubjectView | null) {
  return {
    status: view?.status,
    ladder: view?.followUp?.ladder.id,
    customer: view?.details?.customer.email?.replace(/\d+/, ''),
    aliases: view?.linkedTo,
  };
}

async function play({ hookline, say, expect }: Stage): Promise<void> {
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
  for (const { order, ids } of payments) {
    for (const event of order) {
      const result = await hookline.command('trigger', 'stripe', ...argumentsOf(event, ids));
      if (result.code !== 0) throw new Error([...result.lines, ...result.remarks].join('\n'));
    }
  }
  const wanted = JSON.stringify({
    status: 'disputed',
    ladder: 'payment-disputed',
    customer: 'in_joined@example.com',
    aliases: null,
  });
  let broken = 0;
  for (const { order, ids } of payments) {
    const joined = await seenWithin(10_000, async () => {
      const view = await hookline.view(`stripe/${ids.invoice}`);
      const other = await hookline.view(`stripe/${ids.intent}`);
      const isJoined = other?.linkedTo === `stripe/${ids.invoice}`;
      return isJoined && JSON.stringify(essence(view)) === wanted ? view : null;
    });
    if (joined !== null) continue;
    broken += 1;
    const view = await hookline.view(`stripe/${ids.invoice}`);
    expect(`joined: ${order.join(', ')}`, false, essence(view));
  }
  expect(`all ${orders.length} orders end in the same payment, on its invoice`, broken === 0);

  const escalated = await seenWithin(10_000, async () => {
    const mails = await hookline.mails();
    const about = new Set(mails.flatMap((mail) => mail.about));
    return payments.every(({ ids }) => about.has(`stripe/${ids.invoice}`)) ? mails : null;
  });
  expect('the team hears of each dispute, under the name of the invoice', escalated !== null);
  const mails = await hookline.mails();
  const astray = mails.filter(({ to }) => !to.some((address) => address.endsWith('@acme.test')));
  expect('no customer is reminded of what is disputed', astray.length === 0, astray);

  say('The bank decides for us: the dispute is won, and it is the invoice that is paid.');
  const { ids } = payments[0] ?? { ids: { invoice: '', intent: '', charge: '' } };
  await hookline.command(
    ...['trigger', 'stripe', 'charge.dispute.closed', '--id', ids.intent],
    ...['--set', 'data.object.status=won', '--set', `data.object.charge=${ids.charge}`],
  );
  const paid = await seenWithin(10_000, async () => {
    const view = await hookline.view(`stripe/${ids.invoice}`);
    return view?.status === 'paid' ? view : null;
  });
  expect('an event about the charge settles the invoice', paid?.followUp?.closedBy === 'paid');
}

export const eventJoin: Example = {
  title: 'Event join: whatever the order, one payment is one subject',
  config: 'examples/gateway.config.ts',
  // Slow: a dispute escalates at once and again after two days, and nothing here waits for that.
  timeScale: 3_600,
  play,
};

if (import.meta.main) await runAsCommand(eventJoin);
