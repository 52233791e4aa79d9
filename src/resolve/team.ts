/** The people who hear of escalations, and of customers' notices while a source is not live. */
import type { Person } from '../core/notice.ts';
import type { Mailbox } from '../mail/address.ts';
import { parseMailbox } from './mailbox.ts';
import type { ConfigProblem } from './problems.ts';

export const TEAM_VARIABLE = 'HOOKLINE_TEAM_EMAIL';

/** Set aside for documentation (RFC 2606, RFC 6761): mail there reaches nobody, or a stranger. */
const NOBODYS_DOMAIN = /[@.](?:example\.(?:com|net|org)|example|invalid)>?$/i;

/** `address` or `Name <address>`. */
export function isNobodys(mailbox: string): boolean {
  return NOBODYS_DOMAIN.test(mailbox.trim());
}

export const nobodysSender: ConfigProblem = {
  field: 'mail.from',
  problem: 'This is the address of the sample config, and no mail server may send for it.',
  remedy: 'Set mail.from in gateway.config.ts to an address of your own domain.',
};

/**
 * The tiers, first to hear first. `HOOKLINE_TEAM_EMAIL` (addresses separated by commas) takes the
 * place of tier 1. Where mail really leaves (`mailStaysHere` false), the addresses of the sample config
 * are a problem; with the variable set, it also takes their place in the other tiers.
 */
export function resolveTeam(input: {
  /** Checked addresses; empty when the config's own were not sound. */
  readonly configured: readonly (readonly string[])[];
  readonly variable: string | undefined;
  readonly mailStaysHere: boolean;
  readonly zone: string;
  readonly problems: ConfigProblem[];
}): readonly (readonly Person[])[] {
  const { mailStaysHere, problems } = input;
  const first = fromVariable(input.variable, problems);
  const isNobody = ({ address }: Mailbox) => !mailStaysHere && isNobodys(address);
  if (first?.some(isNobody)) {
    problems.push(nobody(TEAM_VARIABLE));
  }
  const tiers = input.configured.map((tier, index) => {
    const people = tier.flatMap((text) => {
      const parsed = parseMailbox(text);
      return parsed.ok ? [parsed.value] : [];
    });
    if (first === null) {
      if (people.some(isNobody)) problems.push(nobody(`mail.team[${index}]`));
      return people;
    }
    return index === 0 ? first : people.flatMap((person) => (isNobody(person) ? first : [person]));
  });
  return tiers.map((tier) => toPeople(tier, input.zone));
}

function fromVariable(
  text: string | undefined,
  problems: ConfigProblem[],
): readonly Mailbox[] | null {
  // An empty variable counts as absent: `NAME= npm start` is how people unset one for a command.
  if (text === undefined || text.trim() === '') return null;
  const parsed = text.split(',').map((part) => parseMailbox(part));
  for (const result of parsed) {
    if (result.ok) continue;
    problems.push({
      field: TEAM_VARIABLE,
      problem: `This holds something that is not one address (${result.failure.detail}).`,
      remedy: 'Separate addresses with commas: ops@your-domain.tld,finance@your-domain.tld',
    });
  }
  return parsed.flatMap((result) => (result.ok ? [result.value] : []));
}

function nobody(field: string): ConfigProblem {
  return {
    field,
    problem: 'This holds an address of the sample config, and mail to it reaches nobody.',
    remedy:
      `Set your team's address in ${TEAM_VARIABLE}, or edit mail.team ` +
      '(and mail.from with it) in gateway.config.ts.',
  };
}

/** One notice per person, however often the config names them. */
function toPeople(mailboxes: readonly Mailbox[], zone: string): readonly Person[] {
  const byAddress = new Map<string, Person>();
  for (const { address, name } of mailboxes) {
    const key = address.toLowerCase();
    if (!byAddress.has(key)) byAddress.set(key, { address, name, locale: null, zone });
  }
  return [...byAddress.values()];
}
