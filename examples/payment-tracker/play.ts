/** Plays every sequence on Hookline and on all five trackers at once, and counts what people got. */
import { setTimeout as sleep } from 'node:timers/promises';
import { serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import type { Stage } from '../support/example.ts';
import type { Hookline } from '../support/hookline.ts';
import {
  FIRST_LOOK,
  LAST_BEAT,
  SEQUENCES,
  type Sequence,
  type Step,
  type Told,
} from './sequences.ts';
import { paymentTracker, type TrackerEvent, VARIANTS, type Variant } from './variants.ts';

/** One interval of a tracker, one day of Hookline. Whole seconds: Stripe's times have no smaller. */
export const BEAT_MS = 2_000;
export const TIME_SCALE = 86_400_000 / BEAT_MS;

export type System = 'hookline' | Variant['language'];
export const SYSTEMS: readonly System[] = ['hookline', ...VARIANTS.map(({ language }) => language)];

export interface Seen extends Told {
  /** Reminders within the first interval. */
  readonly early: number;
  /** Timers that still wait although the payment is paid; looked at for one sequence only. */
  readonly timers: number | null;
  /** Is anything scheduled that will clear the state? */
  readonly forgets: boolean;
}

export type Observations = ReadonlyMap<string, Seen>;

export function seenOf(observations: Observations, sequence: string, system: System): Seen {
  const seen = observations.get(`${sequence} ${system}`);
  if (seen === undefined) throw new Error(`${sequence} was not played on ${system}`);
  return seen;
}

/** Takes `LAST_BEAT` beats, whatever the number of sequences: all are played side by side. */
export async function playAll({ hookline, say }: Stage): Promise<Observations> {
  const mails: { readonly system: System; readonly told: string; readonly payment: string }[] = [];
  const endpoint = await serveEndpoint({
    host: '127.0.0.1',
    port: 0,
    services: VARIANTS.map((variant) =>
      paymentTracker(variant, {
        scale: (intervalMs) => (intervalMs * BEAT_MS) / variant.intervalMs,
        mail: async (told, payment) => void mails.push({ system: variant.language, told, payment }),
      }),
    ),
  });
  try {
    const registered = await registerDeployment({
      adminUrl: hookline.restateAdminUrl,
      uri: `http://127.0.0.1:${endpoint.port}`,
      force: true,
      useHttp11: false,
      fetch,
      deadlineMs: 20_000,
    });
    if (!registered.ok) throw new Error(JSON.stringify(registered.failure));
    // Just after a full second, so that Stripe's whole seconds and ours agree.
    await sleep(1_000 - (Date.now() % 1_000));
    const startMs = Date.now();
    say(
      `Playing ${SEQUENCES.length} sequences on ${SYSTEMS.length} systems, a day in two seconds.`,
    );
    const until = (beat: number): Promise<void> =>
      sleep(Math.max(0, startMs + beat * BEAT_MS - Date.now()));
    const count = async (sequence: Sequence, system: System): Promise<Told> =>
      system === 'hookline'
        ? countMails(hookline, sequence)
        : {
            reminders: mails.filter(isOf(sequence, system, 'reminder')).length,
            escalations: mails.filter(isOf(sequence, system, 'escalation')).length,
          };
    const playing = SEQUENCES.flatMap((sequence) => [
      playOn(sequence, until, (step) => tellHookline(hookline, sequence, step, startMs)),
      ...VARIANTS.map((variant) =>
        playOn(sequence, until, (step) => tellTracker(hookline, variant, sequence, step, startMs)),
      ),
    ]);
    await until(FIRST_LOOK);
    const early = new Map<string, number>();
    const timers = new Map<string, number>();
    for (const sequence of SEQUENCES) {
      for (const system of SYSTEMS) {
        const key = `${sequence.id} ${system}`;
        early.set(key, (await count(sequence, system)).reminders);
        if (sequence.id === 'paidfirst') timers.set(key, await waitingTimers(hookline, system));
      }
    }
    await Promise.all(playing);
    await until(LAST_BEAT);
    const seen = new Map<string, Seen>();
    for (const sequence of SEQUENCES) {
      for (const system of SYSTEMS) {
        const key = `${sequence.id} ${system}`;
        seen.set(key, {
          ...(await count(sequence, system)),
          early: early.get(key) ?? 0,
          timers: timers.get(key) ?? null,
          forgets: sequence.id === 'paidfirst' && (await willForget(hookline, system)),
        });
      }
    }
    return seen;
  } finally {
    await endpoint.close();
  }
}

async function playOn(
  { steps }: Sequence,
  until: (beat: number) => Promise<void>,
  deliver: (step: Step) => Promise<void>,
): Promise<void> {
  for (const step of steps) {
    await until(step.at);
    await deliver(step);
  }
}

const idOf = (sequence: Sequence, step: Step): string =>
  `${step.what === 'intent_failed' ? 'pi' : 'in'}_tracked${sequence.id}`;

function isOf(sequence: Sequence, system: System, told: string) {
  return (mail: { system: System; told: string; payment: string }): boolean =>
    mail.system === system &&
    mail.told === told &&
    mail.payment.slice(3) === `tracked${sequence.id}`;
}

/** Through the front door: signed, over HTTP, to the gateway. */
async function tellHookline(
  hookline: Hookline,
  sequence: Sequence,
  step: Step,
  startMs: number,
): Promise<void> {
  const { what, happenedAt, times = 1, forged = false } = step;
  const type =
    what === 'paid'
      ? 'invoice.paid'
      : what === 'failed'
        ? 'invoice.payment_failed'
        : 'payment_intent.payment_failed';
  const ofCustomer = what === 'intent_failed' ? 'receipt_email' : 'customer_email';
  const happened = Math.floor((startMs + (happenedAt ?? 0) * BEAT_MS) / 1_000);
  const sets = [
    `data.object.${ofCustomer}=${sequence.id}@example.com`,
    ...(what === 'failed' ? ['data.object.next_payment_attempt=null'] : []),
    // The invoice names its intent, as it did before API version basil.
    ...(what === 'intent_failed' ? [] : [`data.object.payment_intent=pi_tracked${sequence.id}`]),
    ...(happenedAt === undefined ? [] : [`created=${happened}`]),
  ];
  const shape = what === 'intent_failed' ? [] : ['--shape', 'acacia'];
  const result = await hookline.command(
    ...['trigger', 'stripe', type, '--id', idOf(sequence, step), ...shape],
    ...sets.flatMap((set) => ['--set', set]),
    ...['--times', String(times)],
    ...(forged ? ['--wrong-secret'] : []),
  );
  if (result.code !== 0) throw new Error([...result.lines, ...result.remarks].join('\n'));
}

/** As the provider would: its webhook points at the handler, without a key for the event. */
async function tellTracker(
  hookline: Hookline,
  variant: Variant,
  sequence: Sequence,
  step: Step,
  startMs: number,
): Promise<void> {
  const payment = idOf(sequence, step);
  const event: TrackerEvent = {
    id: `evt_${sequence.id}_${step.at}_${step.what}`,
    type: step.what,
    created: Math.floor((startMs + (step.happenedAt ?? step.at) * BEAT_MS) / 1_000),
    data: { id: payment, customer: `${sequence.id}@example.com` },
  };
  const handler = step.what === 'paid' ? variant.onSuccess : variant.onFailure;
  const url = `${hookline.restateIngressUrl}/${variant.objectName}/${payment}/${handler}/send`;
  for (let time = 0; time < (step.times ?? 1); time += 1) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
}

/** What arrived in mailboxes. A digest to the team counts once for each subject in it. */
async function countMails(hookline: Hookline, { id }: Sequence): Promise<Told> {
  const mails = await hookline.mails();
  const about = [`stripe/in_tracked${id}`, `stripe/pi_tracked${id}`];
  return {
    reminders: mails.filter(({ to }) => to.includes(`${id}@example.com`)).length,
    escalations: mails.filter(
      (mail) =>
        mail.to.includes('team@example.com') && mail.about.some((one) => about.includes(one)),
    ).length,
  };
}

function paidFirstOf(system: System): { readonly service: string; readonly handlers: string[] } {
  const variant = VARIANTS.find(({ language }) => language === system);
  return variant === undefined
    ? { service: 'Payment', handlers: ['onTimer'] }
    : { service: variant.objectName, handlers: [variant.onFailure] };
}

async function scheduled(hookline: Hookline, system: System): Promise<readonly string[]> {
  const key = system === 'hookline' ? 'stripe/in_trackedpaidfirst' : 'in_trackedpaidfirst';
  const response = await fetch(`${hookline.restateAdminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      query:
        'SELECT target_handler_name FROM sys_invocation_status ' +
        `WHERE status = 'scheduled' AND target_service_name = '${paidFirstOf(system).service}' ` +
        `AND target_service_key = '${key}'`,
    }),
  });
  const { rows } = (await response.json()) as { rows: { target_handler_name: string }[] }; // documented
  return rows.map((row) => row.target_handler_name);
}

async function waitingTimers(hookline: Hookline, system: System): Promise<number> {
  const { handlers } = paidFirstOf(system);
  return (await scheduled(hookline, system)).filter((name) => handlers.includes(name)).length;
}

async function willForget(hookline: Hookline, system: System): Promise<boolean> {
  return (await scheduled(hookline, system)).includes('expire');
}
