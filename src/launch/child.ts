/**
 * A supervised child process: started, watched, started again when it dies, stopped with its
 * parent. Owns pids and logs; what the child is for is the spec's business.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { maskAddresses } from '../edge/log.ts';
import { diskFullSentence, isDiskFull, LaunchRefused } from './faults.ts';
import { endProcess, signalGroup } from './processes.ts';

export interface ChildSpec {
  /** `The Restate server`: starts a sentence. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly logPath: string;
  readonly pidPath: string;
  /** Part of its command line that no other program has: the pid file alone proves nothing. */
  readonly mark: string;
  /** Asked until it says yes; never throws. */
  readonly isReady: () => Promise<boolean>;
  readonly readyWithinMs: number;
  readonly stopGraceMs: number;
  /** For the sentence about a full disk. */
  readonly dataDir: string;
}

export interface Supervisor {
  /** One sentence for the person watching. */
  readonly say: (sentence: string) => void;
  /** The child died too often: the whole must stop with this sentence. */
  readonly giveUp: (sentence: string) => void;
}

export interface SupervisedChild {
  start(): Promise<void>;
  /** Asks it to end, and after its grace ends it. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

const RESTARTS_MAX = 3;
const RESTART_WINDOW_MS = 60_000;
const BACKOFF_MS = [500, 1000, 2000];
const LOG_BYTES_MAX = 8 * 1024 * 1024;
const TAIL_LINES = 8;

interface Run {
  readonly child: ChildProcess;
  /** Length of the log before this run: what an earlier run said is not this one's end. */
  readonly logStart: number;
  readonly exited: Promise<string>;
}

/**
 * A child that is not started yet. `start` resolves once it is ready and refuses, with the end of
 * its log, when it dies or takes too long; a child that a killed parent left behind (its pid is on
 * file) is ended first. `stop` and `kill` may be called at any time.
 */
export function createChild(spec: ChildSpec, supervisor: Supervisor): SupervisedChild {
  let run: Run | null = null;
  let watched: Promise<void> | null = null;
  let stopping = false;
  return {
    start: async () => {
      await endStaleChild(spec);
      keepLogSmall(spec.logPath);
      if (stopping) return;
      run = launch(spec);
      const failure = await becomeReady(spec, run);
      if (failure !== null) {
        signalChild(run.child, 'SIGKILL');
        if (!stopping) rmSync(spec.pidPath, { force: true });
        throw new LaunchRefused(failureSentence(spec, run, failure));
      }
      watched = watch(spec, supervisor, run, {
        isStopping: () => stopping,
        replace: (next) => {
          run = next;
        },
      });
    },
    stop: async () => {
      stopping = true;
      if (run === null) return;
      signalChild(run.child, 'SIGTERM');
      const late = sleep(spec.stopGraceMs, 'late', { ref: false });
      if ((await Promise.race([run.exited, late])) === 'late') signalChild(run.child, 'SIGKILL');
      await run.exited;
      await watched;
      rmSync(spec.pidPath, { force: true });
    },
    kill: () => {
      stopping = true;
      if (run === null) return;
      signalChild(run.child, 'SIGKILL');
      rmSync(spec.pidPath, { force: true });
    },
  };
}

/** Starts the child again when it dies, a few times a minute at most; returns when it is over. */
async function watch(
  spec: ChildSpec,
  supervisor: Supervisor,
  first: Run,
  life: { readonly isStopping: () => boolean; readonly replace: (run: Run) => void },
): Promise<void> {
  const restartsMs: number[] = [];
  for (let run = first; ; ) {
    const how = await run.exited;
    if (life.isStopping()) return;
    const nowMs = performance.now();
    while ((restartsMs[0] ?? nowMs) < nowMs - RESTART_WINDOW_MS) restartsMs.shift();
    if (restartsMs.length >= RESTARTS_MAX || isDiskFull(logTail(spec.logPath, run.logStart))) {
      supervisor.giveUp(failureSentence(spec, run, `stopped again (${how})`));
      return;
    }
    const waitMs = BACKOFF_MS[restartsMs.length] ?? 0;
    restartsMs.push(nowMs);
    const sentence = failureSentence(spec, run, `stopped (${how})`);
    supervisor.say(`${sentence}\nStarting it again (${restartsMs.length} of ${RESTARTS_MAX}).`);
    await sleep(waitMs);
    if (life.isStopping()) return;
    run = launch(spec);
    life.replace(run);
    if ((await becomeReady(spec, run)) === null) supervisor.say(`${spec.name} is back.`);
    else if (!life.isStopping()) signalChild(run.child, 'SIGKILL');
  }
}

function launch(spec: ChildSpec): Run {
  const log = openSync(spec.logPath, 'a', 0o600);
  const logStart = fstatSync(log).size;
  // Its own process group: Ctrl-C in a terminal must reach us first, so that we stop in order.
  const child = spawn(spec.command, [...spec.args], {
    cwd: spec.cwd,
    env: { ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  if (child.pid !== undefined) writeFileSync(spec.pidPath, `${child.pid}\n`);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return { child, logStart, exited };
}

/** Null when ready, else what went wrong, as the rest of a sentence. */
async function becomeReady(spec: ChildSpec, run: Run): Promise<string | null> {
  let how: string | null = null;
  void run.exited.then((text) => {
    how = text;
  });
  const deadlineMs = performance.now() + spec.readyWithinMs;
  for (;;) {
    if (how !== null) return `did not start (${how})`;
    if (await spec.isReady()) return null;
    if (performance.now() > deadlineMs) return `was not ready after ${spec.readyWithinMs / 1000} s`;
    await sleep(50);
  }
}

function failureSentence(spec: ChildSpec, run: Run, what: string): string {
  const tail = logTail(spec.logPath, run.logStart);
  if (isDiskFull(tail)) return `${spec.name} ${what}. ${diskFullSentence(spec.dataDir)}`;
  const shown = tail === '' ? '' : ` Its last lines:\n${tail.replaceAll(/^/gm, '    ')}`;
  return `${spec.name} ${what}; its log is ${spec.logPath}.${shown}`;
}

function logTail(path: string, start: number): string {
  try {
    const text = readFileSync(path).subarray(start).subarray(-8192).toString('utf8');
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
function keepLogSmall(path: string): void {
  try {
    if (statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  } catch {
    // No log yet.
  }
}

/** Ends what a parent that was killed left behind; the ports it holds are ours again. */
export async function endStaleChild(spec: ChildSpec): Promise<void> {
  let pid: number;
  try {
    pid = Number(readFileSync(spec.pidPath, 'utf8').trim());
  } catch {
    return;
  }
  await endProcess(pid, spec.mark, spec.stopGraceMs);
  rmSync(spec.pidPath, { force: true });
}

function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, signal);
}
