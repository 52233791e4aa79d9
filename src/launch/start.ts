/**
 * `npm start`: one foreground process with supervised children. It decides the order in which
 * things start and stop; what each of them is, the other files of this folder know.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { providers } from '../../webhooks/index.ts';
import type { GatewayConfig } from '../config.ts';
import { createNodeCrypto } from '../edge/crypto-node.ts';
import type { Gateway } from '../gateway.ts';
import { mailStaysHere } from '../mail/smtp-url.ts';
import { secretFormProblems } from '../resolve/secret-form.ts';
import { formatProblems, resolveGateway } from '../resolve.ts';
import { type ChildSpec, createChild, endStaleChild, type Supervisor } from './child.ts';
import { type KeptClock, keepClock } from './clock-file.ts';
import { claimDataDir } from './data-dir.ts';
import { explainFault, LaunchRefused } from './faults.ts';
import { writeFileDurably } from './files.ts';
import { maildevChild } from './maildev-child.ts';
import { announced } from './patience.ts';
import { takenPorts, takenSentence } from './ports.ts';
import { type ReadyFacts, readyAddresses, readyBlock } from './ready-text.ts';
import { restateChild } from './restate-child.ts';
import { type KeptSecrets, keepSecrets } from './secrets.ts';
import { type PortName, readSettings, type Settings, usedPorts } from './settings.ts';
import { settingsHelp } from './settings-help.ts';
import { createShutdown, type Shutdown, stopOnSignals } from './shutdown.ts';
import { wantedSecrets } from './wanted-secrets.ts';

/** What the runtime-specific part is given once the children run. */
export interface Ground {
  readonly settings: Settings;
  readonly gateway: Gateway;
  /** The gateway's own address; its public one is in `gateway`. */
  readonly gatewayUrl: string;
  readonly clock: KeptClock;
  readonly secrets: KeptSecrets;
  /** Environment with the kept secrets filled in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Environment for child processes, without secrets. */
  readonly childEnv: Readonly<Record<string, string | undefined>>;
  readonly restateIngressUrl: string;
  readonly restateAdminUrl: string | null;
  /** Sent with every request to Restate: the authorization of Restate Cloud. */
  readonly restateHeaders: Readonly<Record<string, string>>;
  readonly smtpUrl: string;
  readonly shutdown: Shutdown;
  readonly supervisor: Supervisor;
}

/** Starts gateway and objects; resolves when an event can be accepted. */
export type StartRuntime = (ground: Ground) => Promise<ReadyFacts>;

