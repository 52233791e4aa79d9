/**
 * A user's own copy of the gateway, with a `gateway.config.ts` of its own, started as its user
 * would (`node src/node.ts`) and killed as a power cut would.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type LaunchEnvironment,
  type Launched,
  launchEnvironment,
  launchScript,
} from './launched.ts';
import type { RunningRestate } from './restate.ts';

/** Two hours pass in a second: the ladder of the config below is over in two. */
export const SCALE = 7200;
export const WEBHOOK_SECRET = 'whsec_fault_tests_0123456789abcdef';
const TOKEN = 'operator_fault_tests_0123456789abcdef';

/**
 * Live, although mail goes to a server: customers must get their own mails here. The last step
 * but `close` reminds: however slow the machine, each payment left open gets a mail of its own.
 * `close` is far away, so that a run that takes long ends in the same state.
 */
const CONFIG = `
import { defineGateway } from './src/config.ts';

const later = [
  { id: 'reminder-1', after: '1h', action: 'remind', template: 'reminder-1' },
  { id: 'escalation', after: '2h', action: 'escalate', template: 'escalation', tier: 2 },
  { id: 'reminder-final', after: '4h', action: 'remind', template: 'reminder-final' },
  { id: 'close', after: '300d', action: 'close' },
] as const;
const now = { id: 'action-required', after: '0m', action: 'remind', template: 'action-required' } as const;

export default defineGateway({
  sources: {
    stripe: {
      provider: 'stripe',
      secrets: ['STRIPE_WEBHOOK_SECRET'],
      live: true,
      ladders: { failed: 'quick', actionRequired: 'quick-action' },
    },
  },
  ladders: {
    quick: { id: 'quick', version: 1, anchor: 'failure', steps: [...later] },
    'quick-action': { id: 'quick-action', version: 1, anchor: 'failure', steps: [now, ...later] },
  },
  mail: {
    from: 'Hookline <billing@merchant.test>',
    businessName: 'Merchant',
    team: [['team@merchant.test'], ['lead@merchant.test', 'team@merchant.test']],
  },
  calendar: { customer: { quietHours: null, businessDays: [1, 2, 3, 4, 5, 6, 7] } },
  limits: { minGapHours: 0, remindersPerRecipientPerDay: 50, providerRetryWithinHours: 0 },
});
`;

export interface GatewayProcess {
  /** The operator's. */
  readonly token: string;
  readonly dataDir: string;
  readonly webhookUrl: string;
  readonly gatewayUrl: string;
  readonly adminUrl: string;
  /** Starts it (again) and resolves when it says `ready`. */
  start(): Promise<void>;
  nodePid(): number;
  /** Of the server that was started as a child. */
  restatePid(): number;
  /** The Node process is gone at once; its children stay behind. */
  killNode9(): Promise<void>;
  /** The Restate child is gone at once. */
  killRestate9(): Promise<void>;
  /** What the last run printed. */
  output(): string;
  /** Everything is gone, the directory too. */
  end(): Promise<void>;
}

export interface GatewayProcessOptions {
  readonly smtpUrl: string;
  /** Given: no server is started as a child. */
  readonly restate?: RunningRestate;
}

const ROOT = join(import.meta.dirname, '..', '..');
const temporary = new Set<string>();
process.on('exit', () => {
  for (const dir of temporary) {
    killPid(restatePidIn(join(dir, '.hookline')));
    rmSync(dir, { recursive: true, force: true });
  }
});

export async function createGatewayProcess(
  options: GatewayProcessOptions,
): Promise<GatewayProcess> {
  const dir = cloneWithConfig();
  const dataDir = join(dir, '.hookline');
  const env: LaunchEnvironment = {
    ...(await launchEnvironment(dataDir)),
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    HOOKLINE_TOKEN: TOKEN,
    SMTP_URL: `${options.smtpUrl}?tls=off`,
    ...(options.restate === undefined
      ? {}
      : {
          RESTATE_INGRESS_URL: options.restate.ingressUrl,
          RESTATE_ADMIN_URL: options.restate.adminUrl,
        }),
  };
  const gatewayUrl = `http://127.0.0.1:${env['HOOKLINE_PORT']}`;
  let run: Launched | null = null;
  const killNode9 = async (): Promise<void> => {
    run?.signal('SIGKILL');
    await untilGone(run?.pid ?? 0);
  };
  const killRestate9 = async (): Promise<void> => {
    const pid = restatePidIn(dataDir);
    killPid(pid);
    await untilGone(pid);
  };
  return {
    dataDir,
    token: TOKEN,
    gatewayUrl,
    webhookUrl: `${gatewayUrl}/webhooks/stripe`,
    adminUrl: options.restate?.adminUrl ?? `http://127.0.0.1:${env['HOOKLINE_RESTATE_ADMIN_PORT']}`,
    start: async () => {
      run = launchScript(join(dir, 'src', 'node.ts'), env, ['--time-scale', String(SCALE)]);
      await run.ready;
    },
    nodePid: () => run?.pid ?? 0,
    restatePid: () => restatePidIn(dataDir),
    killNode9,
    killRestate9,
    output: () => `${run?.stdout() ?? ''}${run?.stderr() ?? ''}`,
    end: async () => {
      await killNode9();
      await killRestate9();
      rmSync(dir, { recursive: true, force: true });
      temporary.delete(dir);
    },
  };
}

/** What a clone holds, with `npm ci` done and the config edited. */
function cloneWithConfig(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hookline-faults-'));
  temporary.add(dir);
  for (const part of ['src', 'webhooks', 'migrations', 'package.json']) {
    cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  mkdirSync(join(dir, '.hookline'));
  writeFileSync(join(dir, 'gateway.config.ts'), CONFIG);
  return dir;
}

/** 0 when there is none. The pid file alone proves nothing: ids are used again. */
function restatePidIn(dataDir: string): number {
  const path = join(dataDir, 'restate.pid');
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8').trim()) : 0;
  return commandOf(pid).includes(dataDir) ? pid : 0;
}

function commandOf(pid: number): string {
  try {
    return pid > 0 ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  } catch {
    return '';
  }
}

function killPid(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in this moment.
  }
}

async function untilGone(pid: number): Promise<void> {
  while (commandOf(pid) !== '') await sleep(5);
}
