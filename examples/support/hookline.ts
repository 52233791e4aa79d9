/**
 * Starts the real thing as a process of its own, on free ports with a data directory that is gone
 * afterwards, and speaks to it as a person would: through the command line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askApi, fieldOf } from '../../src/cli/api.ts';
import type { ExitCode, World } from '../../src/cli/command.ts';
import { run } from '../../src/cli/main.ts';
import { readView } from '../../src/cli/views.ts';
import type { SubjectView } from '../../src/durable/contract.ts';
import { caughtMails, type Mail } from './mails.ts';

const ROOT = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;

/** Servers that run already, instead of the ones Hookline would start. */
export interface GivenServers {
  readonly restateIngressUrl: string;
  readonly restateAdminUrl: string;
  readonly smtpUrl: string;
  /** What that mail server has taken, in order of arrival. */
  readonly mails: () => readonly Mail[];
}

export interface HooklineOptions {
  /** Path of a config, relative to the project. */
  readonly config: string;
  /** Seconds of follow-up time in a second; 86400: a day passes in a second. */
  readonly timeScale: number;
  readonly given?: GivenServers | undefined;
}

export interface CommandResult {
  readonly code: ExitCode;
  readonly lines: readonly string[];
  readonly remarks: readonly string[];
}

export interface Hookline {
  readonly gatewayUrl: string;
  readonly restateAdminUrl: string;
  readonly restateIngressUrl: string;
  readonly smtpUrl: string;
  /** The page of the mail catcher; null when a mail server was given. */
  readonly mailPageUrl: string | null;
  /** Runs `hookline …`. */
  command(...argv: readonly string[]): Promise<CommandResult>;
  /** Everything known about a subject, `stripe/in_1`; null when nothing was ever said about it. */
  view(subject: string, noun?: 'payments' | 'alerts'): Promise<SubjectView | null>;
  /** Follow-up time, epoch ms. */
  now(): Promise<number>;
  mails(): Promise<readonly Mail[]>;
  /** The process is gone at once, as in a power cut. */
  kill9(): Promise<void>;
  /** Starts again on the same ports and data. */
  restart(): Promise<void>;
  /** As Ctrl-C; then the data directory is removed. Resolves with the exit code. */
  stop(): Promise<number | string>;
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

const STARTS_MAX = 3;

/** Resolves when an event can be accepted. */
export async function startHookline(options: HooklineOptions): Promise<Hookline> {
  for (let attempt = 1; ; attempt += 1) {
    const dataDir = mkdtempSync(join(tmpdir(), 'hookline-'));
    const env = { ...(await environment(options, dataDir)), ...givenEnvironment(options.given) };
    const child = start(options.config, env);
    try {
      return speakTo(options, { dataDir, env, child, addresses: await readyLine(child) });
    } catch (error) {
      rmSync(dataDir, { recursive: true, force: true });
      // Somebody else may have taken a port between our look and our start.
      const isTaken = error instanceof Error && error.message.includes('already in use');
      if (!isTaken || attempt === STARTS_MAX) throw error;
    }
  }
}

interface Started {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly child: ChildProcess;
  readonly addresses: Addresses;
}

function speakTo(options: HooklineOptions, started: Started): Hookline {
  const { dataDir, env, addresses } = started;
  let { child } = started;
  const world = worldOf(env);
  const api = async (path: string): Promise<unknown> => {
    const answer = await askApi(world(), { method: 'GET', path });
    if (answer.ok) return answer.value;
    if (answer.failure.status === 404) return null;
    throw new Error(answer.failure.sentence);
  };
  const { mail, gateway } = addresses;
  return {
    gatewayUrl: gateway,
    restateAdminUrl: addresses.restateAdmin,
    restateIngressUrl: addresses.restateIngress,
    smtpUrl: options.given?.smtpUrl ?? `${addresses.smtp}?tls=off`,
    mailPageUrl: mail,
    command: (...argv) => command(world, argv),
    view: async (subject, noun = 'payments') => {
      const [source = '', ...ref] = subject.split('/');
      const answer = await api(`/api/${noun}/${source}/${encodeURIComponent(ref.join('/'))}`);
      return answer === null ? null : readView(answer);
    },
    now: async () => Date.parse(String(fieldOf(await api('/api/now'), 'followUp'))),
    mails: mailsOf(options.given, mail),
    kill9: () => ended(child, 'SIGKILL').then(() => undefined),
    restart: async () => {
      child = start(options.config, env);
      await readyLine(child);
    },
    stop: async () => {
      const code = await ended(child, 'SIGINT');
      rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

function mailsOf(given: GivenServers | undefined, page: string | null): Hookline['mails'] {
  if (given !== undefined) return async () => given.mails();
  return page === null ? async () => [] : cached(() => caughtMails(page));
}

/** Many who ask at once share one answer: the catcher's is long. */
function cached<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | null = null;
  return () => {
    answer ??= ask().finally(() => setTimeout(() => (answer = null), 300).unref());
    return answer;
  };
}

/** What the shell says about ports, servers and secrets stays out: no example writes to real people. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(HOOKLINE_|RESTATE_|SMTP_URL$|DATABASE_URL$|MAILDEV_)|_SECRET$/.test(name),
    ),
  );
}

async function environment(
  { timeScale }: HooklineOptions,
  dataDir: string,
): Promise<Record<string, string | undefined>> {
  const [gateway, ingress, admin, node, endpoint, smtp, mail] = await freePorts(7);
  return {
    ...cleanEnvironment(),
    HOOKLINE_DATA_DIR: dataDir,
    HOOKLINE_TIME_SCALE: String(timeScale),
    HOOKLINE_PORT: String(gateway),
    HOOKLINE_RESTATE_INGRESS_PORT: String(ingress),
    HOOKLINE_RESTATE_ADMIN_PORT: String(admin),
    HOOKLINE_RESTATE_NODE_PORT: String(node),
    HOOKLINE_ENDPOINT_PORT: String(endpoint),
    HOOKLINE_SMTP_PORT: String(smtp),
    HOOKLINE_MAIL_PORT: String(mail),
  };
}

function givenEnvironment(given: GivenServers | undefined): Record<string, string> {
  if (given === undefined) return {};
  return {
    RESTATE_INGRESS_URL: given.restateIngressUrl,
    RESTATE_ADMIN_URL: given.restateAdminUrl,
    SMTP_URL: given.smtpUrl,
  };
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  // SIGTERM and not SIGKILL: it takes its own children along.
  for (const child of living) child.kill('SIGTERM');
});

function start(config: string, env: Readonly<Record<string, string | undefined>>): ChildProcess {
  const child = spawn(process.execPath, ['examples/support/serve.ts', config], {
    cwd: ROOT,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C must reach the example first, which then stops it in order.
    detached: true,
  });
  living.add(child);
  child.once('close', () => living.delete(child));
  return child;
}

interface Addresses {
  readonly gateway: string;
  readonly restateIngress: string;
  readonly restateAdmin: string;
  readonly mail: string | null;
  readonly smtp: string | null;
}

async function readyLine(child: ChildProcess): Promise<Addresses> {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const line = /^ready (\{.*\})$/m.exec(output)?.[1];
    if (line !== undefined) return JSON.parse(line);
    if (!living.has(child) || performance.now() > deadline) {
      await ended(child, 'SIGTERM');
      throw new Error(`Hookline did not start:\n${output}`);
    }
    await sleep(50);
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | string> {
  if (living.has(child)) {
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }
  return child.signalCode ?? child.exitCode ?? 'unknown';
}

type Said = { readonly lines: string[]; readonly remarks: string[] };

function worldOf(env: Readonly<Record<string, string | undefined>>) {
  return (said: Said = { lines: [], remarks: [] }): World => ({
    env,
    cwd: ROOT,
    print: {
      line: (text = '') => said.lines.push(...text.split('\n')),
      json: (value) => said.lines.push(JSON.stringify(value)),
      remark: (text) => said.remarks.push(text),
      progress: () => undefined,
    },
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms) => sleep(ms),
    randomBytes: (count) => randomBytes(count),
    fetch,
  });
}

async function command(
  world: (said: Said) => World,
  argv: readonly string[],
): Promise<CommandResult> {
  const said: Said = { lines: [], remarks: [] };
  const code = await run(argv, world(said));
  return { code, ...said };
}
