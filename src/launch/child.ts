/**
 * A supervised child process: started, watched, started again when it dies, stopped with its
 * parent. Owns pids and logs; what the child is for is the spec's business.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepLogSmall, logTail } from './child-log.ts';
import { diskFullSentence, diskFullWhileRunning, isDiskFull, LaunchRefused } from './faults.ts';
import { hasRoom } from './files.ts';
import { blockedSentence, type Listener, takenPorts } from './ports.ts';
import { endProcess, signalGroup } from './processes.ts';
import type { RestartPolicy } from './restarts.ts';
import { NO_FAILURES, nextTry, pauseMsAfter, RESTART_POLICY } from './restarts.ts';

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
  /** Where it listens: no start is tried while another program listens there. */
  readonly listeners: readonly Listener[];
  /** What its absence in the middle of a run means for others: a sentence. */
  readonly whileDown: string;
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

/** What a child started itself ends a moment after it, and only then lets go of a port. */
const SETTLE_MS = 200;

interface Run {
  /** Null when nothing could be started; `exited` then says why. */
  readonly child: ChildProcess | null;
  /** Length of the log before this run: what an earlier run said is not this one's end. */
  readonly logStart: number;
  readonly exited: Promise<string>;
}

/**
 * A child that is not started yet. `start` resolves once it is ready and refuses, with the end of
 * its log, when it dies or takes too long; a child that a killed parent left behind (its pid is on
 * file) is ended first. `stop` and `kill` may be called at any time.
 */
export function createChild(
  spec: ChildSpec,
  supervisor: Supervisor,
  policy: RestartPolicy = RESTART_POLICY,
): SupervisedChild {
  const stopping = new AbortController();
  let run: Run | null = null;
  let watched: Promise<void> | null = null;
  const begin = (): Run => {
    run = launch(spec);
    return run;
  };
  return {
    start: async () => {
      await endStaleChild(spec);
      keepLogSmall(spec.logPath);
      if (stopping.signal.aborted) return;
      const first = begin();
      const failure = await becomeReady(spec, first);
      if (failure !== null) {
        signalChild(first, 'SIGKILL');
        if (!stopping.signal.aborted) forgetPid(spec);
        const isFull = diedOfFullDisk(spec, first, failure);
        throw new LaunchRefused(failureSentence(spec, first, failure, isFull));
      }
      watched = watch({ spec, supervisor, policy, begin, stop: stopping.signal }, first);
    },
    stop: async () => {
      stopping.abort();
      if (run === null) return;
      signalChild(run, 'SIGTERM');
      const late = sleep(spec.stopGraceMs, 'late', { ref: false });
      if ((await Promise.race([run.exited, late])) === 'late') signalChild(run, 'SIGKILL');
      await run.exited;
      await watched;
      forgetPid(spec);
    },
    kill: () => {
      stopping.abort();
      if (run === null) return;
      signalChild(run, 'SIGKILL');
      forgetPid(spec);
    },
  };
}

interface Watch {
  readonly spec: ChildSpec;
  readonly supervisor: Supervisor;
  readonly policy: RestartPolicy;
  readonly begin: () => Run;
  readonly stop: AbortSignal;
}

