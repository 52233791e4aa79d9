/**
 * The words of a fact table: how a provider file says where a value is and in which unit. Every
 * word is total: a value of the wrong shape is no value, never an exception.
 *
 * Paths are dotted. `a.b` starts at the table's base, `$.a.b` at the whole event, `@.a` at the
 * current entry of `each`. In lists of logins and aliases `*` stands for every entry.
 */
import { allAt, at, type Json } from './json.ts';
import { type Exponents, minorFromDecimal, minorFromProvider } from './money.ts';
import { isoMs, plausibleMs } from './written-time.ts';

/** Labels that make a GitHub issue an alert where the config names none. */
export const DEFAULT_ALERT_LABELS: readonly string[] = ['incident', 'outage', 'alert', 'security'];

/** What the source's config says that tables need. */
export interface FactOptions {
  /** GitHub: labels that make an issue an alert. Compared without case. */
  readonly alertLabels: readonly string[];
}

/** What a rule can see: one event, and the entry of it at hand when the rule says `each`. */
export interface Scope {
  readonly root: Json;
  readonly base: Json | undefined;
  readonly item: Json | undefined;
  readonly headers: { get(name: string): string | null } | null;
  readonly options: FactOptions;
}

type Scalar = string | number | boolean | null;
type Paths = string | readonly string[];

/** One way to find a text. A bare string is a path. */
export type TextWord =
  | string
  | { readonly constant: string }
  /** `{repository.full_name}/issue/{issue.number}`; no value when any part is missing. */
  | { readonly template: string }
  | { readonly header: string }
  /** The text at the path, if it looks like this. */
  | { readonly path: string; readonly matches: RegExp }
  /** The text at the path, translated; texts that are not listed are no value. */
  | { readonly path: string; readonly values: Readonly<Record<string, string>> }
  | ((scope: Scope) => string | null);

/** The first way that finds something wins. */
export type Text = TextWord | readonly TextWord[];

/** A time in the unit the provider uses. Of a list, the first present; of `latest`, the newest. */
export type Time =
  | { readonly seconds: Paths }
  | { readonly milliseconds: Paths }
  /** ISO 8601. `offset` (`+07:00`) for providers that write local times without one. */
  | { readonly iso: Paths; readonly offset?: string }
  | { readonly latest: readonly Time[] }
  | readonly Time[]
  | ((scope: Scope) => number | null);

/** `minor`: integers (or their digits) in the provider's smallest unit. `decimal`: major units. */
export type Amount =
  | { readonly minor: Paths; readonly exponents?: Exponents }
  | { readonly decimal: Paths }
  | ((scope: Scope, currency: string | null) => number | null);

/** `null` in `is` also stands for a missing value. A list of conditions means all of them. */
export type Condition =
  | { readonly path: string; readonly is: readonly Scalar[] }
  | { readonly path: string; readonly isNot: readonly Scalar[] }
  | { readonly path: string; readonly matches: RegExp }
  | { readonly path: string; readonly sameAs: string }
  | { readonly path: string; readonly differsFrom: string }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | ((scope: Scope) => boolean);

/** The value a path leads to. */
export function find(scope: Scope, path: string): Json | undefined {
  const [start, rest] = startOf(scope, path);
  return rest === '' ? start : at(start, rest);
}

/** Every text a path leads to, `*` included; what is no text is left out. */
export function findTexts(scope: Scope, path: string): readonly string[] {
  const [start, rest] = startOf(scope, path);
  const values = rest === '' ? (start === undefined ? [] : [start]) : allAt(start, rest);
  return values.map(textOf).filter((text) => text !== null);
}

function startOf(scope: Scope, path: string): readonly [Json | undefined, string] {
  if (path === '@') return [scope.item, ''];
  if (path.startsWith('@.')) return [scope.item, path.slice(2)];
  if (path.startsWith('$.')) return [scope.root, path.slice(2)];
  return [scope.base, path];
}

/** Integers are ids in some payloads. Past 2^53 two ids read as one number: those are no text. */
function textOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null;
}

/** The text, or null. A whole number in the event is read as its digits, an empty text as none. */
export function readText(scope: Scope, text: Text | undefined): string | null {
  if (text === undefined) return null;
  if (!isList(text)) return readTextWord(scope, text);
  for (const word of text) {
    const found = readTextWord(scope, word);
    if (found !== null) return found;
  }
  return null;
}

