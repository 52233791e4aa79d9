/**
 * Fact tables: what a provider's events mean in our words, as data. A provider file lists event
 * types with one or more rules; this file turns an event and a table into facts. It knows no
 * provider, and no provider file knows how facts are built.
 */
import {
  type AlertFact,
  type AlertFactName,
  type Customer,
  type DeclineClass,
  type Fact,
  isPaymentFact,
  type PaymentFact,
  type PaymentFactName,
  type RecipientFact,
  type RecipientFactName,
  type Severity,
} from './fact.ts';
import { emailAddress, localeTag, oneLine, refProblem, webUrl, zoneName } from './fact-values.ts';
import {
  type Amount,
  type Condition,
  type FactOptions,
  find,
  findTexts,
  holds,
  readAmount,
  readText,
  readTime,
  type Scope,
  type Text,
  type Time,
} from './fact-words.ts';
import { allAt, type Json } from './json.ts';
import { currencyCode } from './money.ts';
import { fail, ok, type Result } from './result.ts';

interface RuleBase {
  /** The rule counts only if all of these hold. */
  readonly when?: Condition | readonly Condition[];
  /** Path of a list: one fact per entry, which `@` then stands for. */
  readonly each?: string;
  /** The provider's id that stays the same from opening to settling. Missing: shape failure. */
  readonly ref: Text;
  readonly occurredAt?: Time;
}

export interface PaymentRule extends RuleBase {
  readonly fact: PaymentFactName;
  /** Paths of other ids of the same payment; absent ones and `ref` itself are left out. */
  readonly aliases?: readonly string[];
  /** Path of the object's own id: where another id is the ref, it speaks of a part of that. */
  readonly own?: string;
  /** The provider's id of the dispute it speaks of: a payment may have several. */
  readonly dispute?: Text;
  readonly amount?: Amount;
  readonly currency?: Text;
  readonly customer?: Readonly<Partial<Record<keyof Customer, Text>>>;
  readonly number?: Text;
  readonly payUrl?: Text;
  readonly reason?: Text;
  /** Hard if any of the codes found is in `hard`, soft if there is any code at all. */
  readonly decline?: { readonly codes: readonly string[]; readonly hard: readonly string[] };
  /** Path of a number. */
  readonly attemptCount?: string;
  readonly nextAttemptAt?: Time;
  readonly dueAt?: Time;
}

export interface AlertRule extends RuleBase {
  readonly fact: AlertFactName;
  /** Must come to `critical`, `high`, `medium` or `low`; anything else is no severity. */
  readonly severity?: Text;
  /** Missing: the ref stands in, because an alert must not be lost for want of a title. */
  readonly title: Text;
  readonly url?: Text;
  readonly assigneeLogins?: readonly string[];
}

interface RecipientRule extends RuleBase {
  readonly fact: RecipientFactName;
  readonly address: Text;
  readonly reason?: Text;
}

export type FactRule = PaymentRule | AlertRule | RecipientRule;

export interface FactTable {
  /** Dotted path that paths start from (`data.object`); absent: the event itself. */
  readonly base?: string;
  /** By event type. Of several rules each that holds gives its fact. */
  readonly rules: Readonly<Record<string, FactRule | readonly FactRule[]>>;
}

/** A type we know in a shape we do not. `path`: the field, as the table says it. */
export interface FactShapeFailure {
  readonly reason: 'shape';
  readonly path: string;
  readonly detail: string;
}

interface FactsInput {
  readonly table: FactTable;
  readonly event: {
    readonly type: string | null;
    readonly json: Json;
    readonly headers?: { get(name: string): string | null };
  };
  readonly options: FactOptions;
}

/** Other ids of one payment. The subject's state holds as many. */
const ALIASES_MAX = 16;
/** One event, so many facts: more is no event of a provider we know. */
const FACTS_MAX = 200;

/**
 * What an event says, in our words; an empty list is "archived, not tracked".
 *
 * Total: no payload makes it throw. It refuses only where going on would be wrong: an event of a
 * listed type whose rule holds but whose `ref`, alias or address cannot be used, or that asks for
 * less than nothing, is a shape failure, so that the gateway sets it aside with its bytes instead
 * of losing a payment in silence. Every other field that cannot be read is null: a payment that
 * arrived must stop its reminders even if its amount is odd. Texts are cut and stripped of control
 * characters; only `https` pages can be paid at. Times are epoch ms, amounts ISO 4217 minor units.
 */
export function factsOf(input: FactsInput): Result<readonly Fact[], FactShapeFailure> {
  const { table, event, options } = input;
  if (event.type === null || !Object.hasOwn(table.rules, event.type)) return ok([]);
  const listed = table.rules[event.type] ?? [];
  const rules: readonly FactRule[] = 'fact' in listed ? [listed] : listed;
  const base = table.base === undefined ? event.json : allAt(event.json, table.base)[0];
  const scope: Scope = {
    root: event.json,
    base,
    item: undefined,
    headers: event.headers ?? null,
    options,
  };
  const facts: Fact[] = [];
  for (const rule of rules) {
    for (const item of itemsOf(rule, scope)) {
      const itemScope = { ...scope, item };
      if (rule.when !== undefined && !holds(itemScope, rule.when)) continue;
      if (facts.length === FACTS_MAX) return shape(rule.each ?? '', `more than ${FACTS_MAX} facts`);
      const fact = factOf(rule, itemScope);
      if (!fact.ok) return fact;
      const owed = owedBy(fact.value);
      if (owed !== null && owed < 0) return shape('amount', 'less than nothing is owed');
      if (owed !== 0) facts.push(fact.value);
    }
  }
  return ok(facts);
}

