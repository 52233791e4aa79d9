/**
 * What `npm start` and `npm run dev:edge` are told by flags and environment, read once and checked
 * as a whole. Owns the names that scripts rely on; knows nothing of what is started with them.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { isTimeScale, TIME_SCALE_MAX } from './time-scale.ts';

/** Every port that can be moved: its flag, its variable, its default and who listens there. */
export const PORTS = {
  gateway: { flag: 'port', variable: 'HOOKLINE_PORT', port: 8787, listener: 'the gateway' },
  restateIngress: {
    flag: 'restate-ingress-port',
    variable: 'HOOKLINE_RESTATE_INGRESS_PORT',
    port: 8080,
    listener: "Restate's ingress",
  },
  restateAdmin: {
    flag: 'restate-admin-port',
    variable: 'HOOKLINE_RESTATE_ADMIN_PORT',
    port: 9070,
    listener: "Restate's admin API",
  },
  restateNode: {
    flag: 'restate-node-port',
    variable: 'HOOKLINE_RESTATE_NODE_PORT',
    port: 5122,
    listener: "Restate's node",
  },
  endpoint: {
    flag: 'endpoint-port',
    variable: 'HOOKLINE_ENDPOINT_PORT',
    port: 9080,
    listener: 'the object endpoint',
  },
  smtp: {
    flag: 'smtp-port',
    variable: 'HOOKLINE_SMTP_PORT',
    port: 1025,
    listener: "the mail catcher's SMTP",
  },
  mail: {
    flag: 'mail-port',
    variable: 'HOOKLINE_MAIL_PORT',
    port: 1080,
    listener: "the mail catcher's page",
  },
} as const;
export type PortName = keyof typeof PORTS;
/** In the order in which they are shown and checked. */
export const PORT_NAMES = Object.keys(PORTS) as PortName[];

export interface Settings {
  /** Absolute. */
  readonly dataDir: string;
  readonly ports: Readonly<Record<PortName, number>>;
  /** Address the gateway binds; loopback unless told otherwise. */
  readonly host: string;
  /** Address the object endpoint binds. It has no login of its own: loopback unless told otherwise. */
  readonly endpointHost: string;
  /** Null: the clock already kept in the data directory, or real time. */
  readonly timeScale: number | null;
  /** Public base address without a trailing slash; null: the gateway's own address. */
  readonly publicUrl: string | null;
  /** Null: a Restate server is started as a child. */
  readonly restate: {
    readonly ingressUrl: string;
    /** Null: this process cannot register its objects; someone else does. */
    readonly adminUrl: string | null;
    /** Where that server reaches this process's objects. */
    readonly endpointUrl: string;
  } | null;
  readonly restateIdentityKeys: readonly string[];
  /** Null: a mail catcher is started as a child. */
  readonly smtpUrl: string | null;
  /** File path of the SQLite archive; null: inside the data directory. */
  readonly archivePath: string | null;
  /** `/metrics` without the operator token, for a scraper on a private network. */
  readonly metricsPublic: boolean;
}

export type Asked =
  | { readonly kind: 'start'; readonly settings: Settings }
  | { readonly kind: 'help' };

type Environment = Readonly<Record<string, string | undefined>>;

const VALUE_FLAGS: Readonly<Record<string, string>> = {
  'time-scale': 'HOOKLINE_TIME_SCALE',
  'data-dir': 'HOOKLINE_DATA_DIR',
  url: 'HOOKLINE_URL',
  ...Object.fromEntries(PORT_NAMES.map((name) => [PORTS[name].flag, PORTS[name].variable])),
};

/**
 * Reads flags over environment. A failure lists every problem at once, each a sentence with the
 * remedy: unknown flags, ports that are no ports or used twice, addresses that do not parse.
 */
export function readSettings(
  argv: readonly string[],
  env: Environment,
  cwd: string,
): Result<Asked, readonly string[]> {
  const problems: string[] = [];
  const flags = readFlags(argv, problems);
  if (flags === 'help') return ok({ kind: 'help' });
  // An empty variable counts as absent: `FOO= npm start` is how people unset one for a command.
  const value = (name: string): string | null => flags.get(name) ?? (env[name] || null);
  const ports = readPorts(value, problems);
  const settings: Settings = {
    dataDir: resolve(cwd, value('HOOKLINE_DATA_DIR') ?? '.hookline'),
    ports,
    host: readHost('HOOKLINE_HOST', value, problems),
    endpointHost: readHost('HOOKLINE_ENDPOINT_HOST', value, problems),
    timeScale: readScale(value('HOOKLINE_TIME_SCALE'), problems),
    publicUrl: readUrl('HOOKLINE_URL', value('HOOKLINE_URL'), ['http:', 'https:'], problems),
    restate: readRestate(value, ports.endpoint, problems),
    restateIdentityKeys: (value('RESTATE_IDENTITY_KEY') ?? '').split(/[\s,]+/).filter(Boolean),
    smtpUrl: readUrl('SMTP_URL', value('SMTP_URL'), ['smtp:', 'smtps:'], problems),
    archivePath: readArchivePath(value('DATABASE_URL'), cwd, problems),
    metricsPublic: readYes('HOOKLINE_METRICS_PUBLIC', value('HOOKLINE_METRICS_PUBLIC'), problems),
  };
  return problems.length > 0 ? fail(problems) : ok({ kind: 'start', settings });
}

