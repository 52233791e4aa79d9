import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  countFacts,
  DISPUTED_LABELS,
  formatFacts,
  type LabelledPayload,
  plainEvents,
  runFacts,
} from '../../src/cli/facts.ts';
import type { FactTable } from '../../src/core/fact-table.ts';
import { githubFacts } from '../../webhooks/github-facts.ts';
import { stripeFacts } from '../../webhooks/stripe-facts.ts';
import { sharedPath } from '../support/shared.ts';

const OPTIONS = { alertLabels: ['incident', 'outage', 'alert', 'security'] };

const table: FactTable = {
  rules: {
    paid: {
      fact: 'payment.paid',
      ref: 'id',
      amount: { minor: 'amount' },
      currency: 'currency',
      customer: { email: 'email' },
      occurredAt: { seconds: 'at' },
    },
    bad: { fact: 'payment.paid', ref: 'missing' },
    down: { fact: 'alert.opened', ref: 'id', title: 'title' },
  },
};
const BODY = {
  type: 'paid',
  id: 'p1',
  amount: 5,
  currency: 'eur',
  email: 'a@example.com',
  at: 1_700_001_000,
};
const LABEL = {
  fact: 'payment.paid',
  ref: 'p1',
  amountMinor: 5,
  currency: 'EUR',
  customerEmail: 'a@example.com',
  occurredAt: 1_700_001_000,
};

function entry(body: object, ...expected: LabelledPayload['expect']): LabelledPayload {
  return { id: 'e1', provider: 'acme', headers: {}, body: JSON.stringify(body), expect: expected };
}

function run(...entries: LabelledPayload[]) {
  return runFacts({ entries, tables: { acme: table }, eventsOf: plainEvents, options: OPTIONS });
}

function outcome(label: object, body: object = BODY) {
  const [only] = run(entry(body, { ...LABEL, ...label })).outcomes;
  return only;
}

describe('comparing with a label', () => {
  it('passes strictly when every compared field is the same', () => {
    expect(outcome({})).toMatchObject({ strict: true, lenient: true, differences: [] });
  });

  it.each([
    ['fact', 'payment.failed'],
    ['fact', null],
    ['ref', 'p2'],
    ['amountMinor', 6],
    ['currency', 'USD'],
    ['customerEmail', null],
    ['customerEmail', 'b@example.com'],
    ['occurredAt', 1_700_001_002],
  ])('fails when %s should be %s', (field, value) => {
    const result = outcome({ [field]: value });
    expect(result).toMatchObject({ strict: false, lenient: false });
    expect(result?.differences).toMatchObject([{ field, kind: 'fails' }]);
  });

  it('passes leniently, not strictly, with a value that the label also accepts', () => {
    expect(outcome({ ref: 'p2', accept: { ref: ['p3', 'p1'] } })).toMatchObject({
      strict: false,
      lenient: true,
    });
    expect(outcome({ fact: null, accept: { fact: ['payment.paid'] } })).toMatchObject({
      lenient: true,
    });
  });

  it('does not compare an amount or currency that the label leaves open', () => {
    expect(outcome({ amountMinor: null, currency: null })).toMatchObject({ strict: true });
  });

  it('accepts a time one second off', () => {
    expect(outcome({ occurredAt: 1_700_001_001 })).toMatchObject({ strict: true });
  });

  it('fails on another number of events', () => {
    const [more] = run(entry(BODY, LABEL, LABEL)).outcomes;
    expect(more?.differences).toMatchObject([{ field: 'events', expected: '2', actual: '1' }]);
    const [unparsable] = run({ ...entry(BODY, LABEL), body: '{' }).outcomes;
    expect(unparsable).toMatchObject({ lenient: false });
  });

  it('fails an event that is set aside unless the label says so', () => {
    expect(outcome({}, { type: 'bad' })).toMatchObject({ lenient: false });
    expect(outcome({ fact: 'shape' }, { type: 'bad' })).toMatchObject({ strict: true });
    expect(outcome({ fact: 'shape' })).toMatchObject({ lenient: false });
  });

  it('prints a title that differs and passes all the same', () => {
    const body = { type: 'down', id: 'a1', title: 'Down' };
    const label = { fact: 'alert.opened', ref: 'a1', title: 'Up' };
    const report = run(entry(body, label));
    expect(report.outcomes[0]).toMatchObject({ strict: true, lenient: true });
    expect(formatFacts(report)).toContain('e1  title: label Up, table says Down');
  });
});

describe('the report', () => {
  it('ends with the lenient counts', () => {
    const report = run(entry(BODY, LABEL), entry(BODY, { ...LABEL, ref: 'p2' }));
    expect(formatFacts(report).split('\n').at(-1)).toBe('1 passed, 1 failed');
  });

  it('counts entries of providers without a table as skipped, not as passed', () => {
    const other = { ...entry(BODY, LABEL), provider: 'other' };
    const report = run(entry(BODY, LABEL), other, other);
    expect(report.skipped).toEqual({ other: 2 });
    expect(countFacts(report)).toEqual({ passed: 1, failed: 0 });
    expect(formatFacts(report)).toContain('skipped, no fact table: other 2');
  });

  it('takes only the provider asked for', () => {
    const entries = [entry(BODY, LABEL), { ...entry(BODY, LABEL), provider: 'other' }];
    const tables = { acme: table, other: table };
    const report = runFacts({
      entries,
      tables,
      eventsOf: plainEvents,
      options: OPTIONS,
      provider: 'other',
    });
    expect(report.outcomes.map(({ provider }) => provider)).toEqual(['other']);
  });

  it('sets a disputed field apart, names the page, and still fails on any other field', () => {
    const disputes = [{ entry: 'e1', field: 'ref', why: 'typo', page: 'https://docs.example/p' }];
    const inputs = { tables: { acme: table }, eventsOf: plainEvents, options: OPTIONS, disputes };
    const wrong = { ...LABEL, ref: 'p2' };
    const disputed = runFacts({ ...inputs, entries: [entry(BODY, wrong)] });
    expect(disputed.outcomes[0]).toMatchObject({ strict: false, lenient: true });
    expect(formatFacts(disputed)).toContain('https://docs.example/p');
    const worse = runFacts({ ...inputs, entries: [entry(BODY, { ...wrong, currency: 'USD' })] });
    expect(countFacts(worse)).toEqual({ passed: 0, failed: 1 });
  });
});

describe('shared payloads', () => {
  const folder = sharedPath('payloads');

  it.skipIf(folder === null)('agrees with every Stripe and GitHub label, leniently', () => {
    const entries: LabelledPayload[] = ['payment.json', 'alerts.json'].flatMap((name) =>
      JSON.parse(readFileSync(join(folder ?? '', name), 'utf8')),
    );
    const report = runFacts({
      entries,
      tables: { stripe: stripeFacts, github: githubFacts },
      eventsOf: plainEvents,
      options: OPTIONS,
      disputes: DISPUTED_LABELS,
    });
    expect(countFacts(report), formatFacts(report)).toEqual({ passed: 93, failed: 0 });
    const strict = report.outcomes.filter((each) => each.strict).length;
    expect(strict, formatFacts(report)).toBeGreaterThanOrEqual(90);
  });
});