/**
 * What our mails would say is owed, if the fact asks a customer for money. Of nothing nobody is
 * reminded, so that is no fact: credit or a coupon covered the invoice. Less than nothing is set
 * aside for a person: it may be credit, whose owner must not be dunned, or a provider that writes
 * debts with a minus, whose failure must not be lost. An amount that cannot be read is unknown, and
 * the mails then name none. What settles is never held up by an odd amount.
 */
function owedBy(fact: Fact): number | null {
  return isPaymentFact(fact) && ASKING.has(fact.fact) ? fact.amountMinor : null;
}

const ASKING: ReadonlySet<PaymentFactName> = new Set<PaymentFactName>([
  'payment.due',
  'payment.overdue',
  'payment.failed',
  'payment.action_required',
]);

function itemsOf(rule: FactRule, scope: Scope): readonly (Json | undefined)[] {
  if (rule.each === undefined) return [undefined];
  const list = find(scope, rule.each);
  return Array.isArray(list) ? list : [];
}

function factOf(rule: FactRule, scope: Scope): Result<Fact, FactShapeFailure> {
  const ref = readText(scope, rule.ref);
  if (ref === null) return shape(described(rule.ref), 'the id of the subject is missing');
  const problem = refProblem(ref);
  if (problem !== null) return shape(described(rule.ref), problem);
  const occurredAt = readTime(scope, rule.occurredAt);
  if ('title' in rule) return ok(alertOf(rule, scope, ref, occurredAt));
  if ('address' in rule) return recipientOf(rule, scope, ref, occurredAt);
  return paymentOf(rule, scope, ref, occurredAt);
}

function paymentOf(
  rule: PaymentRule,
  scope: Scope,
  ref: string,
  occurredAt: number | null,
): Result<PaymentFact, FactShapeFailure> {
  const aliases = new Set<string>();
  for (const path of rule.aliases ?? []) {
    for (const alias of findTexts(scope, path)) {
      const problem = refProblem(alias);
      if (problem !== null) return shape(path, problem);
      if (alias !== ref && aliases.size < ALIASES_MAX) aliases.add(alias);
    }
  }
  const currency = currencyCode(readText(scope, rule.currency));
  const own = rule.own === undefined ? null : readText(scope, rule.own);
  const dispute = oneLine(readText(scope, rule.dispute), 100);
  return ok({
    fact: rule.fact,
    ref,
    aliases: [...aliases],
    ...(own === null || own === ref ? {} : { ofPart: true as const }),
    ...(dispute === null ? {} : { dispute }),
    amountMinor: readAmount(scope, rule.amount, currency),
    currency,
    customer: customerOf(rule, scope),
    number: oneLine(readText(scope, rule.number), 100),
    payUrl: webUrl(readText(scope, rule.payUrl), ['https:']),
    reason: oneLine(readText(scope, rule.reason), 300),
    decline: declineOf(rule, scope),
    attemptCount: countOf(rule, scope),
    nextAttemptAt: readTime(scope, rule.nextAttemptAt),
    dueAt: readTime(scope, rule.dueAt),
    occurredAt,
  });
}

function customerOf(rule: PaymentRule, scope: Scope): Customer {
  const country = readText(scope, rule.customer?.country)?.toUpperCase() ?? null;
  return {
    email: emailAddress(readText(scope, rule.customer?.email)),
    name: oneLine(readText(scope, rule.customer?.name), 200),
    locale: localeTag(readText(scope, rule.customer?.locale)),
    zone: zoneName(readText(scope, rule.customer?.zone)),
    country: country !== null && /^[A-Z]{2}$/.test(country) ? country : null,
  };
}

function declineOf(rule: PaymentRule, scope: Scope): DeclineClass | null {
  if (rule.decline === undefined) return null;
  const found = rule.decline.codes.flatMap((path) => findTexts(scope, path));
  if (found.length === 0) return null;
  const hard = rule.decline.hard;
  return found.some((code) => hard.includes(code)) ? 'hard' : 'soft';
}

function countOf(rule: PaymentRule, scope: Scope): number | null {
  const count = rule.attemptCount === undefined ? null : find(scope, rule.attemptCount);
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

function alertOf(rule: AlertRule, scope: Scope, ref: string, occurredAt: number | null): AlertFact {
  const severity = readText(scope, rule.severity);
  const logins = (rule.assigneeLogins ?? []).flatMap((path) => findTexts(scope, path));
  return {
    fact: rule.fact,
    ref,
    severity: SEVERITIES.find((known) => known === severity) ?? null,
    title: oneLine(readText(scope, rule.title), 300) ?? ref,
    url: webUrl(readText(scope, rule.url), ['https:', 'http:']),
    assigneeLogins: [...new Set(logins)].slice(0, 20).flatMap((login) => oneLine(login, 100) ?? []),
    occurredAt,
  };
}

function recipientOf(
  rule: RecipientRule,
  scope: Scope,
  ref: string,
  occurredAt: number | null,
): Result<RecipientFact, FactShapeFailure> {
  const address = emailAddress(readText(scope, rule.address));
  if (address === null) return shape(described(rule.address), 'no usable mail address');
  const reason = oneLine(readText(scope, rule.reason), 300);
  return ok({ fact: rule.fact, ref, address, reason, occurredAt });
}

function shape(path: string, detail: string) {
  return fail<FactShapeFailure>({ reason: 'shape', path, detail });
}

/** A text word as a person would name it. */
function described(text: Text): string {
  const words = Array.isArray(text) ? text : [text];
  return words
    .map((word) => {
      if (typeof word === 'string') return word;
      if (typeof word === 'function') return 'computed';
      return word.path ?? word.template ?? word.header ?? 'constant';
    })
    .join(' | ');
}
