import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import sampleConfig from '../gateway.config.ts';
import type { GatewayConfig, SourceConfig } from '../src/config.ts';
import type { Ladder } from '../src/core/ladder.ts';
import { isPlaceholder } from '../src/resolve/secrets.ts';
import { formatProblems, parseMailbox, type ResolveInput, resolveGateway } from '../src/resolve.ts';
import { providers } from '../webhooks/index.ts';
import { holds } from './support/property.ts';

const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const env = {
  STRIPE_WEBHOOK_SECRET: SECRET,
  GITHUB_WEBHOOK_SECRET: 'a-github-secret-of-some-length',
  STANDARD_WEBHOOKS_SECRET: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  HOOKLINE_TOKEN: '0123456789abcdef',
  HOOKLINE_LINK_SECRET: 'fedcba9876543210',
};
const stripe: SourceConfig = { provider: 'stripe', secrets: ['STRIPE_WEBHOOK_SECRET'] };
const config: GatewayConfig = {
  sources: { stripe },
  mail: {
    from: 'Acme <billing@acme.test>',
    businessName: 'Acme',
    team: [['ops@acme.test'], ['lead@acme.test']],
  },
};

function inputOf(over: Partial<ResolveInput> = {}): ResolveInput {
  const base = { config, env, providers, liveByDefault: false, mailStaysHere: false, sha256Hex };
  return { ...base, publicUrl: 'https://hooks.acme.test', ...over };
}

function resolved(over: Partial<ResolveInput> = {}) {
  const result = resolveGateway(inputOf(over));
  if (!result.ok) throw new Error(formatProblems(result.failure));
  return result.value;
}

function problemsOf(over: Partial<ResolveInput> = {}) {
  const result = resolveGateway(inputOf(over));
  return result.ok ? [] : result.failure;
}

const fieldsOf = (over: Partial<ResolveInput>) => problemsOf(over).map(({ field }) => field);

/** A config as a file may hold it: nothing checks its types before we do. */
function untyped(value: unknown): GatewayConfig {
  return value as GatewayConfig; // the point of these tests is that it is none
}
const withSource = (fields: object) => ({
  config: untyped({ ...config, sources: { stripe: { ...stripe, ...fields } } }),
});
const withMail = (fields: object) => ({
  config: untyped({ ...config, mail: { ...config.mail, ...fields } }),
});
const withEnv = (values: Record<string, string | undefined>) => ({ env: { ...env, ...values } });

const LADDER: Ladder = {
  id: 'patient',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'first', after: '5d', action: 'remind', template: 'reminder-1' },
    { id: 'close', after: '60d', action: 'close' },
  ],
};

describe('the sample config', () => {
  it('starts with the catcher, live, with the three sources scripts rely on', () => {
    const gateway = resolved({ config: sampleConfig, liveByDefault: true, mailStaysHere: true });
    expect([...gateway.sources.keys()]).toEqual(['stripe', 'github', 'standard']);
    expect([...gateway.sources.values()].every(({ policy }) => policy.live)).toBe(true);
  });

  it('does not start where mail really leaves, until it has a team and a sender', () => {
    const all = ['mail.team[0]', 'mail.team[1]', 'mail.from'];
    expect(fieldsOf({ config: sampleConfig })).toEqual(all);
    expect(fieldsOf({ config: sampleConfig, mailStaysHere: true })).toEqual([]);
    const own = withEnv({ HOOKLINE_TEAM_EMAIL: 'ops@acme.test, Ada <ada@acme.test>' });
    expect(fieldsOf({ config: sampleConfig, ...own })).toEqual(['mail.from']);
    const mail = { ...sampleConfig.mail, from: 'Acme <billing@acme.test>' };
    const gateway = resolved({ config: { ...sampleConfig, mail }, ...own });
    const tiers = gateway.sources.get('stripe')?.policy.tiers ?? [];
    expect(tiers.map((tier) => tier.map(({ address }) => address))).toEqual([
      ['ops@acme.test', 'ada@acme.test'],
      ['ops@acme.test', 'ada@acme.test'],
    ]);
    expect(gateway.sources.get('stripe')?.policy.live).toBe(false);
  });
});

