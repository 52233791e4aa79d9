/**
 * `{dataDir}/clock.json` keeps the follow-up clock over restarts: pending timers and new events
 * must live on one line. A new scale bends the line at this moment and never moves it back; timers
 * armed before keep the wall time they were armed for.
 */
import { join } from 'node:path';
import { type Clock, scaledClock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { readJsonObject, writeFileDurably } from './files.ts';

export interface ClockLine {
  readonly scale: number;
  /** Epoch ms of wall time; see `scaledClock`. */
  readonly baseMs: number;
}

export interface KeptClock {
  readonly line: ClockLine;
  readonly clock: Clock;
  /** A sentence for the person who started it, or null when there is nothing to say. */
  readonly remark: string | null;
}

/**
 * The clock of a data directory. `scale` null keeps the line as it is. Refuses to go back to real
 * time once follow-up time has run ahead: dates would jump back and reminders repeat.
 */
export function keepClock(
  dataDir: string,
  scale: number | null,
  nowMs: number,
): Result<KeptClock, string> {
  const path = join(dataDir, 'clock.json');
  const kept = readLine(path);
  const line = nextLine(kept, scale, nowMs);
  if (line === null) {
    return fail(
      `The clock of ${dataDir} runs ${kept?.scale ?? 1} times faster than real time and is already ` +
        'ahead of it; it cannot go back. Leave --time-scale out, or use another HOOKLINE_DATA_DIR.',
    );
  }
  if (kept === null || line.scale !== kept.scale || line.baseMs !== kept.baseMs) {
    writeFileDurably(path, `${JSON.stringify(line)}\n`, 0o644);
  }
  return ok({
    line,
    clock: scaledClock(line.scale, line.baseMs),
    remark: remarkOn(kept, line, scale),
  });
}

function readLine(path: string): ClockLine | null {
  const { scale, baseMs } = readJsonObject(path) ?? {};
  return typeof scale === 'number' && typeof baseMs === 'number' ? { scale, baseMs } : null;
}

/**
 * The line that goes on from where the kept one is now: with slope `s` through (now, f) its base
 * is (now·s − f)/(s − 1). Null when there is none: slope 1 cannot pass through a point ahead of now.
 */
export function nextLine(
  kept: ClockLine | null,
  scale: number | null,
  nowMs: number,
): ClockLine | null {
  const wanted = scale ?? kept?.scale ?? 1;
  if (kept === null || kept.scale === 1)
    return wanted === 1 ? { scale: 1, baseMs: 0 } : { scale: wanted, baseMs: nowMs };
  if (wanted === kept.scale) return kept;
  if (wanted === 1) return null;
  const aheadMs = scaledClock(kept.scale, kept.baseMs).fromWall(nowMs) - nowMs;
  return { scale: wanted, baseMs: Math.floor(nowMs - aheadMs / (wanted - 1)) };
}

function remarkOn(kept: ClockLine | null, line: ClockLine, scale: number | null): string | null {
  if (kept !== null && kept.scale !== line.scale) {
    return (
      `The clock now runs ${line.scale} times faster than real time (before: ${kept.scale}). ` +
      'Timers that were pending keep the moment they were armed for.'
    );
  }
  if (scale === null && line.scale !== 1) {
    return `The clock still runs ${line.scale} times faster than real time, as at the last start.`;
  }
  return null;
}
