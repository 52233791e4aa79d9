import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAlertFact, isPaymentFact, type PaymentFactName } from '../../src/core/fact.ts';
import { type FactRule, type FactTable, factsOf } from '../../src/core/fact-table.ts';
import type { Text } from '../../src/core/fact-words.ts';
import { allAt, at, type Json } from '../../src/core/json.ts';
import { holds as lawHolds } from '../support/property.ts';

const OPTIONS = { alertLabels: [] };

function run(rule: FactRule | readonly FactRule[], json: Json, base?: string) {
  const rules = { tested: rule };
  const table: FactTable = base === undefined ? { rules } : { base, rules };
  return factsOf({ table, event: { type: 'tested', json }, options: OPTIONS });
}

/** The only fact, as a payment. */
function payment(rule: FactRule, json: Json, base?: string) {
  const result = run(rule, json, base);
  if (!result.ok) throw new Error(`${result.failure.path}: ${result.failure.detail}`);
  const [fact, ...others] = result.value;
  if (fact === undefined || others.length > 0 || !isPaymentFact(fact)) throw new Error('not one');
  return fact;
}

const PAID = { fact: 'payment.paid', ref: 'id' } as const;

describe('which events are tracked', () => {
  it('keeps but does not track a type that the table does not list', () => {
    const table: FactTable = { rules: { known: PAID } };
    for (const type of ['unknown', null, '__proto__', 'constructor', 'toString']) {
      const result = factsOf({ table, event: { type, json: { id: 'x' } }, options: OPTIONS });
      expect(result).toEqual({ ok: true, value: [] });
    }
  });

  it('gives one fact per rule that holds', () => {
    const rules: FactRule[] = [
      { ...PAID, when: { path: 'status', is: ['paid'] } },
      { ...PAID, fact: 'payment.linked' },
      { ...PAID, fact: 'payment.voided', when: { path: 'status', is: ['void'] } },
    ];
    const result = run(rules, { id: 'p1', status: 'paid' });
    expect(result.ok && result.value.map(({ fact }) => fact)).toEqual([
      'payment.paid',
      'payment.linked',
    ]);
  });

  it('gives one fact per entry of a list, and none for an empty or missing list', () => {
    const rule: FactRule = {
      fact: 'recipient.bounced',
      each: 'bounced',
      ref: 'mail.id',
      address: '@.address',
    };
    const mail = { id: 'm1' };
    const two = run(rule, {
      mail,
      bounced: [{ address: 'a@example.com' }, { address: 'b@example.com' }],
    });
    expect(two.ok && two.value.map((fact) => 'address' in fact && fact.address)).toEqual([
      'a@example.com',
      'b@example.com',
    ]);
    for (const bounced of [[], {}, 'none', null]) {
      expect(run(rule, { mail, bounced })).toEqual({ ok: true, value: [] });
    }
  });

  it('refuses an event of more than two hundred facts', () => {
    const rule: FactRule = { ...PAID, each: 'list', ref: '@' };
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);
    expect(run(rule, { list: ids(200) }).ok).toBe(true);
    expect(run(rule, { list: ids(201) })).toMatchObject({
      ok: false,
      failure: { reason: 'shape' },
    });
  });
});

