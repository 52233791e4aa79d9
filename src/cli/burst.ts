/**
 * An open-loop burst: shot i leaves at i/rate seconds whether or not earlier ones have been
 * answered. A closed loop would slow down with the gateway and hide how slow it became.
 */
import type { World } from './command.ts';

export interface Shot {
  /** HTTP status, or a word for no answer (`ECONNREFUSED`, `timeout`). */
  readonly status: number | string;
  /** Of the last attempt. */
  readonly tookMs: number;
  /** It was asked to come back at least once, and did. */
  readonly cameBack?: boolean;
}

export interface BurstSummary {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Shots that were sent again after a 503. */
  readonly cameBack: number;
  readonly tookSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Shots without an answer held at once; beyond it the burst waits, and the summary shows it. */
const IN_FLIGHT_MAX = 2000;
const PROGRESS_EVERY_MS = 200;

/** `shoot(i)` never rejects. `onProgress` is called a few times a second and at the end. */
export async function runBurst(options: {
  readonly count: number;
  readonly ratePerSecond: number;
  readonly shoot: (index: number) => Promise<Shot>;
  readonly onProgress: (summary: BurstSummary) => void;
  readonly world: Pick<World, 'monotonicMs' | 'sleep'>;
}): Promise<BurstSummary> {
  const { count, ratePerSecond, shoot, onProgress, world } = options;
  const startMs = world.monotonicMs();
  const shots: Shot[] = [];
  const inFlight = new Set<Promise<void>>();
  const soFar = (): BurstSummary => summarize(shots, (world.monotonicMs() - startMs) / 1000);
  let shownMs = startMs;
  const show = (): void => {
    if (world.monotonicMs() - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = world.monotonicMs();
    onProgress(soFar());
  };
  for (let index = 0; index < count; index += 1) {
    const waitMs = startMs + (index * 1000) / ratePerSecond - world.monotonicMs();
    if (waitMs > 0) await world.sleep(waitMs);
    while (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight);
    const flight: Promise<void> = shoot(index).then((shot) => {
      shots.push(shot);
      inFlight.delete(flight);
    });
    inFlight.add(flight);
    show();
  }
  while (inFlight.size > 0) {
    await Promise.race(inFlight);
    show();
  }
  const summary = soFar();
  onProgress(summary);
  return summary;
}

/** Counts and percentiles of what has been answered so far. */
export function summarize(shots: readonly Shot[], tookSeconds: number): BurstSummary {
  const byStatus: Record<string, number> = {};
  for (const { status } of shots) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const sorted = shots.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const percentile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    sent: shots.length,
    byStatus,
    cameBack: shots.filter(({ cameBack }) => cameBack === true).length,
    tookSeconds,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    maxMs: percentile(1),
  };
}

/** `500 of 500 answered in 10.0 s (50/s), p50 3 ms, p99 12 ms, max 20 ms: 200 x500`. */
export function summaryText(summary: BurstSummary, count: number): string {
  const statuses = Object.entries(summary.byStatus)
    .map(([status, times]) => `${status} x${times}`)
    .join(', ');
  const rate = summary.tookSeconds > 0 ? Math.round(summary.sent / summary.tookSeconds) : 0;
  return (
    `${summary.sent} of ${count} answered in ${summary.tookSeconds.toFixed(1)} s (${rate}/s), ` +
    `p50 ${Math.round(summary.p50Ms)} ms, p99 ${Math.round(summary.p99Ms)} ms, ` +
    `max ${Math.round(summary.maxMs)} ms${statuses === '' ? '' : `: ${statuses}`}` +
    (summary.cameBack === 0 ? '' : ` (${summary.cameBack} came back after a 503)`)
  );
}