export interface Launch {
  /** `npm start`, for the help text. */
  readonly command: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly config: GatewayConfig;
  readonly startRuntime: StartRuntime;
  /** Children of the runtime itself, to be cleared away if a killed parent left them. */
  readonly moreChildren?: (settings: Settings) => readonly ChildSpec[];
  /** The runtime needs no port for a separate object endpoint. */
  readonly endpointInGateway?: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs until a signal, a fault or a child that keeps dying ends the process. */
export async function launch(options: Launch): Promise<void> {
  const asked = readSettings(options.argv, options.env, options.cwd);
  if (!asked.ok) {
    for (const problem of asked.failure) options.err(problem);
    process.exitCode = 1;
    return;
  }
  if (asked.value.kind === 'help') {
    options.out(settingsHelp(options.command, options.endpointInGateway === true));
    return;
  }
  const { settings } = asked.value;
  const shutdown = createShutdown(options.err);
  const fail = (sentence: string): void => {
    options.err(sentence);
    void shutdown.run().then(() => process.exit(1));
  };
  stopOnSignals(shutdown, options.err);
  process.on('uncaughtException', (error) => fail(explainFault(error, settings.dataDir)));
  try {
    const ready = await bringUp(options, settings, shutdown, { say: options.err, giveUp: fail });
    if (shutdown.begun) return;
    options.out(readyBlock(ready));
    const line = JSON.stringify(readyAddresses(ready));
    writeFileDurably(join(settings.dataDir, 'ready.json'), `${line}\n`, 0o644);
    options.out(`ready ${line}`);
  } catch (error) {
    // A fault while stopping is the stop itself (a child ended while it was starting).
    if (!shutdown.begun) fail(explainFault(error, settings.dataDir));
  }
}

async function bringUp(
  options: Launch,
  settings: Settings,
  shutdown: Shutdown,
  supervisor: Supervisor,
): Promise<ReadyFacts> {
  const { config, env } = options;
  const release = claimDataDir(settings.dataDir);
  shutdown.add({ name: 'The data directory', stop: async () => release() });
  const secrets = keepSecrets(settings.dataDir, wantedSecrets(config, env), env, randomBytes);
  const gatewayUrl = urlOf(settings.host, settings.ports.gateway);
  // Before anything runs: a config that does not hold up leaves nothing to clear away.
  const gateway = await resolveOrRefuse(
    options,
    settings,
    { ...env, ...secrets.values },
    gatewayUrl,
  );
  const clock = keepClockOrRefuse(settings, gateway);
  if (clock.remark !== null) supervisor.say(clock.remark);
  const childEnv = childEnvironment(env);
  const children = [
    ...(settings.smtpUrl === null ? [maildevChild(settings, childEnv)] : []),
    ...(settings.restate === null ? [restateChild(settings, childEnv)] : []),
  ];
  const leftOver = [...children, ...(options.moreChildren?.(settings) ?? [])];
  await Promise.all(leftOver.map(endStaleChild));
  await refuseTakenPorts(settings, options.endpointInGateway ?? false);
  await Promise.all(
    children.map((spec) => {
      const child = createChild(spec, supervisor);
      shutdown.add({ name: spec.name, ...child });
      return announced(supervisor.say, `${spec.name} (its log is ${spec.logPath})`, child.start());
    }),
  );
  const { ports } = settings;
  return options.startRuntime({
    settings,
    gateway,
    gatewayUrl,
    clock,
    secrets,
    env: { ...env, ...secrets.values },
    childEnv,
    restateIngressUrl: settings.restate?.ingressUrl ?? `http://127.0.0.1:${ports.restateIngress}`,
    restateAdminUrl:
      settings.restate === null
        ? `http://127.0.0.1:${ports.restateAdmin}`
        : settings.restate.adminUrl,
    restateHeaders: authorization(env['RESTATE_AUTH_TOKEN']),
    // The catcher's certificate is its own: on loopback it is not asked for one.
    smtpUrl: settings.smtpUrl ?? `smtp://127.0.0.1:${ports.smtp}?tls=off`,
    shutdown,
    supervisor,
  });
}

function keepClockOrRefuse({ dataDir, timeScale, smtpUrl }: Settings, gateway: Gateway): KeptClock {
  const isLive = [...gateway.sources.values()].some(({ policy }) => policy.live);
  const reachesCustomers = isLive && !mailStaysHere(smtpUrl);
  const clock = keepClock(dataDir, timeScale, Date.now(), reachesCustomers);
  if (!clock.ok) throw new LaunchRefused(clock.failure);
  return clock.value;
}

async function resolveOrRefuse(
  { config }: Launch,
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
  gatewayUrl: string,
): Promise<Gateway> {
  const resolved = resolveGateway({
    config,
    env,
    providers,
    liveByDefault: settings.smtpUrl === null,
    mailStaysHere: mailStaysHere(settings.smtpUrl),
    publicUrl: settings.publicUrl ?? gatewayUrl,
    sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
  });
  if (!resolved.ok) throw new LaunchRefused(formatProblems(resolved.failure));
  const unfit = await secretFormProblems(resolved.value, createNodeCrypto());
  if (unfit.length > 0) throw new LaunchRefused(formatProblems(unfit));
  return resolved.value;
}

/** An address to reach a listener on this machine: `0.0.0.0` is no place to connect to. */
export function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

function authorization(token: string | undefined): Readonly<Record<string, string>> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

async function refuseTakenPorts(settings: Settings, endpointInGateway: boolean): Promise<void> {
  const wanted = usedPorts(settings.restate !== null, settings.smtpUrl !== null).filter(
    (name) => !(endpointInGateway && name === 'endpoint'),
  );
  const hosts: Partial<Record<PortName, string>> = {
    gateway: settings.host,
    endpoint: settings.endpointHost,
  };
  const taken = await takenPorts(
    wanted.map((name) => ({
      name,
      port: settings.ports[name],
      host: hosts[name] ?? '127.0.0.1',
    })),
  );
  if (taken.length > 0) throw new LaunchRefused(taken.map(takenSentence).join('\n'));
}

/** Children get no secret of ours: they need none, and their crash reports might hold them. */
function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        !/SECRET|TOKEN|PASSWORD|^HOOKLINE_|^SMTP_URL$|^DATABASE_URL$|^MAILDEV_/.test(name),
    ),
  );
}
