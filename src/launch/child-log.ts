/** The log of a child: kept small, and its end shown to the person who must act on it. */
import { readFileSync, renameSync, statSync } from 'node:fs';
import { maskAddresses } from '../edge/log.ts';

const LOG_BYTES_MAX = 8 * 1024 * 1024;
const TAIL_BYTES = 8192;
const TAIL_LINES = 8;

/** The last lines after `start`; empty when there are none. */
export function logTail(path: string, start: number): string {
  try {
    const text = readFileSync(path).subarray(start).subarray(-TAIL_BYTES).toString('utf8');
    const lines = stripAnsi(text).trimEnd().split('\n').slice(-TAIL_LINES);
    // A mail catcher or a Worker may have logged whom it served; terminals are recorded and shared.
    return maskAddresses(lines.join('\n'));
  } catch {
    return '';
  }
}

function stripAnsi(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');
}

/** The log of the run before is kept as `.1` once it is large: two files bound the space. */
export function keepLogSmall(path: string): void {
  try {
    if (statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  } catch {
    // No log yet.
  }
}
