/** The Restate server of the embedded default: the binary from npm, loopback only, small. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ChildSpec } from './child.ts';
import { LaunchRefused } from './faults.ts';
import { onLoopback } from './ports.ts';
import type { Settings } from './settings.ts';

/**
 * The binary itself, not its JavaScript wrapper: killing the wrapper would orphan the server.
 * Refuses where npm has no binary for this platform.
 */
export function restateBinary(platform: string, arch: string): string {
  const name = `@restatedev/restate-server-${platform}-${arch}/bin/restate-server`;
  const fromHere = createRequire(import.meta.url);
  try {
    // The binary is a dependency of the wrapper package, so it is looked up from there as well.
    const wrapper = fromHere.resolve('@restatedev/restate-server/package.json');
    return createRequire(wrapper).resolve(name);
  } catch {
    throw new LaunchRefused(
      `The Restate server for ${platform}-${arch} is not installed. Run \`npm ci\` (without ` +
        '--omit=optional), or set RESTATE_INGRESS_URL and RESTATE_ADMIN_URL to a server of yours.',
    );
  }
}

/** True once partitions answer queries; `/health` says yes while they are dead. */
export async function restateAnswers(adminUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${adminUrl}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: 'SELECT count(1) FROM sys_invocation' }),
      signal: AbortSignal.timeout(5000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Four partitions are the measured best on two cores; the count is fixed when data is created. */
export function restateChild(
  settings: Pick<Settings, 'dataDir' | 'ports'>,
  env: Readonly<Record<string, string | undefined>>,
): ChildSpec {
  const { dataDir, ports } = settings;
  const baseDir = join(dataDir, 'restate');
  return {
    name: 'The Restate server',
    command: restateBinary(process.platform, process.arch),
    args: ['--no-logo', '--base-dir', baseDir],
    env: {
      RESTATE_LOG_FILTER: 'warn,octocrab=off',
      RESTATE_DEFAULT_NUM_PARTITIONS: '4',
      RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '512MB',
      RESTATE_SHUTDOWN_TIMEOUT: '8s',
      ...env,
      DO_NOT_TRACK: '1',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
      // The default is the host's name: a renamed machine would not find its own data again.
      RESTATE_NODE_NAME: 'hookline',
      // No sockets: their paths are limited to 108 bytes, and data directories can be deep.
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${ports.restateNode}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${ports.restateNode}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.restateAdmin}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.restateIngress}`,
    },
    cwd: dataDir,
    logPath: join(dataDir, 'restate.log'),
    pidPath: join(dataDir, 'restate.pid'),
    mark: baseDir,
    isReady: () => restateAnswers(`http://127.0.0.1:${ports.restateAdmin}`),
    readyWithinMs: 60_000,
    stopGraceMs: 10_000,
    dataDir,
    listeners: onLoopback(ports, ['restateIngress', 'restateAdmin', 'restateNode']),
    whileDown:
      'Until then, deliveries that need it are answered 503, so that providers send them again.',
  };
}