/** Starts the child again when it fails; returns when it is stopped or failed too often. */
async function watch(of: Watch, first: Run): Promise<void> {
  const { spec, supervisor, policy, stop } = of;
  let row = NO_FAILURES;
  let isToldFull = false;
  let readySinceMs = performance.now();
  for (let run = first, unready: string | null = null; ; ) {
    const how = await run.exited;
    if (stop.aborted) return;
    const what = unready ?? `stopped (${how})`;
    const readyForMs = unready === null ? performance.now() - readySinceMs : 0;
    const isFull = diedOfFullDisk(spec, run, what);
    endRemains(run);
    const isBlocked = (await waitForPorts(of, what)) || isFull;
    if (stop.aborted) return;
    const next = nextTry(row, { readyForMs, isBlocked }, policy);
    if (next.kind === 'give_up') {
      supervisor.giveUp(
        failureSentence(spec, run, `${what}, ${policy.crashesMax + 1} times in a row`, isFull),
      );
      return;
    }
    row = next.row;
    if (isFull && !isToldFull) {
      supervisor.say(`${spec.name} ${what}. ${diskFullWhileRunning(spec.dataDir)}`);
    } else if (!isBlocked) {
      const count = `${row.crashes} of ${policy.crashesMax}`;
      supervisor.say(`${failureSentence(spec, run, what, isFull)}\nStarting it again (${count}).`);
    }
    isToldFull = isFull;
    await pause(next.pauseMs, stop);
    if (stop.aborted) return;
    run = of.begin();
    unready = await becomeReady(spec, run);
    readySinceMs = performance.now();
    if (unready === null) supervisor.say(`${spec.name} is back.`);
    else if (!stop.aborted) signalChild(run, 'SIGKILL');
  }
}

/** True when it had to wait: then the port, and not the child, was at fault. Said once per wait. */
async function waitForPorts(of: Watch, what: string): Promise<boolean> {
  const { spec, supervisor, policy, stop } = of;
  await pause(SETTLE_MS, stop);
  for (let tries = 0; !stop.aborted; tries += 1) {
    const taken = await takenPorts(spec.listeners);
    if (taken.length === 0) return tries > 0;
    if (tries === 0) {
      supervisor.say(`${spec.name} ${what}. ${blockedSentence(taken)} ${spec.whileDown}`);
    }
    await pause(pauseMsAfter(tries, policy), stop);
  }
  return true;
}

/** Ends early when everything is stopped. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}

/** Never throws: what keeps it from starting is why it ended. */
function launch(spec: ChildSpec): Run {
  try {
    return spawnLogged(spec);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { child: null, logStart: 0, exited: Promise.resolve(why) };
  }
}

function spawnLogged(spec: ChildSpec): Run {
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
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const run = { child, logStart, exited };
  try {
    if (child.pid !== undefined) writeFileSync(spec.pidPath, `${child.pid}\n`);
  } catch (error) {
    // Without its id on file nobody would end it after we are killed.
    signalChild(run, 'SIGKILL');
    throw error;
  }
  return run;
}

/** Null when ready, else what went wrong, as the rest of a sentence. */
async function becomeReady(spec: ChildSpec, run: Run): Promise<string | null> {
  let how: string | null = null;
  void run.exited.then((text) => {
    how = text;
  });
  const deadlineMs = performance.now() + spec.readyWithinMs;
  for (;;) {
    // Asked first: another program may answer in the place of one that has ended.
    const isReady = await spec.isReady();
    if (how !== null) return `did not start (${how})`;
    if (isReady) return null;
    if (performance.now() > deadlineMs) return `was not ready after ${spec.readyWithinMs / 1000} s`;
    await sleep(50);
  }
}

function failureSentence(spec: ChildSpec, run: Run, what: string, isFull: boolean): string {
  if (isFull) return `${spec.name} ${what}. ${diskFullSentence(spec.dataDir)}`;
  const tail = logTail(spec.logPath, run.logStart);
  const shown = tail === '' ? '' : ` Its last lines:\n${tail.replaceAll(/^/gm, '    ')}`;
  return `${spec.name} ${what}; its log is ${spec.logPath}.${shown}`;
}

function diedOfFullDisk(spec: ChildSpec, run: Run, what: string): boolean {
  const words = `${what}\n${logTail(spec.logPath, run.logStart)}`;
  return isDiskFull(words) || !hasRoom(spec.dataDir);
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
  forgetPid(spec);
}

function forgetPid({ pidPath }: ChildSpec): void {
  try {
    unlinkSync(pidPath);
  } catch {
    // It is not there, or is no file of ours.
  }
}

/** Its group may have outlived it, and hold its ports. */
function endRemains({ child }: Run): void {
  if (child?.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
}

function signalChild({ child }: Run, signal: NodeJS.Signals): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, signal);
}