describe('a sound config', () => {
  it('becomes a gateway with the documented defaults', () => {
    const gateway = resolved();
    const source = gateway.sources.get('stripe');
    expect(gateway.remindersPerRecipientPerDay).toBe(3);
    expect(gateway.mail).toEqual({
      from: 'Acme <billing@acme.test>',
      replyTo: null,
      businessName: 'Acme',
      locale: 'en',
    });
    expect(source?.bytesMax).toBe(providers.get('stripe')?.bytesMax);
    expect(source?.policy).toMatchObject({
      paused: null,
      minGapMs: 20 * 3_600_000,
      providerRetryWithinMs: 24 * 3_600_000,
      settleMs: 60_000,
      tombstoneMs: 40 * 86_400_000,
      escalateHardDeclines: true,
      highAmountMinor: { USD: 500_000, EUR: 500_000, GBP: 500_000 },
    });
    expect(source?.policy.ladders.failed.id).toBe('payment-failed');
    expect(source?.policy.ladders.alert.medium.id).toBe('alert-medium');
  });

  it('keeps what the user chose', () => {
    const gateway = resolved({
      config: {
        ...config,
        paused: true,
        ladders: { patient: LADDER },
        sources: {
          stripe: {
            ...stripe,
            live: true,
            bytesMax: 2048,
            excludedCustomers: ['VIP <Boss@Acme.test>'],
            ladders: { failed: 'patient' },
          },
        },
        calendar: { customer: { zone: 'Asia/Kolkata', quietHours: null } },
        limits: { minGapHours: 1.5, highAmountMinor: { JPY: 1 }, remindersPerRecipientPerDay: 1 },
      },
      publicUrl: 'https://hooks.acme.test/base//',
    });
    const source = gateway.sources.get('stripe');
    expect(gateway.publicUrl).toBe('https://hooks.acme.test/base');
    expect(gateway.remindersPerRecipientPerDay).toBe(1);
    expect(gateway.ladders.get('patient')).toEqual(LADDER);
    expect(source).toMatchObject({ bytesMax: 2048, policy: { live: true } });
    expect(source?.policy).toMatchObject({
      paused: 'all',
      excludedCustomers: ['boss@acme.test'],
      ladders: { failed: LADDER },
      customerCalendar: { zone: 'Asia/Kolkata', quietHours: null, businessDays: [1, 2, 3, 4, 5] },
      minGapMs: 5_400_000,
    });
    // In place of the defaults, not beside them: a currency that is not named has no limit.
    expect(source?.policy.highAmountMinor).toEqual({ JPY: 1 });
  });

  it('is not live by default, unless all mail ends in the catcher', () => {
    expect(resolved().sources.get('stripe')?.policy.live).toBe(false);
    expect(resolved({ liveByDefault: true }).sources.get('stripe')?.policy.live).toBe(true);
    const off = { ...withSource({ live: false }), liveByDefault: true };
    expect(resolved(off).sources.get('stripe')?.policy.live).toBe(false);
  });
});

describe('signing secrets', () => {
  it('are named by the start of their digest, several to a variable, each once', () => {
    const second = 'whsec_another-secret-for-rotation';
    const gateway = resolved({
      ...withSource({ secrets: ['STRIPE_WEBHOOK_SECRET', 'STRIPE_OLD'] }),
      ...withEnv({ STRIPE_WEBHOOK_SECRET: `${SECRET}\n  ${second} `, STRIPE_OLD: second }),
    });
    expect(gateway.sources.get('stripe')?.secrets).toEqual(
      [SECRET, second].map((value) => ({
        id: sha256Hex(value).slice(0, 8),
        value,
        notBefore: null,
        notAfter: null,
      })),
    );
  });

  it('in PEM stay whole although they hold spaces', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----';
    const gateway = resolved(withEnv({ STRIPE_WEBHOOK_SECRET: `${pem}\n${SECRET}` }));
    const values = gateway.sources.get('stripe')?.secrets.map(({ value }) => value);
    expect(values).toEqual([pem, SECRET]);
  });

  it('stop the start when missing, empty, blank, too short or a placeholder, and name the variable', () => {
    const bad = [
      undefined,
      '',
      '  \n ',
      'changeme',
      'whsec_...',
      'xxxxxxxxxxxx',
      'whsec_',
      'short',
    ];
    for (const value of [...bad, '<your secret>', 'your-webhook-secret', `${SECRET} todo`]) {
      const problems = problemsOf(withEnv({ STRIPE_WEBHOOK_SECRET: value }));
      expect([value, problems.map(({ field }) => field)]).toEqual([
        value,
        ['sources.stripe.secrets[0]'],
      ]);
      expect(problems[0]?.problem).toContain('STRIPE_WEBHOOK_SECRET');
    }
  });

  it('with spaces inside are refused: split, they would hold a key of one letter', () => {
    const [problem] = problemsOf(withEnv({ STRIPE_WEBHOOK_SECRET: "It's a Secret to Everybody" }));
    expect(problem?.problem).toContain('split at white space into 5 secrets');
  });

  it('of real strength are never taken for placeholders', () => {
    for (const value of [
      ...Object.values(env),
      'examplesecret',
      'testsecret1',
      'secret_9f8a7b6c',
    ]) {
      expect([value, isPlaceholder(value)]).toEqual([value, false]);
    }
  });

  it('cannot be left out, nor written into the config, whose text is then not repeated', () => {
    expect(fieldsOf(withSource({ secrets: [] }))).toEqual(['sources.stripe.secrets']);
    expect(fieldsOf(withSource({ secrets: undefined }))).toEqual(['sources.stripe.secrets']);
    const problems = problemsOf(withSource({ secrets: [SECRET] }));
    expect(problems.map(({ field }) => field)).toEqual(['sources.stripe.secrets[0]']);
    expect(formatProblems(problems)).not.toContain('MfKQ');
  });

  it('never appear in a problem', () => {
    const values = {
      STRIPE_WEBHOOK_SECRET: 'hunter2',
      HOOKLINE_TOKEN: 'hunter2',
      HOOKLINE_LINK_SECRET: 'hunter2',
    };
    const text = formatProblems(
      problemsOf(withEnv({ ...values, DATABASE_URL: 'postgres://ada:hunter2@db/x' })),
    );
    expect(text).toContain('HOOKLINE_TOKEN');
    expect(text).not.toContain('hunter2');
  });
});

