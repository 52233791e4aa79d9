/** Plays every sequence on Hookline and on all five trackers, side by side, and notes what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import { type Stage, seenWithin } from '../support/example.ts';
import { LAST_BEAT, SEQUENCES, type Sequence, type Step, type Told, WARM_UP } from './sequences.ts';
import {
  BEAT_MS,
  hooklineSystem,
  type System,
  type SystemName,
  type TrackerMailSeen,
  told,
  trackerSystem,
} from './systems.ts';
import { paymentTracker, VARIANTS } from './variants.ts';

/** The sequence whose timers are looked at: a payment settled while one was armed. */
const WATCHED = 'paidfirst';
/** Sequences start at so many moments, a second apart: all at once is a burst every beat. */
const STARTS = 4;
/** Long enough for a busy machine; when it is over, the step goes on and the claim will fail. */
const PATIENCE_MS = 30_000;

export interface Seen extends Told {
  /** Beats from the first reminder to the third; null: there was no third. */
  readonly spanBeats: number | null;
  /** Timers that waited when the last step had been handled; looked at in one sequence only. */
  readonly timersLeft: number;
  /** In the end, something is scheduled that clears the state; the same sequence only. */
  readonly forgets: boolean;
}

export type Observations = ReadonlyMap<string, Seen>;

export function seenOf(observations: Observations, sequence: string, system: SystemName): Seen {
  const seen = observations.get(`${sequence} ${system}`);
  if (seen === undefined) throw new Error(`${sequence} was not played on ${system}`);
  return seen;
}

/** Takes about `LAST_BEAT` beats, whatever the number of sequences. */
export async function playAll({ hookline, say }: Stage): Promise<Observations> {
  const mails: TrackerMailSeen[] = [];
  const endpoint = await serveEndpoint({
    host: '127.0.0.1',
    port: 0,
    logger: () => undefined, // Otherwise a line for every step of every handler.
    services: VARIANTS.map((variant) =>
      paymentTracker(variant, {
        scale: (intervalMs) => (intervalMs * BEAT_MS) / variant.intervalMs,
        mail: async (kind, payment) => {
          mails.push({ language: variant.language, told: kind, payment, at: Date.now() });
        },
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
    const systems = [
      hooklineSystem(hookline),
      ...VARIANTS.map((variant) => trackerSystem(hookline, variant, mails)),
    ];
    await Promise.all(systems.map((system) => playOn(system, WARM_UP)));
    say(
      `${SEQUENCES.length} sequences on ${systems.length} systems; a day takes ${BEAT_MS / 1_000} seconds.`,
    );
    return await observe(systems);
  } finally {
    await endpoint.close();
  }
}

async function observe(systems: readonly System[]): Promise<Observations> {
  // Just after a full second: Stripe's times are whole seconds, and a second is much of a day here.
  await sleep(1_000 - (Date.now() % 1_000));
  const end = sleep(LAST_BEAT * BEAT_MS + STARTS * 1_000);
  const timersLeft = new Map<string, number>();
  const pairs = systems.flatMap((system) => SEQUENCES.map((sequence) => ({ system, sequence })));
  await Promise.all(
    pairs.map(async ({ system, sequence }) => {
      await sleep((SEQUENCES.indexOf(sequence) % STARTS) * 1_000);
      await playOn(system, sequence);
      if (sequence.id !== WATCHED) return;
      const waiting = await system.scheduled(sequence);
      const timers = waiting.filter((handler) => handler === system.timer);
      timersLeft.set(keyOf(sequence, system), timers.length);
    }),
  );
  await end;
  const seen = new Map<string, Seen>();
  for (const { system, sequence } of pairs) {
    if (system.name === 'hookline') await settled(system, sequence);
    const key = keyOf(sequence, system);
    const { reminders } = await system.mailTimes(sequence);
    const [first, , third] = reminders.toSorted((a, b) => a - b);
    seen.set(key, {
      ...(await told(system, sequence)),
      spanBeats: first === undefined || third === undefined ? null : (third - first) / BEAT_MS,
      timersLeft: timersLeft.get(key) ?? 0,
      forgets: sequence.id === WATCHED && (await system.scheduled(sequence)).includes('expire'),
    });
  }
  return seen;
}

const keyOf = (sequence: Sequence, system: System): string => `${sequence.id} ${system.name}`;

/** A mail may still be on its way on a busy machine; too many mails are never excused by this. */
async function settled(system: System, sequence: Sequence): Promise<void> {
  await seenWithin(5_000, async () => {
    const now = await told(system, sequence);
    const { reminders, escalations } = sequence.told;
    return now.reminders >= reminders && now.escalations >= escalations ? now : null;
  });
}

async function playOn(system: System, sequence: Sequence): Promise<void> {
  for (const step of sequence.steps) {
    await dueNow(system, sequence, step);
    await system.deliver(sequence, step);
  }
}

async function dueNow(system: System, sequence: Sequence, step: Step): Promise<void> {
  const { reminders = 0, escalations = 0 } = step.after ?? {};
  if (step.after !== undefined) {
    await seenWithin(PATIENCE_MS, async () => {
      const now = await told(system, sequence);
      return now.reminders >= reminders && now.escalations >= escalations ? now : null;
    });
  }
  await sleep((step.beats ?? 0) * BEAT_MS);
}
