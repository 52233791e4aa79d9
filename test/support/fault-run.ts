/** One burst with a fault in its middle, from the first event to the verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attempt,
  type PlannedEvent,
  planBurst,
  preciseNow,
  type RunningBurst,
  sendBurst,
} from './burst.ts';
import { check, type Evidence, type Kill, type Verdict } from './checker.ts';
import { collect, type Scene, untilQuiet } from './evidence.ts';
import { type GatewayProcess, WEBHOOK_SECRET } from './gateway-process.ts';
import { SEED } from './property.ts';
import type { SmtpSink } from './smtp-sink.ts';

export interface FaultRun {
  readonly name: string;
  readonly gateway: GatewayProcess;
  readonly sink: () => SmtpSink;
  readonly seed: number;
  readonly events?: number;
  readonly payments?: number;
  readonly spanMs?: number;
  /** Does the damage while the burst runs; resolves with the kills it did when all is repaired. */
  readonly disturb: (burst: RunningBurst) => Promise<readonly Kill[]>;
}

export interface FaultResult {
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly events: readonly PlannedEvent[];
  readonly burst: RunningBurst;
}

export async function runThrough(run: FaultRun): Promise<FaultResult> {
  const { name, gateway, sink, seed } = run;
  const startedAt = performance.now();
  const plan = { seed, events: run.events ?? 500, payments: run.payments ?? 50 };
  const events = planBurst({ ...plan, spanMs: run.spanMs ?? 4_000, startMs: Date.now() });
  const target = { url: gateway.webhookUrl, secret: WEBHOOK_SECRET };
  const burst = sendBurst(events, target, seed);
  const [kills] = await Promise.all([run.disturb(burst), burst.done]);
  const ackedAt = performance.now();
  const scene: Scene = { gateway, sink, events, burst, kills };
  await untilQuiet(scene);
  // A mail that comes although nothing is owed any more must have the time to show itself.
  await sleep(300);
  const evidence = await collect(scene);
  const verdict = check(evidence);
  const [burstS, quietS] = [ackedAt - startedAt, performance.now() - ackedAt].map((ms) =>
    (ms / 1000).toFixed(1),
  );
  report(
    `${name}: SEED=${SEED}, ${verdict.acked} acked events in ${burst.attempts.length} attempts ` +
      `(${answersOf(burst.attempts)}), ` +
      `${verdict.violations.length} violations, ${verdict.orderedPairs} ordered pairs, ` +
      `${verdict.mails} mails (${verdict.repeatedAroundKill} repeated, ` +
      `${verdict.staleAroundKill} stale, ${verdict.unclaimedAroundKill} unclaimed around a kill), all acked after ${burstS} s, ` +
      `quiet ${quietS} s later; outages ${kills.map(({ at, backAt }) => `${Math.round(backAt - at)} ms`).join(', ') || 'none'}`,
  );
  return { evidence, verdict, events, burst };
}

/** `200: 500 in 12/80 ms`: how often each answer came, and how fast (median, 99th percentile). */
export function answersOf(attempts: readonly Attempt[]): string {
  return [...Map.groupBy(attempts, ({ status }) => status ?? 'no answer')]
    .map(([status, some]) => {
      const took = some.map(({ sentAt, endedAt }) => endedAt - sentAt).toSorted((a, b) => a - b);
      const at = (share: number): string => (took[Math.floor(took.length * share)] ?? 0).toFixed(0);
      return `${status}: ${some.length} in ${at(0.5)}/${at(0.99)} ms`;
    })
    .join(', ');
}

export function report(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Kills, lets `restart` do its part, and says when the gateway took events again. */
export async function killed(
  burst: RunningBurst,
  kill: () => Promise<unknown>,
  restart: () => Promise<unknown> = async () => undefined,
): Promise<Kill> {
  const at = preciseNow();
  await kill();
  const goneAt = preciseNow();
  await restart();
  const isBack = ({ status, sentAt }: Attempt): boolean => status === 200 && sentAt > goneAt;
  while (!burst.attempts.some(isBack)) await sleep(10);
  return { at, backAt: preciseNow() };
}
