/** What is wrong with a config, said so that a person can put it right without reading our code. */
import { nearest } from '../core/nearest.ts';

export interface ConfigProblem {
  /** Path in `gateway.config.ts` (`sources.stripe.secrets[0]`) or an environment variable. */
  readonly field: string;
  readonly problem: string;
  readonly remedy: string;
}

/** One readable block: field, problem, remedy of each. Empty for none. Never holds a secret. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  if (problems.length === 0) return '';
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const blocks = problems.map(
    ({ field, problem, remedy }) => `  ${field}\n    problem: ${problem}\n    remedy:  ${remedy}`,
  );
  return [`The configuration has ${count}, so nothing was started.`, ...blocks, ''].join('\n\n');
}

/** A value from the config inside a sentence: quoted, on one line, at most 60 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

/** `base.name`, or `base["odd name"]`. */
export function member(base: string, name: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return `${base}[${shown(name)}]`;
  return base === '' ? name : `${base}.${name}`;
}

/** The remedy for a name nobody knows: the nearest one, else the choice. */
export function chooseFrom(typed: string, candidates: readonly string[]): string {
  const near = nearest(typed, candidates);
  if (near !== null) return `Did you mean ${shown(near)}?`;
  const first = candidates.slice(0, 12).join(', ');
  return `Use one of: ${first}${candidates.length > 12 ? ', …' : ''}.`;
}

/**
 * True when nothing was found wrong with a field, what it lies in, or what lies in it. What the
 * types promise may be relied on only then: the config is a file, and files are not type-checked.
 */
export function isSound(problems: readonly ConfigProblem[], field: string): boolean {
  return !problems.some((problem) => holds(problem.field, field) || holds(field, problem.field));
}

function holds(outer: string, inner: string): boolean {
  return (
    outer === '' ||
    inner === outer ||
    inner.startsWith(`${outer}.`) ||
    inner.startsWith(`${outer}[`)
  );
}
