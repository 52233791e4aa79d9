/**
 * `{dataDir}/clock.json` keeps the follow-up clock over restarts: pending timers and new events
 * must live on one line. A new scale bends the line at this moment and never moves it back; timers
 * armed before keep the wall time they were armed for.
 */
import { join } from 'node:path';
import { type Clock, scaledClock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { jsonObject, readTextFile, writeFileDurably } from './files.ts';
import { isTimeScale, TIME_SCALE_MAX } from './time-scale.ts';

export interface ClockLine {
  readonly scale: number;
  /** Epoch ms of wall time; see `scaledClock`. */
  readonly baseMs: number;
}

/** A wall clock may be set back by this much between two starts. */
const AHEAD_MS_MAX = 86_400_000;
/** The last moment a `Date` can hold. */
const DATE_MS_MAX = 8_640_000_000_000_000;

export interface KeptClock {
  readonly line: ClockLine;
  readonly clock: Clock;
  /** A sentence for the person who started it, or null when there is nothing to say. */
  readonly remark: string | null;
}

/**
 * The clock of a data directory. `scale` null keeps the line as it is. Refuses to go back to real
 * time once follow-up time has run ahead, and to go on from a line that cannot be read: dates would
 * jump back and reminders repeat. `reachesCustomers`: mail leaves this machine for people who never
 * asked for a clock that runs ahead; then only real time will do.
 */
export function keepClock(
  dataDir: string,
  scale: number | null,
  nowMs: number,
  reachesCustomers: boolean,
): Result<KeptClock, string> {
  const path = join(dataDir, 'clock.json');
  const read = readLine(path, nowMs);
  if (!read.ok) return read;
  const kept = read.value;
  const line = nextLine(kept, scale, nowMs);
  if (line === null) {
    return fail(
      `The clock of ${dataDir} runs ${kept?.scale ?? 1} times faster than real time and is already ` +
        'too far ahead of it; it cannot go back. Leave --time-scale out, or use another HOOKLINE_DATA_DIR.',
    );
  }
  if (reachesCustomers && line.scale !== 1) {
    return fail(
      `The clock of ${dataDir} would run ${line.scale} times faster than real time, and SMTP_URL would ` +
        'carry two weeks of reminders to customers within seconds. Leave SMTP_URL out, set live: false ' +
        'in gateway.config.ts, or start with another HOOKLINE_DATA_DIR and no --time-scale.',
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

/** Null: there is no file, and so no time that could jump. */
function readLine(path: string, nowMs: number): Result<ClockLine | null, string> {
  const text = readTextFile(path);
  if (text === null) return ok(null);
  const line = parseLine(text, nowMs);
  if (line.ok) return line;
  return fail(
    `${path} is damaged: ${line.failure}. Put it back from a copy. If --time-scale was never used ` +
      'here, you may remove it instead; otherwise that would move dates back and repeat ' +
      'reminders, so start afresh in another HOOKLINE_DATA_DIR.',
  );
}

function parseLine(text: string, nowMs: number): Result<ClockLine, string> {
  const parsed = jsonObject(text);
  if (parsed === null) return fail('it is no JSON object');
  const { scale, baseMs } = parsed;
  if (!isTimeScale(scale)) {
    return fail(`its scale is ${shown(scale)}, and no number from 1 to ${TIME_SCALE_MAX}`);
  }
  if (typeof baseMs !== 'number' || !Number.isSafeInteger(baseMs)) {
    return fail(`its baseMs is ${shown(baseMs)}, and no whole number of milliseconds`);
  }
  if (baseMs > nowMs + AHEAD_MS_MAX) {
    const now = new Date(nowMs).toISOString();
    return fail(`its baseMs ${baseMs} is in the future (this machine's clock says ${now})`);
  }
  // A line may begin before 1970, after a bend at high speed, as long as today is a date on it.
  if (scaledClock(scale, baseMs).fromWall(nowMs) > DATE_MS_MAX) {
    return fail(`its baseMs ${baseMs} with scale ${scale} leads beyond every date`);
  }
  return ok({ scale, baseMs });
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40);
}

/**
 * The line that goes on from where the kept one is now: with slope `s` through (now, f) its base
 * is (now·s − f)/(s − 1). Null when there is none: slope 1 cannot pass through a point ahead of now,
 * and a slope next to 1 only from a base that no number holds exactly.
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
  const baseMs = Math.floor(nowMs - aheadMs / (wanted - 1));
  return Number.isSafeInteger(baseMs) ? { scale: wanted, baseMs } : null;
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
