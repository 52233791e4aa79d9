/** `wrangler dev` as a child: the Worker in workerd, with a local D1, offline and without metrics. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildSpec } from './child.ts';
import { LaunchRefused } from './faults.ts';
import { makeDirectory, writeFileDurably } from './files.ts';
import type { Settings } from './settings.ts';

/** Where `wrangler.toml` is. */
const PROJECT_DIR = fileURLToPath(new URL('../../', import.meta.url));
const DATABASE = 'hookline';

type Environment = Readonly<Record<string, string | undefined>>;

function wranglerScript(): string {
  const home = dirname(createRequire(import.meta.url).resolve('wrangler/package.json'));
  return join(home, 'bin', 'wrangler.js');
}

function edgeDir(settings: Pick<Settings, 'dataDir'>): string {
  return join(settings.dataDir, 'edge');
}

function quiet(settings: Pick<Settings, 'dataDir'>, env: Environment): Environment {
  return {
    ...env,
    CI: '1',
    WRANGLER_SEND_METRICS: 'false',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_LOG_PATH: join(edgeDir(settings), 'wrangler-logs'),
    // Two copies of one Worker side by side must not find each other.
    WRANGLER_REGISTRY_PATH: join(edgeDir(settings), 'registry'),
  };
}

/** Brings the local D1 to the newest migration. */
export async function migrateLocalD1(settings: Settings, env: Environment): Promise<void> {
  makeDirectory(edgeDir(settings));
  const args = [
    'd1',
    'migrations',
    'apply',
    DATABASE,
    '--local',
    '--persist-to',
    edgeDir(settings),
  ];
  const child = spawn(process.execPath, [wranglerScript(), ...args], {
    cwd: PROJECT_DIR,
    env: { ...quiet(settings, env) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000);
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) {
    throw new LaunchRefused(`The local D1 could not be migrated (exit code ${code}):\n${output}`);
  }
}

/** Secrets go in a file only the owner can read: a command line is visible to every user. */
export function wranglerChild(
  settings: Settings,
  env: Environment,
  variables: Readonly<Record<string, string>>,
): ChildSpec {
  const dir = edgeDir(settings);
  makeDirectory(dir);
  const variablesPath = join(dir, 'variables.env');
  const { port, args } = wranglerArguments(settings, variablesPath);
  if (Object.keys(variables).length > 0) {
    if (existsSync(join(PROJECT_DIR, '.dev.vars'))) {
      throw new LaunchRefused(
        `${join(PROJECT_DIR, '.dev.vars')} exists, and wrangler would read it instead of what this ` +
          'command sets. Put what it holds into the environment, and rename it.',
      );
    }
    writeFileDurably(variablesPath, dotenv(variables), 0o600);
  }
  return {
    name: 'The Worker',
    command: process.execPath,
    args: [wranglerScript(), ...args],
    env: quiet(settings, env),
    cwd: PROJECT_DIR,
    logPath: join(settings.dataDir, 'worker.log'),
    pidPath: join(settings.dataDir, 'worker.pid'),
    mark: dir,
    isReady: () => isAlive(`http://127.0.0.1:${port}`),
    readyWithinMs: 120_000,
    stopGraceMs: 8000,
    dataDir: settings.dataDir,
    listeners: [{ name: 'gateway', port, host: settings.host }],
    whileDown: 'Until then, deliveries get no answer, so that providers send them again.',
  };
}

function wranglerArguments(settings: Settings, variablesPath: string) {
  const port = settings.ports.gateway;
  const args = [
    ...['dev', '--ip', settings.host, '--port', String(port), '--inspector-port', '0'],
    ...['--persist-to', edgeDir(settings), '--env-file', variablesPath],
    '--show-interactive-dev-session=false',
  ];
  return { port, args };
}

async function isAlive(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Single quotes keep everything as it is; a value that holds one takes double quotes. */
function dotenv(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => (value.includes("'") ? `${name}="${value}"` : `${name}='${value}'`))
    .join('\n')
    .concat('\n');
}