describe('secrets of our own', () => {
  it('need sixteen characters, without spaces, and no placeholder', () => {
    for (const name of ['HOOKLINE_TOKEN', 'HOOKLINE_LINK_SECRET']) {
      const bad = [undefined, '', '0123456789abcde', '0123456 89abcdef', 'x'.repeat(20)];
      for (const value of [...bad, 'your-token-goes-here']) {
        expect([value, fieldsOf(withEnv({ [name]: value }))]).toEqual([value, [name]]);
      }
      expect(fieldsOf(withEnv({ [name]: '0123456789abcdef\n' }))).toEqual([]);
    }
  });
});

describe('names nobody knows', () => {
  it('of providers are answered with the nearest one', () => {
    const [problem, ...others] = problemsOf(withSource({ provider: 'stirpe' }));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      field: 'sources.stripe.provider',
      remedy: 'Did you mean "stripe"?',
    });
    const [far] = problemsOf(withSource({ provider: 'zzzzzzzzzzzz' }));
    expect(far?.remedy).toContain('github');
  });

  it('of fields are typos, at every depth', () => {
    const typo = untyped({
      ...config,
      sorces: {},
      sources: { stripe: { ...stripe, bytesmax: 2048, ladders: { fialed: 'payment-failed' } } },
      mail: { ...config.mail, reply_to: 'a@acme.test' },
      calendar: { customers: {} },
      limits: { minGapHour: 1 },
    });
    expect(problemsOf({ config: typo }).map(({ field, remedy }) => `${field}: ${remedy}`)).toEqual([
      'sources.stripe.bytesmax: Did you mean "bytesMax"?',
      'sources.stripe.ladders.fialed: Did you mean "failed"?',
      'mail.reply_to: Did you mean "replyTo"?',
      'sorces: Did you mean "sources"?',
      'calendar.customers: Did you mean "customer"?',
      'limits.minGapHour: Did you mean "minGapHours"?',
    ]);
  });

  it('of ladders, templates and placeholders are problems of their own field', () => {
    expect(fieldsOf(withSource({ ladders: { failed: 'payment-faild' } }))).toEqual([
      'sources.stripe.ladders.failed',
    ]);
    expect(fieldsOf(withSource({ ladders: { alert: { critical: 'nope' } } }))).toEqual([
      'sources.stripe.ladders.alert.critical',
    ]);
    expect(fieldsOf(withSource({ templates: { 'reminder-9': { subject: 'Hi' } } }))).toEqual([
      'sources.stripe.templates.reminder-9',
    ]);
    const [placeholder] = problemsOf(
      withSource({ templates: { 'reminder-1': { text: 'Pay {amout} at {payUrl}' } } }),
    );
    expect(placeholder?.remedy).toContain('{amout}');
    expect(placeholder?.remedy).toContain('{amount}');
  });

  it('of templates do not help a text that is blank or a book: a mail must say something', () => {
    const withText = (text: string) =>
      fieldsOf(withSource({ templates: { 'reminder-1': { text } } }));
    for (const text of ['', ' \n ', 'x'.repeat(20_001)]) {
      expect(withText(text)).toEqual(['sources.stripe.templates.reminder-1.text']);
    }
    for (const text of ['x', 'Hello,\n\npay {amount}.', 'x'.repeat(20_000)]) {
      expect(withText(text)).toEqual([]);
    }
  });

  it('that are part of a URL keep to letters, digits and hyphens', () => {
    const named = (name: string) =>
      fieldsOf({ config: { ...config, sources: { [name]: stripe } } });
    expect(named('stripe-eu-2')).toEqual([]);
    expect(named('a'.repeat(41))).toEqual([]);
    for (const name of ['', '-a', 'Stripe', 'a/b', 'a b', 'a'.repeat(42), 'ä', '..']) {
      expect(named(name)).toHaveLength(1);
    }
  });
});

