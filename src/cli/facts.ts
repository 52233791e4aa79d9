/**
 * Runs labelled payloads through the fact tables and compares what comes out with the labels. Pure:
 * the command reads the files and prints. Format and rules: the README beside the payload files.
 */
import type { Fact } from '../core/fact.ts';
import { type FactShapeFailure, type FactTable, factsOf } from '../core/fact-table.ts';
import type { FactOptions } from '../core/fact-words.ts';
import { at, type Json, textAt } from '../core/json.ts';
import { parseJsonText } from '../core/parse-json.ts';

/**
 * What a careful reader expects of one event. `accept`: other values that can be defended.
 * Where the event must be set aside, `fact` is the word `shape`.
 */
interface ExpectedFact {
  readonly fact: string | null;
  readonly accept?: Readonly<Record<string, readonly Json[]>>;
  readonly [field: string]: unknown;
}

export interface LabelledPayload {
  readonly id: string;
  readonly provider: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Exact text of the delivery. */
  readonly body: string;
  readonly expect: readonly ExpectedFact[];
}

/** One event of a delivery, as the event identity of the provider reads it. */
export interface LabelledEvent {
  readonly id: string | null;
  readonly type: string | null;
  readonly json: Json;
}

/** A label we are sure is wrong in one field: not compared, and said so. */
interface Dispute {
  readonly entry: string;
  readonly field: string;
  readonly why: string;
  /** The provider's page that decides it. */
  readonly page: string;
}

interface FactsInputs {
  readonly entries: readonly LabelledPayload[];
  /** Tables by provider id; entries of other providers are counted as skipped. */
  readonly tables: Readonly<Record<string, FactTable>>;
  readonly eventsOf: (entry: LabelledPayload) => readonly LabelledEvent[];
  readonly options: FactOptions;
  /** Only this provider. */
  readonly provider?: string;
  readonly disputes?: readonly Dispute[];
}

interface EntryOutcome {
  readonly id: string;
  readonly provider: string;
  readonly strict: boolean;
  /** Decides. */
  readonly lenient: boolean;
  /** What differs from the label; `fails` when no accepted value covers it. */
  readonly differences: readonly Difference[];
}

interface Difference {
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
  readonly kind: 'fails' | 'accepted' | 'disputed' | 'noted';
}

