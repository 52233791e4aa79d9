/** What a person is told about a subject, through the real API over in-memory ports. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_DETAILS } from '../../src/core/follow-up/registers.ts';
import type { SubjectView } from '../../src/durable/contract.ts';
import { cli } from '../support/cli-world.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { viewOf } from '../support/edge-ports.ts';
import { OPERATOR_TOKEN } from '../support/gateway.ts';

const SUBJECT = 'stripe/in_1';
const ENV = { HOOKLINE_URL: 'http://gateway.test', HOOKLINE_TOKEN: OPERATOR_TOKEN };

let under: EdgeUnderTest;
beforeEach(() => {
  under = edgeUnderTest();
});

const hookline = (...argv: readonly string[]) =>
  cli(argv, { env: ENV, fetch: async (input, init) => under.app.request(input, init) });

function know(over: Partial<SubjectView>): void {
  under.ingress.views.set(SUBJECT, viewOf(SUBJECT, { known: true, ...over }));
}

describe('a subject that nothing is known of', () => {
  it.each([['show'], ['simulate']])('is one sentence and exit 1 for %s', async (verb) => {
    const { code, out, err } = await hookline('payments', verb, SUBJECT);
    expect(err).toContain(`Nothing is known of payment ${SUBJECT}`);
    expect(err).toContain('forgotten');
    expect(err).toContain('Type: hookline events list');
    expect([code, out]).toEqual([1, '']);
  });

  it.each([[['note', 'they called']], [['hold', '--reason', 'x']], [['release']]])(
    'takes no %j, and says where ids are listed',
    async ([verb = '', ...words]) => {
      under.ingress.operatorAnswer = { accepted: false, decision: 'x', rule: 'unknown_subject' };
      const { code, out, err } = await hookline('payments', verb, SUBJECT, ...words);
      expect(err).toContain(`Nothing is known of payment ${SUBJECT}`);
      expect(err).toContain('Type: hookline events list');
      expect([code, out]).toEqual([1, '']);
    },
  );

  it('of a source nobody configured says how sources are listed', async () => {
    const { code, err } = await hookline('payments', 'show', 'nobody/in_1');
    expect(err).toBe('There is no such source. Type: hookline sources list\n');
    expect(code).toBe(1);
  });

  it('is the same for programs, which read the answer as JSON', async () => {
    const { code, out, err } = await hookline('payments', 'simulate', SUBJECT, '--json');
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'unknown_subject' } });
    expect(err).toContain('Nothing is known of payment');
    expect(code).toBe(1);
  });
});

describe('a subject that is known', () => {
  it('without anything to follow up has no ladder, and says where to look', async () => {
    know({ status: 'paid' });
    const { code, out } = await hookline('payments', 'simulate', SUBJECT);
    expect(out).toBe(
      `Nothing asked for a follow-up of ${SUBJECT}, so no ladder runs. ` +
        `Type: hookline payments show ${SUBJECT}\n`,
    );
    expect(code).toBe(0);
  });

  it('that belongs to another says which, and what to type to see it', async () => {
    know({ status: 'joined', linkedTo: 'stripe/in_main' });
    const { code, out } = await hookline('payments', 'show', SUBJECT);
    expect(out).toContain('Belongs to stripe/in_main');
    expect(out).toContain('hookline payments show stripe/in_main');
    expect(code).toBe(0);
  });

  it('that belongs to another is simulated there', async () => {
    const main = 'stripe/in_main';
    know({ status: 'joined', linkedTo: main });
    under.ingress.views.set(main, viewOf(main, { known: true, status: 'failed' }));
    under.ingress.plans.set(main, { subject: main, ladder: 'failed', anchorAt: 0, steps: [] });
    const { code, out } = await hookline('payments', 'simulate', SUBJECT);
    expect(out).toContain(`${SUBJECT} belongs to ${main}.\n${main}  ladder failed, counted from`);
    expect(code).toBe(0);
  });
});

describe('an amount', () => {
  const amount = async (amountMinor: number, currency: string): Promise<string> => {
    const { details } = viewOf(SUBJECT, {});
    know({ status: 'failed', details: { ...EMPTY_DETAILS, ...details, amountMinor, currency } });
    const { out } = await hookline('payments', 'show', SUBJECT);
    return out.split('\n')[1] ?? '';
  };

  it.each([
    [4900, 'USD', '$49.00'],
    // Two decimals by ISO 4217, none by Intl's own table.
    [490_000, 'HUF', 'HUF\u00a04,900.00'],
    [Number.MAX_SAFE_INTEGER, 'USD', '$90,071,992,547,409.91'],
  ])('of %i %s reads %s, to the last digit', async (amountMinor, currency, text) => {
    expect(await amount(amountMinor, currency)).toBe(text);
  });

  it.each([0, -4900, 49.5])('of %d is nothing that is owed, so none is shown', async (minor) => {
    expect(await amount(minor, 'USD')).toBe('');
  });
});

describe('a hold', () => {
  it('without a reason is misuse, and the message can be typed', async () => {
    const { code, err } = await hookline('payments', 'hold', SUBJECT, '--until', '3d');
    expect(err).toContain(`hookline payments hold ${SUBJECT} --until 3d --reason "…"`);
    expect(code).toBe(2);
    expect(under.ingress.operated).toEqual([]);
  });

  it.each([
    ['payments', 'payments'],
    ['alerts', 'alerts'],
  ])('of %s without an end leaves --until out', async (noun) => {
    const { err } = await hookline(noun, 'hold', SUBJECT);
    expect(err).toContain(`hookline ${noun} hold ${SUBJECT} --reason "…"`);
  });
});

describe('a wish that is refused', () => {
  const wishes = [
    ['hold', SUBJECT, '--reason', 'x'],
    ['release', SUBJECT],
    ['acknowledge', SUBJECT],
    ['resolve', SUBJECT],
    ['reopen', SUBJECT],
    ['note', SUBJECT, 'they called'],
  ];
  beforeEach(() => {
    under.ingress.operatorAnswer = {
      accepted: false,
      decision: 'nothing was escalated yet',
      rule: 'not_escalated',
    };
  });

  it.each(wishes)(
    '(%s) with --json is one JSON document, and the sentence beside it',
    async (...w) => {
      const { code, out, err } = await hookline('payments', ...w, '--json');
      expect(JSON.parse(out)).toMatchObject({
        error: { code: 'not_accepted' },
        subject: SUBJECT,
        accepted: false,
        rule: 'not_escalated',
      });
      expect(err).toContain('nothing was escalated yet. Type: hookline payments show');
      expect(code).toBe(1);
    },
  );

  it.each(wishes)('(%s) without --json is the sentence alone', async (...words) => {
    const { code, out, err } = await hookline('payments', ...words);
    expect(err).toContain('nothing was escalated yet.');
    expect([code, out]).toEqual([1, '']);
  });

  it.each(['', 'Bad Gateway', '"text"'])(
    'by something before the gateway that answers %j, which is no JSON object, prints none',
    async (body) => {
      const { code, out, err } = await cli(['payments', 'release', SUBJECT, '--json'], {
        env: ENV,
        fetch: async () => new Response(body, { status: 502 }),
      });
      expect(err).toContain('The gateway answered 502');
      expect([code, out]).toEqual([1, '']);
    },
  );

  it('for want of the time of a hold says so in JSON as well', async () => {
    const { code, out } = await cli(
      ['payments', 'hold', SUBJECT, '--until', '3d', '--reason', 'x', '--json'],
      {
        env: { ...ENV, HOOKLINE_TOKEN: 'another' },
        fetch: async (input, init) => under.app.request(input, init),
      },
    );
    expect(JSON.parse(out)).toHaveProperty('error');
    expect(code).toBe(1);
  });
});

describe('a wish about an id that was joined', () => {
  const main = 'stripe/in_main';
  beforeEach(() => {
    under.ingress.operatorAnswer = {
      accepted: false,
      decision: `belongs to ${main}: act there`,
      rule: 'joined',
    };
    know({ status: 'joined', linkedTo: main });
    under.ingress.views.set(main, viewOf(main, { known: true, status: 'failed' }));
  });

  it.each([
    [['release', SUBJECT], `release ${main}`],
    [['acknowledge', SUBJECT, '--by', 'bob'], `acknowledge ${main} --by bob`],
    [
      ['hold', SUBJECT, '--until', '2099-12-01', '--reason', "it's late"],
      `hold ${main} --reason 'it'\\''s late' --until 2099-12-01`,
    ],
    [['resolve', SUBJECT, '--reason', '$(x)', '--json'], `resolve ${main} --reason '$(x)' --json`],
    [['note', SUBJECT, 'they', 'called'], `note ${main} they called`],
    [['note', SUBJECT, '--', '--by me'], `note ${main} -- '--by me'`],
  ])('%j says what to type there, and it is the same command', async (words, typed) => {
    const { code, err } = await hookline('payments', ...words);
    expect(err).toBe(`belongs to ${main}: act there. Type: hookline payments ${typed}\n`);
    expect(code).toBe(1);
  });

  it('that is refused for another reason says how to look at it', async () => {
    under.ingress.operatorAnswer = { accepted: false, decision: 'not on hold', rule: 'not_held' };
    const { err } = await hookline('payments', 'release', SUBJECT);
    expect(err).toBe(`not on hold. Type: hookline payments show ${SUBJECT}\n`);
  });
});

describe('a token or a secret that is missing', () => {
  it('names the file that was read, wherever HOOKLINE_DATA_DIR points', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hookline-cli-'));
    const env = { HOOKLINE_DATA_DIR: dir, HOOKLINE_URL: 'http://127.0.0.1:9' };
    const file = join(dir, 'secrets.json');
    for (const argv of [['issues'], ['trigger', 'stripe', 'invoice.paid']]) {
      const { code, err } = await cli(argv, { env });
      expect(err).toContain(`there is no ${file}`);
      expect(err).not.toContain('.hookline');
      expect(code).toBe(1);
    }
    writeFileSync(file, '{}');
    const { err } = await cli(['issues'], { env });
    expect(err).toContain(`${file} does not hold it`);
    rmSync(dir, { recursive: true });
  });

  it('may end in a line break, as a file does that it was read from', async () => {
    know({ status: 'paid' });
    const env = { ...ENV, HOOKLINE_TOKEN: `${OPERATOR_TOKEN}\n` };
    const ask: typeof fetch = async (input, init) => under.app.request(input, init);
    expect((await cli(['payments', 'show', SUBJECT], { env, fetch: ask })).code).toBe(0);
  });

  it('is looked for below the current directory when nothing is said', async () => {
    const { err } = await cli(['issues'], { env: {}, cwd: '/srv/app' });
    expect(err).toContain('/srv/app/.hookline/secrets.json');
  });
});
