/** What the operating system knows about a process id. Ids are reused, so a command line decides. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The command line of a live process, arguments joined by spaces; null when there is none. */
export function commandOf(pid: number): string | null {
  if (!Number.isInteger(pid) || pid < 1) return null;
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return text === '' ? null : text; // a zombie has no command line any more
  } catch {
    if (process.platform === 'linux') return null;
  }
  const found = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  const text = (found.stdout ?? '').trim();
  return found.status === 0 && text !== '' ? text : null;
}

/**
 * Ends a process, and its group, whose command line holds `mark`: SIGTERM, then SIGKILL after `graceMs`. Returns
 * false, and touches nothing, when the id now belongs to something else.
 */
export async function endProcess(pid: number, mark: string, graceMs: number): Promise<boolean> {
  const isOurs = (): boolean => commandOf(pid)?.includes(mark) ?? false;
  if (!isOurs()) return false;
  signalGroup(pid, 'SIGTERM');
  const deadlineMs = performance.now() + graceMs;
  while (isOurs()) {
    if (performance.now() > deadlineMs) {
      signalGroup(pid, 'SIGKILL');
      break;
    }
    await sleep(50);
  }
  while (isOurs()) await sleep(20);
  // What it started itself may have outlived it.
  signalGroup(pid, 'SIGKILL');
  return true;
}

/** Our children lead a process group of their own; whoever does not is signalled alone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group, or gone already.
    }
  }
}
