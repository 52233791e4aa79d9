/** The six systems under comparison, behind one face: deliver a step, count what people were told. */
import { seenWithin } from '../support/example.ts';
import type { Hookline } from '../support/hookline.ts';
import type { Sequence, Step, Told } from './sequences.ts';
import { type TrackerEvent, VARIANTS, type Variant } from './variants.ts';

/** One interval of a tracker, one day of Hookline. Whole seconds: Stripe's times have no smaller. */
export const BEAT_MS = 4_000;
export const TIME_SCALE = 86_400_000 / BEAT_MS;

export type SystemName = 'hookline' | Variant['language'];
export const SYSTEM_NAMES: readonly SystemName[] = [
  'hookline',
  ...VARIANTS.map(({ language }) => language),
];

/** One mail that a tracker would have sent. `at`: epoch ms. */
export interface TrackerMailSeen {
  readonly language: Variant['language'];
  readonly told: 'reminder' | 'escalation';
  readonly payment: string;
  readonly at: number;
}

export interface System {
  readonly name: SystemName;
  deliver(sequence: Sequence, step: Step): Promise<void>;
  /** When each reminder and each escalation was sent, epoch ms. */
  mailTimes(sequence: Sequence): Promise<{
    readonly reminders: readonly number[];
    readonly escalations: readonly number[];
  }>;
  /** Names of the handlers that are scheduled to run for the sequence's payment. */
  scheduled(sequence: Sequence): Promise<readonly string[]>;
  /** The handler that a waiting timer is for. */
  readonly timer: string;
}

export async function told(system: System, sequence: Sequence): Promise<Told> {
  const { reminders, escalations } = await system.mailTimes(sequence);
  return { reminders: reminders.length, escalations: escalations.length };
}

const paymentOf = (sequence: Sequence, step: Pick<Step, 'what'>): string =>
  `${step.what === 'intent_failed' ? 'pi' : 'in'}_tracked${sequence.id}`;

const happenedAtSeconds = ({ late = 0 }: Step): number =>
  Math.floor((Date.now() - late * BEAT_MS) / 1_000);

/** Through the front door: a signed delivery over HTTP, and the mailboxes behind it. */
export function hooklineSystem(hookline: Hookline): System {
  return {
    name: 'hookline',
    timer: 'onTimer',
    deliver: async (sequence, step) => {
      await each(step.attempts, () => trigger(hookline, sequence, step));
      // The answer means that it is kept, not yet that it is handled; a tracker's answer means both.
      if (step.what === 'paid') await handled(hookline, `stripe/${paymentOf(sequence, step)}`);
    },
    mailTimes: async (sequence) => {
      // As a mailbox shows them: a mail that comes again under its Message-ID is one mail.
      const all = await hookline.mails();
      const mails = [...new Map(all.toReversed().map((mail) => [mail.messageId, mail])).values()];
      const about = ['in', 'pi'].map((kind) => `stripe/${kind}_tracked${sequence.id}`);
      return {
        reminders: mails
          .filter(({ to }) => to.includes(`${sequence.id}@example.com`))
          .map(({ at }) => at),
        // A digest to the team counts once for each subject in it.
        escalations: mails
          .filter(({ to }) => to.includes('team@acme.test'))
          .filter((mail) => mail.about.some((one) => about.includes(one)))
          .map(({ at }) => at),
      };
    },
    scheduled: (sequence) =>
      scheduledHandlers(hookline, 'Payment', `stripe/in_tracked${sequence.id}`),
  };
}

const TYPE = {
  paid: 'invoice.paid',
  failed: 'invoice.payment_failed',
  intent_failed: 'payment_intent.payment_failed',
} as const;

async function trigger(hookline: Hookline, sequence: Sequence, step: Step): Promise<void> {
  const { what, times = 1, forged = false, late = 0 } = step;
  const isIntent = what === 'intent_failed';
  const sets = [
    `data.object.${isIntent ? 'receipt_email' : 'customer_email'}=${sequence.id}@example.com`,
    // The invoice names its intent, as it did before API version basil.
    ...(isIntent ? [] : [`data.object.payment_intent=pi_tracked${sequence.id}`]),
    ...(what === 'failed' ? ['data.object.next_payment_attempt=null'] : []),
    ...(late === 0 ? [] : [`created=${happenedAtSeconds(step)}`]),
  ];
  const result = await hookline.command(
    ...['trigger', 'stripe', TYPE[what], '--id', paymentOf(sequence, step)],
    ...(isIntent ? [] : ['--shape', 'acacia']),
    ...sets.flatMap((set) => ['--set', set]),
    ...['--times', String(times)],
    ...(forged ? ['--wrong-secret'] : []),
  );
  if (result.code !== 0) throw new Error([...result.lines, ...result.remarks].join('\n'));
}

function handled(hookline: Hookline, subject: string): Promise<unknown> {
  return seenWithin(10_000, async () => {
    const view = await hookline.view(subject);
    return view?.status === 'paid' ? view : null;
  });
}

/** As a provider whose webhook points at the handler itself: no signature, no key for the event. */
export function trackerSystem(
  hookline: Pick<Hookline, 'restateIngressUrl' | 'restateAdminUrl'>,
  variant: Variant,
  mails: readonly TrackerMailSeen[],
): System {
  const timesOf = (sequence: Sequence, kind: TrackerMailSeen['told']): readonly number[] =>
    mails
      .filter(({ language }) => language === variant.language)
      .filter((mail) => mail.told === kind)
      .filter(({ payment }) => payment.slice('in_'.length) === `tracked${sequence.id}`)
      .map(({ at }) => at);
  return {
    name: variant.language,
    timer: variant.onFailure,
    deliver: async (sequence, step) => {
      const payment = paymentOf(sequence, step);
      const handler = step.what === 'paid' ? variant.onSuccess : variant.onFailure;
      const url = `${hookline.restateIngressUrl}/${variant.objectName}/${payment}/${handler}`;
      await each(step.attempts, async (attempt) => {
        const event: TrackerEvent = {
          id: `evt_${sequence.id}_${sequence.steps.indexOf(step)}_${attempt}`,
          type: TYPE[step.what],
          created: happenedAtSeconds(step),
          data: { id: payment, customer: `${sequence.id}@example.com` },
        };
        await each(step.times, () => post(url, event));
      });
    },
    mailTimes: async (sequence) => ({
      reminders: timesOf(sequence, 'reminder'),
      escalations: timesOf(sequence, 'escalation'),
    }),
    scheduled: (sequence) =>
      scheduledHandlers(hookline, variant.objectName, `in_tracked${sequence.id}`),
  };
}

function each(times: number | undefined, act: (index: number) => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: times ?? 1 }, (_, index) => act(index)));
}

async function post(url: string, event: TrackerEvent): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${answer}`);
}

async function scheduledHandlers(
  { restateAdminUrl }: Pick<Hookline, 'restateAdminUrl'>,
  service: string,
  key: string,
): Promise<readonly string[]> {
  const query =
    "SELECT target_handler_name FROM sys_invocation_status WHERE status = 'scheduled' " +
    `AND target_service_name = '${service}' AND target_service_key = '${key}'`;
  const response = await fetch(`${restateAdminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { rows } = (await response.json()) as { rows: { target_handler_name: string }[] }; // documented
  return rows.map((row) => row.target_handler_name);
}