describe('ladders', () => {
  const withLadder = (ladder: unknown, over: object = {}) => ({
    config: untyped({ ...config, ladders: { patient: ladder }, ...over }),
  });

  it('that are unsound are refused with the step', () => {
    const steps = [{ id: 'a', after: '5 days', action: 'remind', template: 'reminder-1' }];
    expect(fieldsOf(withLadder({ ...LADDER, steps }))).toEqual([
      'ladders.patient.steps[0].after',
      'ladders.patient.steps',
    ]);
  });

  it('that are not even ladders are refused without a crash', () => {
    for (const ladder of [
      null,
      5,
      [],
      {},
      { ...LADDER, steps: 'none' },
      { ...LADDER, steps: [null] },
    ]) {
      expect(fieldsOf(withLadder(ladder)).length).toBeGreaterThan(0);
    }
    const noAction = { ...LADDER, steps: [{ id: 'a', after: '1d' }] };
    expect(fieldsOf(withLadder(noAction))).toEqual(['ladders.patient.steps[0].action']);
  });

  it('that are broken are not also called unknown by the source that uses them', () => {
    const sources = { stripe: { ...stripe, ladders: { failed: 'patient' } } };
    expect(fieldsOf(withLadder({ ...LADDER, steps: 5 }, { sources }))).toEqual([
      'ladders.patient.steps',
    ]);
  });

  it('go by the id they are listed under', () => {
    expect(fieldsOf(withLadder({ ...LADDER, id: 'other' }))).toEqual(['ladders.patient.id']);
  });

  it('count from what is known where they are used, and remind nobody of an alert', () => {
    const due = withSource({ ladders: { due: 'payment-failed', failed: 'invoice-due' } });
    expect(fieldsOf(due)).toEqual(['sources.stripe.ladders.failed', 'sources.stripe.ladders.due']);
    const alert = withSource({ ladders: { alert: { low: 'payment-failed' } } });
    expect(fieldsOf(alert)).toEqual(['sources.stripe.ladders.alert.low']);
  });

  it('do not escalate to a tier in which there is nobody', () => {
    const [problem, ...others] = problemsOf(withMail({ team: [['ops@acme.test']] }));
    expect(others).toEqual([]);
    expect(problem?.field).toBe('mail.team[1]');
    expect(problem?.problem).toContain('payment-failed');
    expect(fieldsOf(withMail({ team: [] }))).toEqual(['mail.team']);
    expect(fieldsOf(withMail({ team: [[], ['a@acme.test']] }))).toEqual(['mail.team[0]']);
  });
});

describe('calendars', () => {
  const withCalendar = (customer: object) => ({
    config: untyped({ ...config, calendar: { customer } }),
  });

  it('need zones, times and days that exist', () => {
    const [zone] = problemsOf(withCalendar({ zone: 'Europe/Berln' }));
    expect(zone).toMatchObject({
      field: 'calendar.customer.zone',
      remedy: 'Did you mean "Europe/Berlin"?',
    });
    expect(fieldsOf(withCalendar({ quietHours: { from: '20:00', to: '24:00' } }))).toEqual([
      'calendar.customer.quietHours.to',
    ]);
    expect(fieldsOf(withCalendar({ quietHours: { from: '20:00', to: '20:00' } }))).toEqual([
      'calendar.customer.quietHours',
    ]);
    expect(fieldsOf(withCalendar({ quietHours: { from: '20:00' } }))).toEqual([
      'calendar.customer.quietHours.to',
    ]);
    expect(fieldsOf(withCalendar({ holidays: ['2026-12-25', '2026-02-30'] }))).toEqual([
      'calendar.customer.holidays[1]',
    ]);
    expect(fieldsOf(withCalendar({ businessDays: [0, 1, 8] }))).toEqual([
      'calendar.customer.businessDays[0]',
      'calendar.customer.businessDays[2]',
    ]);
  });

  it('must open: no business day at all, or a year of holidays, is refused', () => {
    expect(fieldsOf(withCalendar({ businessDays: [] }))).toEqual([
      'calendar.customer.businessDays',
    ]);
    const holidays = Array.from({ length: 400 }, (_, n) =>
      new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10),
    );
    expect(fieldsOf(withCalendar({ holidays }))).toEqual(['calendar.customer.holidays']);
  });
});