describe('the id of a subject', () => {
  it.each([
    ['missing', {}],
    ['null', { id: null }],
    ['empty', { id: '' }],
    ['an object', { id: { $ne: 1 } }],
    ['a line break', { id: 'in_1\nX: y' }],
    ['a bidirectional override', { id: 'in_\u202e1' }],
    ['a lone surrogate', { id: 'in_\ud800' }],
    ['201 characters', { id: 'x'.repeat(201) }],
    ['a space at the end', { id: 'in_1 ' }],
    ['a dot segment, which no address can carry', { id: '..' }],
    ['a single dot', { id: '.' }],
    ['a path with a dot segment in it', { id: 'a/../b' }],
    ['a path that ends in one', { id: 'a/.' }],
    ['a number that is no longer exact', { id: 2 ** 53 }],
    ['an event that is no object', null],
  ])('sets an event aside whose id is %s', (_, json) => {
    expect(run(PAID, json)).toMatchObject({ ok: false, failure: { reason: 'shape', path: 'id' } });
  });

  it.each([
    ['x'.repeat(200), 'x'.repeat(200)],
    ['größe/ü', 'größe/ü'],
    [42, '42'],
    ['...', '...'],
    ['.github/..b/a..', '.github/..b/a..'],
    ['100%/%2e%2e?x#y', '100%/%2e%2e?x#y'],
  ])('accepts the id %s', (id, ref) => {
    expect(payment(PAID, { id }).ref).toBe(ref);
  });

  it('sets an event aside whose alias is unprintable, and names the path', () => {
    const result = run({ ...PAID, aliases: ['charge'] }, { id: 'p1', charge: 'ch_\u0000' });
    expect(result).toMatchObject({ ok: false, failure: { path: 'charge' } });
  });

  it('keeps at most sixteen aliases, each once, and never the ref itself', () => {
    const list = ['p1', 'a', 'a', ...Array.from({ length: 20 }, (_, index) => `c${index}`)];
    const { aliases } = payment({ ...PAID, aliases: ['id', 'list.*', 'gone'] }, { id: 'p1', list });
    expect(aliases).toHaveLength(16);
    expect(aliases.slice(0, 3)).toEqual(['a', 'c0', 'c1']);
  });
});

describe('words for texts', () => {
  const json = { id: 'p1', a: '', b: 'two', n: 3, state: 'ABC', deep: { b: 'inner' } };
  const reason = (text: Text) => payment({ ...PAID, number: text }, json).number;

  it('takes the first path that holds a text', () => {
    expect(reason(['missing', 'a', 'b', 'n'])).toBe('two');
  });
  it('leaves a template without one of its parts out', () => {
    expect(reason({ template: '{b}/{n}' })).toBe('two/3');
    expect(reason([{ template: '{b}/{missing}' }, { constant: 'else' }])).toBe('else');
  });
  it('translates listed values and no others', () => {
    expect(reason({ path: 'state', values: { ABC: 'known' } })).toBe('known');
    expect(reason({ path: 'b', values: { ABC: 'known' } })).toBeNull();
  });
  it('takes a text only if it looks as it should', () => {
    expect(reason({ path: 'b', matches: /^t/ })).toBe('two');
    expect(reason({ path: 'b', matches: /^x/ })).toBeNull();
  });
  it('starts paths at the base, and with $ at the event', () => {
    const rule: FactRule = { ...PAID, ref: 'b', number: '$.b' };
    expect(payment(rule, json, 'deep')).toMatchObject({ ref: 'inner', number: 'two' });
  });
  it('reads a header', () => {
    const table: FactTable = { rules: { tested: { ...PAID, ref: { header: 'x-id' } } } };
    const event = { type: 'tested', json: null, headers: new Headers({ 'X-Id': 'h1' }) };
    expect(factsOf({ table, event, options: OPTIONS })).toMatchObject({ value: [{ ref: 'h1' }] });
  });
});

