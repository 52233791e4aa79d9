/**
 * A real restate-server for tests: the binary from npm, own ports, own directory, gone afterwards
 * even when a test throws.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RestateOptions {
  /** Every handler is replayed from its journal at every suspension point. */
  readonly alwaysReplay?: boolean;
  /** Kept after `stop` when given; a temporary one is removed. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningRestate {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  readonly dataDir: string;
  nodePid(): number;
  /** Rows of Restate's SQL; null columns are absent. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The process is gone at once, as in a power cut; the data stays. */
  kill9(): Promise<void>;
  /** Starts again on the same ports and data, killing it first if it runs. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const living = new Set<ChildProcess>();
const temporary = new Set<string>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
  for (const dir of temporary) rmSync(dir, { recursive: true, force: true });
});

function binaryPath(): string {
  const { platform, arch } = process;
  return createRequire(import.meta.url).resolve(
    `@restatedev/restate-server-${platform}-${arch}/bin/restate-server`,
  );
}

/** Ports that were free a moment ago; the server takes no port 0 that it would tell us about. */
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

/** Ready when a query over the partitions answers. */
export async function startRestate(options: RestateOptions = {}): Promise<RunningRestate> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'hookline-restate-'));
  if (options.dataDir === undefined) temporary.add(dataDir);
  const [fabric = 0, admin = 0, ingress = 0] = await freePorts(3);
  const adminUrl = `http://127.0.0.1:${admin}`;
  const env = environment(options, { fabric, admin, ingress });
  let child = await launch(dataDir, env, adminUrl);
  const running: RunningRestate = {
    ingressUrl: `http://127.0.0.1:${ingress}`,
    adminUrl,
    dataDir,
    nodePid: () => child.pid ?? -1,
    query: (sql) => queryRows(adminUrl, sql),
    kill9: () => kill(child),
    restart: async () => {
      await kill(child);
      child = await launch(dataDir, env, adminUrl);
    },
    stop: async () => {
      // A graceful stop takes seconds and nothing in a test needs it.
      await kill(child);
      if (options.dataDir === undefined) {
        rmSync(dataDir, { recursive: true, force: true });
        temporary.delete(dataDir);
      }
    },
  };
  return running;
}

function environment(
  { alwaysReplay = false, env = {} }: RestateOptions,
  ports: { readonly fabric: number; readonly admin: number; readonly ingress: number },
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    RESTATE_NODE_NAME: 'test',
    RESTATE_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: '1',
    RESTATE_LOG_FILTER: 'warn,octocrab=off',
    RESTATE_DEFAULT_NUM_PARTITIONS: '2',
    RESTATE_BIND_ADDRESS: `127.0.0.1:${ports.fabric}`,
    RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${ports.fabric}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`,
    RESTATE_WORKER__CLEANUP_INTERVAL: '5s',
    RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '256 MiB',
    ...(alwaysReplay ? { RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '0s' } : {}),
    ...env,
  };
}

async function launch(
  dataDir: string,
  env: Record<string, string>,
  adminUrl: string,
): Promise<ChildProcess> {
  const args = ['--no-logo', '--base-dir', dataDir, '--log-format', 'compact'];
  const child = spawn(binaryPath(), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  living.add(child);
  child.once('exit', () => living.delete(child));
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(adminUrl))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await kill(child);
      throw new Error(`restate-server did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function isReady(adminUrl: string): Promise<boolean> {
  try {
    await queryRows(adminUrl, 'SELECT count(1) FROM sys_invocation_status');
    return true;
  } catch {
    return false;
  }
}

/** Rows of Restate's SQL over its admin API; null columns are absent. */
export async function queryRows(
  adminUrl: string,
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const response = await fetch(`${adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: sql }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`query: ${response.status} ${await response.text()}`);
  const { rows } = (await response.json()) as { rows: Record<string, unknown>[] }; // Documented answer.
  return rows;
}