describe('bounds and places', () => {
  it('of a body lie between a kilobyte and 32 MiB', () => {
    expect(fieldsOf(withSource({ bytesMax: 1024 }))).toEqual([]);
    expect(fieldsOf(withSource({ bytesMax: 32 * 1024 * 1024 }))).toEqual([]);
    for (const bytesMax of [1023, 32 * 1024 * 1024 + 1, 2048.5, Number.NaN, '1mb', null]) {
      expect(fieldsOf(withSource({ bytesMax }))).toEqual(['sources.stripe.bytesMax']);
    }
  });

  it('of the database are a file or nothing', () => {
    for (const url of [undefined, '', 'file:/data/archive.db', 'file:archive.db']) {
      expect(fieldsOf(withEnv({ DATABASE_URL: url }))).toEqual([]);
    }
    for (const url of [
      'postgres://db/x',
      'postgresql://db/x',
      'mysql://db/x',
      'archive.db',
      'file:',
    ]) {
      expect(fieldsOf(withEnv({ DATABASE_URL: url }))).toEqual(['DATABASE_URL']);
    }
    const [postgres] = problemsOf(withEnv({ DATABASE_URL: 'postgres://db/x' }));
    expect(postgres?.problem).toContain('comes later');
  });

  it('of the gateway are a plain web address', () => {
    for (const publicUrl of [
      '',
      'hooks',
      'ftp://a.test',
      'https://u:p@a.test',
      'https://a.test?x',
    ]) {
      expect(fieldsOf({ publicUrl })).toEqual(['HOOKLINE_URL']);
    }
  });
});

describe('the team', () => {
  it('is refused at addresses of the documentation, and a tier 2 of one’s own is kept', () => {
    expect(fieldsOf(withMail({ team: [['a@example.com'], ['b@mail.example.org']] }))).toEqual([
      'mail.team[0]',
      'mail.team[1]',
    ]);
    expect(fieldsOf(withMail({ team: [['a@notexample.com'], ['b@acme.test']] }))).toEqual([]);
    expect(fieldsOf(withEnv({ HOOKLINE_TEAM_EMAIL: 'team@example.com' }))).toEqual([
      'HOOKLINE_TEAM_EMAIL',
    ]);
    const gateway = resolved(withEnv({ HOOKLINE_TEAM_EMAIL: 'me@acme.test' }));
    const tiers = gateway.sources.get('stripe')?.policy.tiers ?? [];
    expect(tiers.map((tier) => tier.map(({ address }) => address))).toEqual([
      ['me@acme.test'],
      ['lead@acme.test'],
    ]);
  });

  it('hears once, however often a person is listed, and in the team’s zone', () => {
    const team = [['Ada <ada@acme.test>', 'ADA@acme.test'], ['lead@acme.test']];
    const gateway = resolved({
      config: {
        ...config,
        mail: { ...config.mail, team },
        calendar: { team: { zone: 'Europe/Rome' } },
      },
    });
    expect(gateway.sources.get('stripe')?.policy.tiers[0]).toEqual([
      { address: 'ada@acme.test', name: 'Ada', locale: null, zone: 'Europe/Rome' },
    ]);
  });

  it('in the variable is a list of addresses and nothing else', () => {
    for (const text of [
      'ops',
      'ops@acme.test,',
      'a@acme.test;b@acme.test',
      'a@acme.test\nBcc: x@y.test',
    ]) {
      expect(fieldsOf(withEnv({ HOOKLINE_TEAM_EMAIL: text }))).toEqual(['HOOKLINE_TEAM_EMAIL']);
    }
    expect(fieldsOf(withEnv({ HOOKLINE_TEAM_EMAIL: ' ' }))).toEqual([]);
  });
});