describe('words for times', () => {
  const at = (time: NonNullable<FactRule['occurredAt']>, json: Json) =>
    payment({ fact: 'payment.paid', ref: { constant: 'p1' }, occurredAt: time }, json).occurredAt;
  const NEW_YEAR = 1_767_225_600_000;

  it.each([
    ['2026-01-01T00:00:00Z', NEW_YEAR],
    ['2026-01-01T01:00:00+01:00', NEW_YEAR],
    ['2025-12-31T20:00:00.000-0400', NEW_YEAR],
    ['2026-01-01T00:00:00.1234567Z', NEW_YEAR + 123],
    ['2026-01-01 00:00:00 +00:00', NEW_YEAR],
  ])('reads %s', (text, ms) => {
    expect(at({ iso: 't' }, { t: text })).toBe(ms);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01',
    'yesterday',
    '',
  ])('does not guess a time from "%s"', (text) => {
    expect(at({ iso: 't' }, { t: text })).toBeNull();
  });

  it('reads a local time with the offset the provider documents', () => {
    expect(at({ iso: 't', offset: '+07:00' }, { t: '2026-01-01 07:00:00' })).toBe(NEW_YEAR);
  });

  it.each(['2026-01-01T00:00:00+24:00', '2026-01-01T00:00:00+01:60'])(
    'knows no offset of a whole day or of sixty minutes: %s',
    (text) => expect(at({ iso: 't' }, { t: text })).toBeNull(),
  );

  it('knows seconds from milliseconds, as numbers or digits', () => {
    expect(at({ seconds: 't' }, { t: NEW_YEAR / 1000 })).toBe(NEW_YEAR);
    expect(at({ milliseconds: 't' }, { t: String(NEW_YEAR) })).toBe(NEW_YEAR);
    expect(at({ seconds: 't' }, { t: -1 })).toBeNull();
    expect(at({ seconds: 't' }, { t: 1e300 })).toBeNull();
  });

  it('takes the first present of a list and the newest of `latest`', () => {
    const json = { old: NEW_YEAR / 1000, new: NEW_YEAR / 1000 + 1 };
    const both = [{ seconds: 'missing' }, { seconds: 'old' }, { seconds: 'new' }];
    expect(at(both, json)).toBe(NEW_YEAR);
    expect(at({ latest: both }, json)).toBe(NEW_YEAR + 1000);
  });

  it('takes a time outside 2000 to 2199 for none, in every unit, and keeps the edges', () => {
    const first = Date.UTC(2000, 0, 1);
    const end = Date.UTC(2200, 0, 1);
    expect(at({ milliseconds: 't' }, { t: first })).toBe(first);
    expect(at({ milliseconds: 't' }, { t: first - 1 })).toBeNull();
    expect(at({ milliseconds: 't' }, { t: end - 1 })).toBe(end - 1);
    expect(at({ milliseconds: 't' }, { t: end })).toBeNull();
    expect(at({ iso: 't' }, { t: '2200-01-01T00:00:00Z' })).toBeNull();
    expect(at({ iso: 't' }, { t: '2200-01-01T00:30:00+01:00' })).toBe(end - 1_800_000);
    for (const t of [0, 0.5, 1e12, 1e15, 8.64e12, '8640000000000', '0', Number.MAX_VALUE]) {
      expect([t, at({ seconds: 't' }, { t })]).toEqual([t, null]);
    }
    expect(at(() => 8.64e15, {})).toBeNull();
    expect(at(() => Number.NaN, {})).toBeNull();
  });

  it('passes an implausible time over for the next that can be read', () => {
    const both = [{ seconds: 'far' }, { seconds: 'near' }];
    const json = { far: 1e12, near: NEW_YEAR / 1000 };
    expect(at(both, json)).toBe(NEW_YEAR);
    expect(at({ latest: both }, json)).toBe(NEW_YEAR);
  });
});

describe('words for amounts', () => {
  const amount = (rule: object, json: Json) =>
    payment({ ...PAID, currency: 'currency', ...rule }, json).amountMinor;

  it('reads minor units from numbers and digits, decimals from texts and numbers', () => {
    const json = {
      id: 'p1',
      currency: 'eur',
      minor: 4900,
      digits: '4900',
      major: '49.00',
      n: 107.69,
    };
    expect(amount({ amount: { minor: 'minor' } }, json)).toBe(4900);
    expect(amount({ amount: { minor: 'digits' } }, json)).toBe(4900);
    expect(amount({ amount: { decimal: 'major' } }, json)).toBe(4900);
    expect(amount({ amount: { decimal: 'n' } }, json)).toBe(10769);
  });

  it('takes zero as present', () => {
    const json = { id: 'p1', currency: 'eur', paid: 0, due: 4900 };
    expect(amount({ amount: { minor: ['paid', 'due'] } }, json)).toBe(0);
  });

  it('does not know a decimal amount without its currency', () => {
    expect(amount({ amount: { decimal: 'major' } }, { id: 'p1', major: '49.00' })).toBeNull();
  });

  it('tracks a payment whose amount cannot be read', () => {
    for (const minor of ['4900 USD', 1.5, {}, null, '9'.repeat(40)]) {
      expect(
        amount({ amount: { minor: 'minor' } }, { id: 'p1', currency: 'usd', minor }),
      ).toBeNull();
    }
  });
});