/** `--flag value` and `--flag=value`, keyed by the variable each flag stands for. */
function readFlags(argv: readonly string[], problems: string[]): Map<string, string> | 'help' {
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    if (argument === '--help' || argument === '-h') return 'help';
    const [name = '', inline] = splitOnce(argument.replace(/^--/, ''), '=');
    const variable = argument.startsWith('--') ? VALUE_FLAGS[name] : undefined;
    if (variable === undefined) {
      problems.push(`${argument} is not a flag of this command; --help lists them.`);
      continue;
    }
    if (inline === undefined) index += 1;
    const text = inline ?? argv[index];
    if (text === undefined || text === '') problems.push(`--${name} needs a value.`);
    else flags.set(variable, text);
  }
  return flags;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

type ReadValue = (name: string) => string | null;

function readPorts(value: ReadValue, problems: string[]): Record<PortName, number> {
  const ports = Object.fromEntries(
    PORT_NAMES.map((name) => [name, readPort(name, value(PORTS[name].variable), problems)]),
  ) as Record<PortName, number>; // fromEntries forgets its keys; PORT_NAMES holds them all
  const taken = new Map<number, PortName>();
  for (const name of usedPorts(value('RESTATE_INGRESS_URL') !== null, value('SMTP_URL') !== null)) {
    const other = taken.get(ports[name]);
    if (other !== undefined) {
      problems.push(
        `Port ${ports[name]} is given to both ${PORTS[other].listener} (${PORTS[other].variable}) ` +
          `and ${PORTS[name].listener} (${PORTS[name].variable}); move one of them.`,
      );
    }
    taken.set(ports[name], name);
  }
  return ports;
}

/** The ports that will be listened on: a server that is given needs none of ours. */
export function usedPorts(restateGiven: boolean, smtpGiven: boolean): readonly PortName[] {
  return PORT_NAMES.filter(
    (name) =>
      !(restateGiven && name.startsWith('restate')) &&
      !(smtpGiven && (name === 'smtp' || name === 'mail')),
  );
}

function readPort(name: PortName, text: string | null, problems: string[]): number {
  if (text === null) return PORTS[name].port;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  problems.push(`${PORTS[name].variable} is "${text}"; a port is a number from 1 to 65535.`);
  return PORTS[name].port;
}

function readHost(name: string, value: ReadValue, problems: string[]): string {
  const host = value(name) ?? '127.0.0.1';
  if (isIP(host) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) return host;
  problems.push(`${name} is "${host}"; it is an IP address or a name of this machine.`);
  return host;
}

function readScale(text: string | null, problems: string[]): number | null {
  if (text === null) return null;
  const scale = Number(text);
  if (isTimeScale(scale)) return scale;
  problems.push(
    `HOOKLINE_TIME_SCALE is "${text}"; it is a number from 1 (real time) to ${TIME_SCALE_MAX} ` +
      '(86400: a day passes in a second).',
  );
  return null;
}

function readYes(name: string, text: string | null, problems: string[]): boolean {
  if (text === null || text === 'no') return false;
  if (text === 'yes') return true;
  problems.push(`${name} is "${text}"; it is yes or no (no when it is not set).`);
  return false;
}

function readUrl(
  name: string,
  text: string | null,
  schemes: readonly string[],
  problems: string[],
): string | null {
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && schemes.includes(url.protocol)) return text.replace(/\/+$/, '');
  // The value may hold a password (SMTP_URL), so it is not repeated.
  problems.push(`${name} is not an address that starts with ${schemes.join('// or ')}//.`);
  return null;
}

function readRestate(
  value: ReadValue,
  endpointPort: number,
  problems: string[],
): Settings['restate'] {
  const http = ['http:', 'https:'];
  const ingressUrl = readUrl('RESTATE_INGRESS_URL', value('RESTATE_INGRESS_URL'), http, problems);
  const adminUrl = readUrl('RESTATE_ADMIN_URL', value('RESTATE_ADMIN_URL'), http, problems);
  const endpointUrl = readUrl(
    'HOOKLINE_ENDPOINT_URL',
    value('HOOKLINE_ENDPOINT_URL'),
    http,
    problems,
  );
  if (ingressUrl === null) {
    if (adminUrl !== null) {
      problems.push(
        'RESTATE_ADMIN_URL is set and RESTATE_INGRESS_URL is not; set both to use a Restate ' +
          'server of yours, or neither to have one started.',
      );
    }
    return null;
  }
  return { ingressUrl, adminUrl, endpointUrl: endpointUrl ?? `http://127.0.0.1:${endpointPort}` };
}

function readArchivePath(text: string | null, cwd: string, problems: string[]): string | null {
  if (text === null) return null;
  const path = text.startsWith('file:')
    ? text.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
    : '';
  if (path !== '') return resolve(cwd, path);
  problems.push(
    'DATABASE_URL is not a SQLite file; write it as file:/path/to/archive.db, or leave it out to ' +
      'keep the archive in the data directory. Other databases are not supported yet.',
  );
  return null;
}
