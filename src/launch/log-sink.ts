/**
 * Where the gateway's structured log goes: every line to a file; to the terminal only what went
 * wrong, as text, and the same thing at most once a minute. A full disk fails every event there is,
 * and a person must still be able to read the one sentence that says so.
 */
import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';
import type { LogSink } from '../edge/log.ts';
import { diskFullWhileRunning, isDiskFull } from './faults.ts';

const BYTES_MAX = 16 * 1024 * 1024;
const REOPEN_AFTER_MS = 10_000;
const SAY_AGAIN_AFTER_MS = 60_000;
/** Different things said within a minute; beyond it the terminal stays quiet, the file does not. */
const SAID_MAX = 100;

export interface LogFile {
  readonly sink: LogSink;
  close(): Promise<void>;
}

export interface LogFileOptions {
  readonly path: string;
  readonly dataDir: string;
  readonly say: (text: string) => void;
  readonly monotonicMs: () => number;
}

/** Appends; a large file of earlier runs becomes `.1`. A log that cannot be written stops nothing. */
export function openLogFile(options: LogFileOptions): LogFile {
  const { path, monotonicMs } = options;
  const sayOnce = terminalVoice(options);
  try {
    if (statSync(path).size > BYTES_MAX) renameSync(path, `${path}.1`);
  } catch {
    // No log yet.
  }
  let stream: WriteStream | null = null;
  let brokenAtMs: number | null = null;
  const open = (): WriteStream | null => {
    if (brokenAtMs !== null && monotonicMs() - brokenAtMs < REOPEN_AFTER_MS) return null;
    brokenAtMs = null;
    const opened = createWriteStream(path, { flags: 'a', mode: 0o600 });
    opened.on('error', (error) => {
      stream = null;
      brokenAtMs = monotonicMs();
      sayOnce('log', `The log ${path} cannot be written: ${error.message}`);
    });
    return opened;
  };
  return {
    sink: (line, level) => {
      stream ??= open();
      stream?.write(`${line}\n`);
      if (level !== 'info') sayOnce(...described(line));
    },
    close: () =>
      new Promise((resolve) => {
        if (stream === null) resolve();
        else stream.end(() => resolve());
      }),
  };
}

/** Says the same thing at most once a minute. `key` decides what is the same. */
export function terminalVoice(
  options: Pick<LogFileOptions, 'dataDir' | 'say' | 'monotonicMs'>,
): (key: string, text: string) => void {
  const said = new Map<string, number>();
  return (key, text) => {
    const nowMs = options.monotonicMs();
    const full = isDiskFull(text);
    const topic = full ? 'disk full' : key;
    for (const [other, atMs] of said) if (nowMs - atMs > SAY_AGAIN_AFTER_MS) said.delete(other);
    if (said.has(topic) || said.size >= SAID_MAX) return;
    said.set(topic, nowMs);
    options.say(full ? diskFullWhileRunning(options.dataDir) : text);
  };
}

/** `warn archive_failed: operation=put error=…`; what differs per event is no part of the key. */
function described(line: string): [key: string, text: string] {
  const { at: _at, level, event, ...fields } = JSON.parse(line) as Record<string, unknown>; // our own line
  const shown = Object.entries(fields).filter(([, value]) => value !== null);
  const text = shown.map(([name, value]) => `${name}=${String(value)}`).join(' ');
  const why = fields['error'] ?? fields['message'] ?? fields['reason'] ?? '';
  return [`${String(event)} ${String(why)}`, `${String(level)} ${String(event)}: ${text}`];
}
