/** Where the gateway's structured log goes: a file, with warnings on the terminal as well. */
import { createWriteStream, renameSync, statSync } from 'node:fs';
import type { LogSink } from '../edge/log.ts';

const BYTES_MAX = 16 * 1024 * 1024;

export interface LogFile {
  readonly sink: LogSink;
  close(): Promise<void>;
}

/**
 * Appends to `path`; a large file of earlier runs becomes `.1`. A log that cannot be written (a
 * full disk) is reported once through `say` and must never stop the gateway.
 */
export function openLogFile(path: string, say: (text: string) => void): LogFile {
  try {
    if (statSync(path).size > BYTES_MAX) renameSync(path, `${path}.1`);
  } catch {
    // No log yet.
  }
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  let broken = false;
  stream.on('error', (error) => {
    if (!broken) say(`The log ${path} cannot be written (${error.message}); going on without it.`);
    broken = true;
  });
  return {
    sink: (line, level) => {
      if (!broken) stream.write(`${line}\n`);
      if (level !== 'info') say(line);
    },
    close: () =>
      new Promise((resolve) => {
        if (broken) resolve();
        else stream.end(() => resolve());
      }),
  };
}
