/** A real `npm start` (or `dev:edge`) for tests: own ports, own data directory, ended for certain. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './restate.ts';

export interface Addresses {
  readonly gateway: string;
  readonly mail: string;
  readonly webhooks: Readonly<Record<string, string>>;
  readonly restateAdmin: string;
  readonly dataDir: string;
}

export interface Launched {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the addresses of the ready line; rejects when it ends before. */
  readonly ready: Promise<Addresses>;
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
}

export type LaunchEnvironment = Readonly<Record<string, string>>;

/** Seven free ports and a data directory: two of these run side by side. */
export async function launchEnvironment(dataDir: string): Promise<LaunchEnvironment> {
  const [gateway, ingress, admin, node, endpoint, smtp, mail] = await freePorts(7);
  return {
    HOOKLINE_DATA_DIR: dataDir,
    HOOKLINE_PORT: String(gateway),
    HOOKLINE_RESTATE_INGRESS_PORT: String(ingress),
    HOOKLINE_RESTATE_ADMIN_PORT: String(admin),
    HOOKLINE_RESTATE_NODE_PORT: String(node),
    HOOKLINE_ENDPOINT_PORT: String(endpoint),
    HOOKLINE_SMTP_PORT: String(smtp),
    HOOKLINE_MAIL_PORT: String(mail),
  };
}

/** By process, how it is told something: alone, or with all of its group. */
const living = new Map<ChildProcess, (signal: NodeJS.Signals) => void>();
process.on('exit', () => {
  for (const tell of living.values()) tell('SIGKILL');
});

/** What the surrounding shell says about ports and secrets must not leak into a test. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(HOOKLINE_|RESTATE_|SMTP_URL$|DATABASE_URL$)|_SECRET$/.test(name),
    ),
  );
}

export function launchScript(
  script: string,
  env: LaunchEnvironment,
  argv: readonly string[] = [],
): Launched {
  return launchCommand(process.execPath, [script, ...argv], env, false);
}

/** As a terminal starts a command: in a process group of its own, and a signal goes to all of it. */
export function launchInTerminal(command: readonly string[], env: LaunchEnvironment): Launched {
  const [program = '', ...args] = command;
  return launchCommand(program, args, env, true);
}

function launchCommand(
  program: string,
  args: readonly string[],
  env: LaunchEnvironment,
  inOwnGroup: boolean,
): Launched {
  const child = spawn(program, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: inOwnGroup,
  });
  const tell = (signal: NodeJS.Signals): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (inOwnGroup && child.pid !== undefined) process.kill(-child.pid, signal);
    else child.kill(signal);
  };
  living.set(child, tell);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      living.delete(child);
      resolve(signal ?? code ?? 'unknown');
    });
  });
  const ready = (async (): Promise<Addresses> => {
    let ended = false;
    void exited.then(() => {
      ended = true;
    });
    for (;;) {
      const line = /^ready (\{.*\})$/m.exec(stdout)?.[1];
      if (line !== undefined) return JSON.parse(line);
      if (ended) throw new Error(`ended before it was ready:\n${stdout}\n${stderr}`);
      await sleep(50);
    }
  })();
  ready.catch(() => {}); // a test that expects the refusal never asks for it
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    ready,
    exited,
    signal: tell,
  };
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `hookline …` as a process of its own. */
export function hookline(env: LaunchEnvironment, ...argv: readonly string[]): CommandResult {
  return runScript('src/cli/hookline.js', argv, process.cwd(), env);
}

/** A script that ends by itself, run where `cwd` says. */
export function runScript(
  script: string,
  argv: readonly string[],
  cwd: string,
  env: LaunchEnvironment = {},
): CommandResult {
  const run = spawnSync(process.execPath, [script, ...argv], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

export interface CaughtMail {
  readonly subject: string;
  readonly to: readonly { readonly address: string }[];
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The catcher's mails to one address, in order of arrival. */
export async function mailsTo(catcher: string, address: string): Promise<readonly CaughtMail[]> {
  const response = await fetch(`${catcher}/api/email`);
  const all = (await response.json()) as readonly CaughtMail[]; // the catcher's documented answer
  return all.filter(({ to }) => to.some((one) => one.address === address));
}

export async function eventually(
  holds: () => Promise<boolean>,
  withinMs: number,
  evidence: () => Promise<string> = async () => '',
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) {
      throw new Error(`did not happen within ${withinMs} ms\n${await evidence()}`);
    }
    await sleep(400);
  }
}