describe('an amount that nobody can owe', () => {
  const said = (fact: PaymentFactName, minor: Json) =>
    run(
      { fact, ref: 'id', amount: { minor: 'minor' }, currency: 'currency' },
      { id: 'p1', currency: 'usd', minor },
    );
  const ASKING = [
    'payment.due',
    'payment.overdue',
    'payment.failed',
    'payment.action_required',
  ] as const;

  it.each(ASKING)('of zero asks nobody for anything: %s is no fact', (fact) => {
    expect(said(fact, 0)).toEqual({ ok: true, value: [] });
    expect(said(fact, -0)).toEqual({ ok: true, value: [] });
    expect(said(fact, 1)).toMatchObject({ value: [{ amountMinor: 1 }] });
  });

  it.each(ASKING)('below zero sets %s aside: a person must look, no customer may', (fact) => {
    const refused = { ok: false, failure: { reason: 'shape', path: 'amount' } };
    expect(said(fact, -1)).toMatchObject(refused);
    expect(said(fact, '-4900')).toMatchObject(refused);
  });

  it.each(ASKING)('that cannot be read is unknown, and %s still counts', (fact) => {
    for (const minor of [null, 49.5, 2 ** 53, '1e3', {}]) {
      expect(said(fact, minor)).toMatchObject({ value: [{ fact, amountMinor: null }] });
    }
  });

  it('never keeps a payment from settling, nor a dispute from being seen', () => {
    for (const fact of ['payment.paid', 'payment.disputed', 'payment.refunded'] as const) {
      for (const minor of [0, -4900]) {
        expect(said(fact, minor)).toMatchObject({ ok: true, value: [{ fact }] });
      }
    }
  });
});

describe('what goes to people', () => {
  const customer = (json: Json) =>
    payment(
      {
        ...PAID,
        payUrl: 'url',
        reason: 'reason',
        customer: {
          email: 'email',
          name: 'name',
          locale: 'locale',
          zone: 'zone',
          country: 'country',
        },
      },
      json,
    );

  it('refuses an address that is a list, a name, a header or no address', () => {
    const bad = ['a@b.example,c@d.example', 'A <a@b.example>', 'a@b.example\r\nBcc: c@d.example'];
    for (const email of [...bad, 'a@', 'a b@c.example', `${'a'.repeat(300)}@b.example`, 7]) {
      expect(customer({ id: 'p1', email }).customer.email).toBeNull();
    }
    expect(customer({ id: 'p1', email: ' ada+x@example.com ' }).customer.email).toBe(
      'ada+x@example.com',
    );
  });

  it('offers only https pages to pay at', () => {
    const bad = [
      'http://pay.example',
      'javascript:alert(1)',
      'https://a@pay.example',
      'pay',
      'https://',
    ];
    for (const url of [
      ...bad,
      `https://pay.example/${'x'.repeat(2048)}`,
      'https://pay.example/a b',
    ]) {
      expect(customer({ id: 'p1', url }).payUrl).toBeNull();
    }
    expect(customer({ id: 'p1', url: 'https://pay.example/i' }).payUrl).toBe(
      'https://pay.example/i',
    );
  });

  it('puts texts on one line and cuts them', () => {
    const { reason } = customer({ id: 'p1', reason: 'Declined.\r\nBcc: eve@example.com\u202e' });
    expect(reason).toBe('Declined. Bcc: eve@example.com');
    expect(customer({ id: 'p1', reason: 'x'.repeat(1_000_000) }).reason).toHaveLength(300);
  });

  it('keeps locale, zone and country only in their standard forms', () => {
    const good = { id: 'p1', locale: 'pt_BR', zone: 'Europe/Oslo', country: 'no' };
    expect(customer(good).customer).toMatchObject({
      locale: 'pt-BR',
      zone: 'Europe/Oslo',
      country: 'NO',
    });
    const bad = { id: 'p1', locale: 'auto', zone: '../etc', country: 'Norway' };
    expect(customer(bad).customer).toMatchObject({ locale: null, zone: null, country: null });
  });
});

describe('alerts', () => {
  it('uses the ref where there is no title, and drops a severity that is none of ours', () => {
    const rule: FactRule = {
      fact: 'alert.opened',
      ref: 'id',
      title: 'title',
      severity: 'severity',
    };
    const result = run(rule, { id: 'a1', severity: 'apocalyptic' });
    const [fact] = result.ok ? result.value : [];
    expect(fact !== undefined && isAlertFact(fact) && fact).toMatchObject({
      title: 'a1',
      severity: null,
    });
  });

  it('sets a mail event aside that has no usable address', () => {
    const rule: FactRule = { fact: 'recipient.bounced', ref: 'id', address: 'email' };
    expect(run(rule, { id: 'm1', email: 'nobody' })).toMatchObject({
      ok: false,
      failure: { path: 'email' },
    });
  });
});

