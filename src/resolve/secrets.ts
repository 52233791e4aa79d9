/** Secrets, from the environment. A source without one does not start: nothing goes unverified. */
import { SECRET_CHARS_MAX } from '../core/limits.ts';
import type { Secret } from '../core/verification.ts';
import type { ConfigProblem } from './problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter ones can be guessed offline from a single delivery; providers give 20 and more. */
const SIGNING_SECRET_CHARS_MIN = 8;
const OWN_SECRET_CHARS_MIN = 16;
const OWN_SECRET_CHARS_MAX = 1000;

/** One secret to a word, but a PEM block is one secret although it holds spaces and lines. */
const ONE_SECRET = /-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----|\S+/g;

/**
 * What people leave in place of a secret. Everyone can read it in a README, so whoever can read can
 * forge a delivery; it counts as no secret at all.
 */
const PLACEHOLDER =
  /^(?:change[-_]?(?:me|it|this)|placeholder|secret|password|example|dummy|sample|test|todo|fixme|tbd|none|null|undefined|(?:your|my|insert|replace|put|enter)[-_ ].*|<.*>|\$?\{.*\}|(.)\1*)$/i;

/**
 * A maker's prefix (`whsec_`) is not looked at: with nothing behind it, it is a placeholder too.
 */
export function isPlaceholder(secret: string): boolean {
  const bare = secret.replace(/^(?:whsec_|v1,whsec_|sk_|pk_)/, '');
  return bare === '' || /\.\.\.|…/.test(bare) || PLACEHOLDER.test(bare);
}

/**
 * The secrets a source's variables hold, in order, each once. A variable may hold several, separated
 * by white space, for rotation. Values never appear in a problem.
 */
export function signingSecrets(
  names: readonly string[],
  field: string,
  scope: {
    readonly env: Environment;
    readonly secretHint: string | null;
    readonly sha256Hex: (text: string) => string;
    readonly problems: ConfigProblem[];
  },
): readonly Secret[] {
  const values = new Set<string>();
  names.forEach((name, index) => {
    const found = (scope.env[name] ?? '').match(ONE_SECRET) ?? [];
    const problem = signingProblem(scope.env[name], found);
    if (problem === null) for (const value of found) values.add(value);
    else {
      const hint = scope.secretHint === null ? '' : ` Where to find it: ${scope.secretHint}`;
      scope.problems.push({
        field: `${field}[${index}]`,
        problem: `${name} ${problem}`,
        remedy: `Set ${name} to the signing secret, or remove the source: nothing is accepted unverified.${hint}`,
      });
    }
  });
  return [...values].map((value) => ({
    id: scope.sha256Hex(value).slice(0, 8),
    value,
    notBefore: null,
    notAfter: null,
  }));
}

function signingProblem(given: string | undefined, found: readonly string[]): string | null {
  if (given === undefined) return 'is not set.';
  if (found.length === 0) return 'is empty.';
  const short = found.findIndex((secret) => secret.length < SIGNING_SECRET_CHARS_MIN);
  if (short >= 0 && found.length > 1) {
    return (
      `is split at white space into ${found.length} secrets, and part ${short + 1} has fewer than ` +
      `${SIGNING_SECRET_CHARS_MIN} characters; a secret with spaces in it cannot be used.`
    );
  }
  const which = (index: number) => (found.length === 1 ? 'holds' : `(part ${index + 1}) holds`);
  const placeholder = found.findIndex(isPlaceholder);
  if (placeholder >= 0) return `${which(placeholder)} a placeholder, not a secret.`;
  if (short >= 0) return `holds fewer than ${SIGNING_SECRET_CHARS_MIN} characters.`;
  const long = found.findIndex((secret) => secret.length > SECRET_CHARS_MAX);
  return long < 0 ? null : `${which(long)} more than ${SECRET_CHARS_MAX} characters.`;
}

/** A secret of our own (`HOOKLINE_TOKEN`); empty after a problem, which stops the start. */
export function ownSecret(
  name: string,
  use: string,
  env: Environment,
  problems: ConfigProblem[],
): string {
  const value = (env[name] ?? '').trim();
  const problem = ownProblem(value);
  if (problem === null) return value;
  problems.push({
    field: name,
    problem: `${name} ${problem} It ${use}.`,
    remedy: `Set it to at least ${OWN_SECRET_CHARS_MIN} random characters: openssl rand -hex 32`,
  });
  return '';
}

function ownProblem(value: string): string | null {
  if (value === '') return 'is not set.';
  if (value.length < OWN_SECRET_CHARS_MIN)
    return `has fewer than ${OWN_SECRET_CHARS_MIN} characters.`;
  if (value.length > OWN_SECRET_CHARS_MAX)
    return `has more than ${OWN_SECRET_CHARS_MAX} characters.`;
  // A bearer token is one word of printable ASCII (RFC 6750 section 2.1): others cannot be sent.
  if (!/^[\x21-\x7e]+$/.test(value)) return 'holds spaces or characters outside ASCII.';
  return isPlaceholder(value) ? 'holds a placeholder, not a secret.' : null;
}