interface FactsReport {
  readonly outcomes: readonly EntryOutcome[];
  /** Entries of providers without a table, by provider. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly disputes: readonly Dispute[];
}

/** A fact, nothing to track, or an event that is set aside. */
type Outcome = Fact | FactShapeFailure | null;

/** Printed when they differ, but no reason to fail. */
const NOTED = ['severity', 'title', 'url', 'assigneeLogins'] as const;
/** A label of null means "not compared" for these. */
const OPTIONAL = ['amountMinor', 'currency'] as const;
const OCCURRED_WITHIN_SECONDS = 1;

/**
 * Compares the entries of providers that have a table and counts the others as skipped. What
 * differs from a label is part of the report, never thrown.
 */
export function runFacts(inputs: FactsInputs): FactsReport {
  const outcomes: EntryOutcome[] = [];
  const skipped: Record<string, number> = {};
  for (const entry of inputs.entries) {
    if (inputs.provider !== undefined && entry.provider !== inputs.provider) continue;
    const table = Object.hasOwn(inputs.tables, entry.provider)
      ? inputs.tables[entry.provider]
      : undefined;
    if (table === undefined) skipped[entry.provider] = (skipped[entry.provider] ?? 0) + 1;
    else outcomes.push(outcomeOf(entry, table, inputs));
  }
  return { outcomes, skipped, disputes: inputs.disputes ?? [] };
}

function outcomeOf(entry: LabelledPayload, table: FactTable, inputs: FactsInputs): EntryOutcome {
  const disputed = (inputs.disputes ?? []).filter((dispute) => dispute.entry === entry.id);
  const differences = differencesOf(entry, table, inputs).map((difference) =>
    difference.kind === 'fails' && disputed.some((dispute) => dispute.field === difference.field)
      ? { ...difference, kind: 'disputed' as const }
      : difference,
  );
  return {
    id: entry.id,
    provider: entry.provider,
    strict: differences.every((difference) => difference.kind === 'noted'),
    lenient: differences.every((difference) => difference.kind !== 'fails'),
    differences,
  };
}

function differencesOf(
  entry: LabelledPayload,
  table: FactTable,
  inputs: FactsInputs,
): readonly Difference[] {
  const headers = new Headers(entry.headers);
  const actual: Outcome[] = [];
  for (const event of inputs.eventsOf(entry)) {
    const facts = factsOf({ table, event: { ...event, headers }, options: inputs.options });
    if (!facts.ok) actual.push(facts.failure);
    else actual.push(...(facts.value.length === 0 ? [null] : facts.value));
  }
  if (actual.length !== entry.expect.length) {
    const expected = String(entry.expect.length);
    return [{ field: 'events', expected, actual: String(actual.length), kind: 'fails' }];
  }
  return entry.expect.flatMap((expected, index) => compare(expected, actual[index] ?? null));
}

function compare(expected: ExpectedFact, actual: Outcome): readonly Difference[] {
  const differences: Difference[] = [];
  const check = (field: string, actualValue: unknown, same = sameValue): void => {
    const label = expected[field] ?? null;
    if (same(label, actualValue)) return;
    const accepted = (expected.accept?.[field] ?? []).some((other) => same(other, actualValue));
    differences.push({
      field,
      expected: show(label),
      actual: show(actualValue),
      kind: accepted ? 'accepted' : 'fails',
    });
  };
  if (actual !== null && 'reason' in actual && !('fact' in actual)) {
    check('fact', 'shape');
    return differences;
  }
  check('fact', actual?.fact ?? null);
  // Without a fact on either side there is nothing more that a label says.
  if (actual === null || expected.fact === null) return differences;
  if (!('address' in actual)) check('ref', actual.ref);
  if ('amountMinor' in actual) {
    for (const field of OPTIONAL) if (expected[field] != null) check(field, actual[field]);
    check('customerEmail', actual.customer.email);
  }
  if ('address' in actual) check('address', actual.address);
  if (expected['occurredAt'] != null) check('occurredAt', actual.occurredAt, sameTime);
  for (const field of NOTED) {
    const value = field in actual ? at(toJson(actual), field) : undefined;
    const label = expected[field] ?? null;
    if (label === null || value === undefined || show(label) === show(value)) continue;
    differences.push({ field, expected: show(label), actual: show(value), kind: 'noted' });
  }
  return differences;
}

function sameValue(label: unknown, actual: unknown): boolean {
  return label === actual;
}

/** Labels are in seconds, facts in milliseconds. */
function sameTime(label: unknown, actual: unknown): boolean {
  return (
    typeof label === 'number' &&
    typeof actual === 'number' &&
    Math.abs(label - actual / 1000) <= OCCURRED_WITHIN_SECONDS
  );
}

function toJson(fact: Fact): Json {
  const json: Json = JSON.parse(JSON.stringify(fact));
  return json;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** A table per provider, every difference, and `N passed, N failed` as the last line. */
export function formatFacts(report: FactsReport): string {
  const lines: string[] = [];
  for (const outcome of report.outcomes) {
    for (const { field, expected, actual, kind } of outcome.differences) {
      lines.push(
        `${kind.padEnd(8)}  ${outcome.id}  ${field}: label ${expected}, table says ${actual}`,
      );
    }
  }
  for (const dispute of report.disputes) {
    const met = report.outcomes.some((outcome) => outcome.id === dispute.entry);
    if (met)
      lines.push(
        `disputed  ${dispute.entry}  ${dispute.field}: ${dispute.why}`,
        `          ${dispute.page}`,
      );
  }
  if (lines.length > 0) lines.push('');
  const providers = [...new Set(report.outcomes.map((outcome) => outcome.provider))].sort();
  const width = Math.max(8, ...providers.map((provider) => provider.length));
  lines.push(`${'provider'.padEnd(width)}  entries  strict  lenient`);
  for (const provider of providers) {
    const own = report.outcomes.filter((outcome) => outcome.provider === provider);
    const strict = own.filter((outcome) => outcome.strict).length;
    const lenient = own.filter((outcome) => outcome.lenient).length;
    lines.push(
      `${provider.padEnd(width)}  ${pad(own.length, 7)}  ${pad(strict, 6)}  ${pad(lenient, 7)}`,
    );
  }
  const skipped = Object.entries(report.skipped).map(([name, count]) => `${name} ${count}`);
  if (skipped.length > 0) lines.push(`skipped, no fact table: ${skipped.join(', ')}`);
  const { passed, failed } = countFacts(report);
  lines.push(`${passed} passed, ${failed} failed`);
  return lines.join('\n');
}

function pad(count: number, width: number): string {
  return String(count).padStart(width);
}

/** Of entries, not of fields. What is accepted, disputed or noted passes. */
export function countFacts(report: FactsReport): { passed: number; failed: number } {
  const passed = report.outcomes.filter((outcome) => outcome.lenient).length;
  return { passed, failed: report.outcomes.length - passed };
}

/**
 * The events of a Stripe or GitHub delivery by the plain rule of their documentation, for callers
 * that have no event identity at hand. A body that is no JSON has none.
 */
export function plainEvents(entry: LabelledPayload): readonly LabelledEvent[] {
  const parsed = parseJsonText(entry.body);
  if (!parsed.ok) return [];
  const json = parsed.value;
  if (entry.provider !== 'github') {
    return [{ id: textAt(json, 'id'), type: textAt(json, 'type'), json }];
  }
  const headers = new Headers(entry.headers);
  const event = headers.get('x-github-event');
  const action = textAt(json, 'action');
  const type = event !== null && action !== null ? `${event}.${action}` : event;
  return [{ id: headers.get('x-github-delivery'), type, json }];
}

/** Labels we are sure are wrong, each with the page that decides it. */
export const DISPUTED_LABELS: readonly Dispute[] = [
  {
    entry: 'github-35',
    field: 'occurredAt',
    why: 'created_at is when the alert was made; a reopening of that time could undo no closing',
    page: 'https://docs.github.com/en/rest/code-scanning/code-scanning#get-a-code-scanning-alert',
  },
];
