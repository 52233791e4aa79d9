/** What reached the disk before what: a program's system calls, in the order the kernel saw them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Lack } from './skipped.ts';

const CALLS = 'trace=write,writev,pwrite64,pwritev,fsync,fdatasync';

/** Null: programs can be traced here. */
export function tracingLack(): Lack | null {
  const folders = (process.env['PATH'] ?? '').split(':');
  if (!folders.some((folder) => existsSync(`${folder}/strace`)))
    return { what: 'strace is not here' };
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return null;
  } catch {
    return { what: 'this machine forbids strace to trace', impossible: true };
  }
}

/** Runs Node under strace and returns its trace; `-y` puts a file's path beside its number. */
export function traceNode(args: readonly string[], tracePath: string): string {
  const strace = ['-f', '-qq', '-y', '-e', CALLS, '-o', tracePath];
  execFileSync('strace', [...strace, process.execPath, ...args], { stdio: 'pipe' });
  return readFileSync(tracePath, 'utf8');
}

export interface Acks {
  /** Acknowledgements whose bytes were written, and then synced, before they were printed. */
  readonly durable: number;
  /** Printed with nothing written since the last one, or before a sync had returned. */
  readonly early: number;
}

/**
 * Judges every `ack` that the program printed, one after the other, against the writes and syncs of
 * one file. A write counts from its start and a sync from its end, whatever other threads did between.
 */
export function judgeAcks(trace: string, fileName: string): Acks {
  const open = new Map<string, string>();
  const file = `\\(\\d+<[^>]*/${fileName.replaceAll('.', '\\.')}>`;
  const writes = new RegExp(`^p?writev?(64)?${file}`);
  const syncs = new RegExp(`^f(data)?sync${file}.*= 0$`);
  let [durable, early] = [0, 0];
  let [written, synced] = [false, false];
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const call = resumed === undefined ? text : `${open.get(thread) ?? ''}${resumed}`;
    if (text.endsWith('<unfinished ...>')) open.set(thread, text.replace('<unfinished ...>', ''));
    if (resumed === undefined && writes.test(call)) [written, synced] = [true, false];
    if (syncs.test(call)) synced = true;
    if (resumed !== undefined || !/^write\(1<[^>]*>, "ack/.test(call)) continue;
    if (written && synced) durable += 1;
    else early += 1;
    [written, synced] = [false, false];
  }
  return { durable, early };
}