describe('a mailbox', () => {
  it('is an address with or without a name', () => {
    expect(parseMailbox('a@acme.test')).toEqual({
      ok: true,
      value: { address: 'a@acme.test', name: null },
    });
    for (const text of ['Ada Byron <a@acme.test>', '"Ada Byron" <a@acme.test>']) {
      expect(parseMailbox(text)).toEqual({
        ok: true,
        value: { address: 'a@acme.test', name: 'Ada Byron' },
      });
    }
  });

  it('is not a list, a header, a quoted local part or an address in disguise', () => {
    const texts = ['', 'a', '@', 'a@', '@b.test', 'a@b.test,c@d.test', 'a@b.test\r\nBcc: c@d.test'];
    const more = ['a b@c.test', '"a b"@c.test', 'a@b..test', 'a@-b.test', 'A <a@b.test> x', '<>'];
    for (const text of [...texts, ...more, 'Ada\nByron <a@b.test>', 'boss@bank.test <a@b.test>']) {
      expect([text, parseMailbox(text).ok]).toEqual([text, false]);
    }
  });
});

describe('problems', () => {
  it('are all reported at once', () => {
    const broken = untyped({
      ...config,
      sources: {
        stripe: { provider: 'nope', secrets: ['UNSET'], bytesMax: 1 },
        'B!': { provider: 5 },
      },
      mail: { from: 'a\nb', team: [['x']] },
      calendar: { team: { zone: 'Moon' } },
    });
    const fields = fieldsOf({
      config: broken,
      env: { DATABASE_URL: 'mysql://x' },
      publicUrl: 'x',
    });
    expect(fields.toSorted()).toEqual(
      [
        'DATABASE_URL',
        'HOOKLINE_LINK_SECRET',
        'HOOKLINE_TOKEN',
        'HOOKLINE_URL',
        'calendar.team.zone',
        'mail.businessName',
        'mail.from',
        'mail.team[0][0]',
        'sources.stripe.bytesMax',
        'sources.stripe.provider',
        'sources.stripe.secrets[0]',
        'sources["B!"]',
        'sources["B!"].provider',
        'sources["B!"].secrets',
      ].toSorted(),
    );
  });

  it('read as field, problem and remedy', () => {
    expect(formatProblems([])).toBe('');
    const problems = problemsOf({
      ...withSource({ provider: 'stirpe' }),
      env: { ...env, STRIPE_WEBHOOK_SECRET: undefined },
    });
    expect(formatProblems(problems)).toMatchInlineSnapshot(`
      "The configuration has 2 problems, so nothing was started.

        sources.stripe.provider
          problem: There is no provider "stirpe".
          remedy:  Did you mean "stripe"?

        sources.stripe.secrets[0]
          problem: STRIPE_WEBHOOK_SECRET is not set.
          remedy:  Set STRIPE_WEBHOOK_SECRET to the signing secret, or remove the source: nothing is accepted unverified.

      "
    `);
  });

  it('are found in anything at all without a crash', () => {
    const anything = fc.anything({ withNullPrototype: true, withSparseArray: true });
    const names = fc.constantFrom('sources', 'mail', 'ladders', 'calendar', 'limits', 'paused');
    const inside = fc.constantFrom(
      'stripe',
      'team',
      'from',
      'patient',
      'customer',
      'secrets',
      'steps',
    );
    const law = fc.property(names, inside, anything, fc.boolean(), (name, within, value, deep) => {
      const old: unknown = Object.entries(config).find(([key]) => key === name)?.[1];
      const changed = deep && typeof old === 'object' ? { ...old, [within]: value } : value;
      const result = resolveGateway(inputOf({ config: untyped({ ...config, [name]: changed }) }));
      if (result.ok) expect(result.value.sources.get('stripe')?.secrets).toHaveLength(1);
      else expect(result.failure.length).toBeGreaterThan(0);
    });
    holds('a config of anything at all', law);
  });

  it('of a file that holds no config at all are one problem', () => {
    for (const value of [null, undefined, 5, 'x', []]) {
      expect(fieldsOf({ config: untyped(value) })).toEqual(['gateway.config.ts']);
    }
    expect(fieldsOf({ config: { ...config, sources: {} } })).toEqual(['sources']);
  });

  it('include a source that a condition left undefined, which would be dropped in silence', () => {
    const sources = { stripe, github: undefined };
    expect(fieldsOf({ config: untyped({ ...config, sources }) })).toEqual(['sources.github']);
  });
});
