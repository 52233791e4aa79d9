/** What a person is told about a subject, through the real API over in-memory ports. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
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

  it('is the same for programs', async () => {
    const { code, out } = await hookline('payments', 'simulate', SUBJECT, '--json');
    expect([code, out]).toEqual([1, '']);
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

  it('is looked for below the current directory when nothing is said', async () => {
    const { err } = await cli(['issues'], { env: {}, cwd: '/srv/app' });
    expect(err).toContain('/srv/app/.hookline/secrets.json');
  });
});
