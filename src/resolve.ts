/**
 * The config against the environment: either a gateway in which every value may be relied on, or
 * every problem at once, each with its remedy. Nothing starts on half a config.
 */
import type { GatewayConfig } from './config.ts';
import type { ProviderDefinition } from './core/provider.ts';
import { fail, ok, type Result } from './core/result.ts';
import type { Gateway, ResolvedSource } from './gateway.ts';
import { resolveCalendars } from './resolve/calendars.ts';
import { laddersInUse, resolveLadders, tierProblems } from './resolve/ladders.ts';
import { type ConfigProblem, isSound } from './resolve/problems.ts';
import { type Environment, ownSecret } from './resolve/secrets.ts';
import { configShape } from './resolve/shape.ts';
import { resolveSource, type SourceScope } from './resolve/sources.ts';
import { isNobodys, nobodysSender, resolveTeam, TEAM_VARIABLE } from './resolve/team.ts';

export { parseMailbox } from './resolve/mailbox.ts';
export { type ConfigProblem, formatProblems } from './resolve/problems.ts';

export interface ResolveInput {
  readonly config: GatewayConfig;
  readonly env: Environment;
  /** By id; `webhooks/index.ts` has the list. */
  readonly providers: ReadonlyMap<string, ProviderDefinition>;
  /**
   * True only where all mail ends in the embedded catcher: sources that do not say are then live.
   */
  readonly liveByDefault: boolean;
  /** The server all mail is handed to is on this machine: the sample config's addresses will do. */
  readonly mailStaysHere: boolean;
  /** Where people reach the gateway: links in mails start with it. */
  readonly publicUrl: string;
  /** Lower-case hex SHA-256 of the UTF-8 text; names secrets in logs. */
  readonly sha256Hex: (text: string) => string;
}

/** Reminders to one person on one day, over all subjects of all sources. */
const REMINDERS_PER_RECIPIENT_PER_DAY = 3;

/**
 * Checks everything and resolves it. Refuses unknown fields, providers, ladders and templates,
 * secrets that are missing, blank or placeholders, malformed zones, times, addresses and ladders,
 * a tier without people, and databases that are not supported; never starts a source unverified.
 */
export function resolveGateway(input: ResolveInput): Result<Gateway, readonly ConfigProblem[]> {
  const { config, env } = input;
  const problems: ConfigProblem[] = [];
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    return fail([notAConfig]);
  }
  configShape(config, '', problems);
  const calendars = resolveCalendars(config, problems);
  const tiers = resolveTeam({
    configured: isSound(problems, 'mail.team') ? config.mail.team : [],
    variable: env[TEAM_VARIABLE],
    mailStaysHere: input.mailStaysHere,
    zone: calendars.team.zone,
    problems,
  });
  if (isSound(problems, 'mail.from') && !input.mailStaysHere && isNobodys(config.mail.from)) {
    problems.push(nobodysSender);
  }
  const ladders = resolveLadders(config, problems);
  const sources = resolveSources({ ...input, ladders, calendars, tiers, problems });
  if (isSound(problems, 'mail.team')) {
    const own = Object.keys(config.ladders ?? {}).flatMap((id) => ladders.get(id) ?? []);
    const used = new Set([...sources.flatMap(({ policy }) => laddersInUse(policy)), ...own]);
    problems.push(...tierProblems(used, tiers.length));
  }
  const publicUrl = checkPublicUrl(input.publicUrl, problems);
  checkDatabase(env, problems);
  const token = ownSecret('HOOKLINE_TOKEN', 'opens the API and the pages', env, problems);
  const linkSecret = ownSecret('HOOKLINE_LINK_SECRET', 'signs the links in mails', env, problems);
  if (problems.length > 0) return fail(problems);
  return ok({
    sources: new Map(sources.map((source) => [source.id, source])),
    ladders,
    mail: {
      from: config.mail.from,
      replyTo: config.mail.replyTo ?? null,
      businessName: config.mail.businessName,
      locale: config.mail.locale ?? 'en',
    },
    remindersPerRecipientPerDay:
      config.limits?.remindersPerRecipientPerDay ?? REMINDERS_PER_RECIPIENT_PER_DAY,
    publicUrl,
    token,
    linkSecret,
  });
}

const notAConfig: ConfigProblem = {
  field: 'gateway.config.ts',
  problem: 'It does not export a config.',
  remedy: 'Write: export default defineGateway({ … });',
};

function resolveSources(scope: SourceScope): readonly ResolvedSource[] {
  const { problems } = scope;
  const { sources } = scope.config;
  if (typeof sources !== 'object' || sources === null || Array.isArray(sources)) return [];
  const entries = Object.entries(sources);
  if (entries.length === 0) {
    problems.push({
      field: 'sources',
      problem: 'There is none, so nothing could be received.',
      remedy: "Add one: stripe: { provider: 'stripe', secrets: ['STRIPE_WEBHOOK_SECRET'] }.",
    });
  }
  return entries.flatMap(([id, source]) => {
    // A source that is no object was reported under its own name; nothing in it can be read.
    const isReadable = typeof source === 'object' && source !== null && !Array.isArray(source);
    return isReadable ? (resolveSource(id, source, scope) ?? []) : [];
  });
}

function checkPublicUrl(text: string, problems: ConfigProblem[]): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  // A login in the address would be mailed to every customer.
  const isBare = url?.username === '' && url.password === '' && !/[?#]/.test(text);
  if (isHttp && isBare) return text.replace(/\/+$/, '');
  problems.push({
    field: 'HOOKLINE_URL',
    problem: 'This is not the address of a website without login, query and fragment.',
    remedy: 'Set the address at which people reach the gateway: https://hooks.your-domain.tld',
  });
  return '';
}

/** Shows the scheme only: the rest of a database address often holds a password. */
function checkDatabase(env: Environment, problems: ConfigProblem[]): void {
  const url = env['DATABASE_URL'];
  if (url === undefined || url.trim() === '' || /^file:[^\s]/.test(url)) return;
  const scheme = /^([a-z][a-z0-9+.-]{0,30}):/i.exec(url)?.[1] ?? null;
  const isPostgres = scheme !== null && /^postgres(ql)?$/i.test(scheme);
  problems.push({
    field: 'DATABASE_URL',
    problem: isPostgres
      ? 'PostgreSQL is not supported yet; it comes later.'
      : `${scheme === null || scheme === 'file' ? 'This' : `${scheme}:`} is not a supported archive.`,
    remedy: 'Use a SQLite file, file:/path/to/archive.db, or leave it unset.',
  });
}