describe('conditions', () => {
  const holds = (when: NonNullable<FactRule['when']>) => {
    const result = run({ ...PAID, when }, { id: 'p1', s: 'x', same: 'x', other: 'y', off: false });
    return result.ok && result.value.length === 1;
  };
  it.each([
    [{ path: 's', is: ['x', 'z'] }, true],
    [{ path: 's', is: ['X'] }, false],
    [{ path: 'missing', is: [null] }, true],
    [{ path: 'off', is: [false] }, true],
    [{ path: 'off', is: ['false'] }, false],
    [{ path: 'missing', isNot: [null] }, false],
    [{ path: 's', sameAs: 'same' }, true],
    [{ path: 's', sameAs: 'other' }, false],
    [{ path: 'missing', sameAs: 'gone' }, false],
    [{ path: 's', differsFrom: 'other' }, true],
    [{ path: 's', differsFrom: 'missing' }, false],
    [{ path: 's', matches: /^x$/ }, true],
    [{ not: { path: 's', is: ['x'] } }, false],
    [
      {
        any: [
          { path: 's', is: ['no'] },
          { path: 's', is: ['x'] },
        ],
      },
      true,
    ],
    [
      [
        { path: 's', is: ['x'] },
        { path: 's', is: ['no'] },
      ],
      false,
    ],
  ])('%j is %s', (when, expected) => {
    expect(holds(when)).toBe(expected);
  });
});

describe('paths', () => {
  const json = { list: [{ id: 'a' }, { id: 'b' }, 'c', null], own: { constructor: 'mine' } };
  it('finds own properties only', () => {
    expect(at(json, '__proto__')).toBeUndefined();
    expect(at({}, 'constructor.name')).toBeUndefined();
    expect(at(json, 'own.constructor')).toBe('mine');
  });
  it('finds every entry behind a star', () => {
    expect(allAt(json, 'list.*.id')).toEqual(['a', 'b']);
    expect(allAt(json, 'own.*')).toEqual([]);
    expect(allAt([['x'], ['y', 'z']], '*.*')).toEqual(['x', 'y', 'z']);
  });
});

describe('totality', () => {
  it('never throws, whatever the event is', () => {
    const rule: FactRule = {
      fact: 'payment.failed',
      ref: ['a', { template: '{a}/{b}' }, '@.a'],
      aliases: ['b', 'c.*.a', '@.b'],
      amount: { minor: ['a', 'b'], exponents: { ISK: 2 } },
      currency: 'c',
      customer: { email: 'a', name: 'b', locale: 'c', zone: 'a', country: 'b' },
      payUrl: 'a',
      reason: 'b',
      decline: { codes: ['a', 'b'], hard: ['c'] },
      attemptCount: 'a',
      nextAttemptAt: { latest: [{ seconds: 'a' }, { iso: 'b' }] },
      dueAt: { milliseconds: ['a', 'b'] },
    };
    const key = fc.constantFrom('a', 'b', 'c', 'data', '__proto__', '');
    const value = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.double(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('usd', 'ISK', '2026-01-01T00:00:00Z', '49.00', 'a@example.com'),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(key, tie('json'), { maxKeys: 4 }),
      ),
    })).json;
    // Half of the events look as the table expects, with anything as the values.
    const likely = fc.record({ data: fc.record({ a: fc.string(), b: value, c: value }) });
    let factCount = 0;
    lawHolds(
      'facts of any event',
      fc.property(fc.oneof(value, likely), fc.boolean(), (json, each) => {
        const tested: FactRule = each ? { ...rule, each: 'data' } : rule;
        const result = run(tested, json, 'data');
        if (!result.ok) return result.failure.reason === 'shape';
        factCount += result.value.length;
        return result.value.every((fact) => fact.ref !== '' && fact.ref.length <= 200);
      }),
      1_500,
    );
    expect(factCount).toBeGreaterThan(100);
  });
});