function readTextWord(scope: Scope, word: TextWord): string | null {
  if (typeof word === 'string') return textOf(find(scope, word));
  if (typeof word === 'function') return word(scope);
  if ('constant' in word) return word.constant;
  if ('template' in word) return fill(scope, word.template);
  if ('header' in word) return textOf(scope.headers?.get(word.header) ?? undefined);
  const found = textOf(find(scope, word.path));
  if (found === null) return null;
  if ('matches' in word) return word.matches.test(found) ? found : null;
  return Object.hasOwn(word.values, found) ? (word.values[found] ?? null) : null;
}

function fill(scope: Scope, template: string): string | null {
  let complete = true;
  const filled = template.replace(/\{([^{}]+)\}/g, (_, path: string) => {
    const found = textOf(find(scope, path));
    if (found === null) complete = false;
    return found ?? '';
  });
  return complete ? filled : null;
}

/** Epoch milliseconds, or null. A time that cannot be meant is none: the next way is tried. */
export function readTime(scope: Scope, time: Time | undefined): number | null {
  if (time === undefined) return null;
  if (typeof time === 'function') return plausibleMs(time(scope));
  if (isList(time)) return firstTime(time.map((each) => () => readTime(scope, each)));
  if ('latest' in time) {
    const known = time.latest.map((each) => readTime(scope, each)).filter((each) => each !== null);
    return known.length === 0 ? null : Math.max(...known);
  }
  if ('iso' in time) {
    return firstTime(
      listOf(time.iso).map((path) => () => {
        const text = find(scope, path);
        return typeof text === 'string' ? plausibleMs(isoMs(text, time.offset)) : null;
      }),
    );
  }
  const [paths, factor] = 'seconds' in time ? [time.seconds, 1000] : [time.milliseconds, 1];
  return firstTime(listOf(paths).map((path) => () => epochMs(find(scope, path), factor)));
}

function firstTime(ways: readonly (() => number | null)[]): number | null {
  for (const way of ways) {
    const found = way();
    if (found !== null) return found;
  }
  return null;
}

function epochMs(value: Json | undefined, factor: number): number | null {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' ? plausibleMs(Math.round(number * factor)) : null;
}

/** Integer minor units of `currency`, or null. An amount that cannot be read exactly is unknown. */
export function readAmount(
  scope: Scope,
  amount: Amount | undefined,
  currency: string | null,
): number | null {
  if (amount === undefined) return null;
  if (typeof amount === 'function') {
    const said = amount(scope, currency);
    return Number.isSafeInteger(said) ? said : null;
  }
  const paths = listOf('minor' in amount ? amount.minor : amount.decimal);
  for (const path of paths) {
    const value = find(scope, path);
    if (typeof value !== 'number' && typeof value !== 'string') continue;
    if ('minor' in amount) {
      if (typeof value === 'string' && !/^-?\d{1,16}$/.test(value)) return null;
      return minorFromProvider(Number(value), currency, amount.exponents);
    }
    return currency === null ? null : minorFromDecimal(String(value), currency);
  }
  return null;
}

/**
 * Of a list all must hold. Where either side has no text, `matches`, `sameAs` and `differsFrom` do
 * not.
 */
export function holds(scope: Scope, condition: Condition | readonly Condition[]): boolean {
  if (isList(condition)) return condition.every((each) => holds(scope, each));
  if (typeof condition === 'function') return condition(scope);
  if ('any' in condition) return condition.any.some((each) => holds(scope, each));
  if ('not' in condition) return !holds(scope, condition.not);
  const found = find(scope, condition.path);
  if ('is' in condition) return isOneOf(found, condition.is);
  if ('isNot' in condition) return !isOneOf(found, condition.isNot);
  const text = textOf(found);
  if (text === null) return false;
  if ('matches' in condition) return condition.matches.test(text);
  if ('sameAs' in condition) return text === textOf(find(scope, condition.sameAs));
  const other = textOf(find(scope, condition.differsFrom));
  return other !== null && text !== other;
}

function isOneOf(found: Json | undefined, scalars: readonly Scalar[]): boolean {
  const value = found ?? null;
  return scalars.some((scalar) => scalar === value);
}

function listOf(paths: Paths): readonly string[] {
  return typeof paths === 'string' ? [paths] : paths;
}

/** `Array.isArray` does not narrow readonly lists out of a union. */
function isList<Entry>(value: unknown | readonly Entry[]): value is readonly Entry[] {
  return Array.isArray(value);
}
