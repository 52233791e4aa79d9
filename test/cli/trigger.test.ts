import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runBurst, summarize } from '../../src/cli/burst.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { secretOf, verifyDelivery } from '../../src/core/verify.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { providerById } from '../../webhooks/index.ts';
import { cli } from '../support/cli-world.ts';

const SECRETS = {
  STRIPE_WEBHOOK_SECRET: 'whsec_dGVzdCBzZWNyZXQgb2YgdGhlIHRyaWdnZXIgdGVzdA==',
  GITHUB_WEBHOOK_SECRET: 'secret-of-the-trigger-test',
  STANDARD_WEBHOOKS_SECRET: 'whsec_dGVzdCBzZWNyZXQgb2YgdGhlIHRyaWdnZXIgdGVzdA==',
};
const NOW_MS = Date.UTC(2026, 10, 24, 9);

interface Posted {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver that verifies as the gateway does and keeps what came. */
let server: Server;
let url = '';
let posted: Posted[] = [];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    posted.push(one);
    response.statusCode = (await isVerified(one)) ? 200 : 401;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  posted = [];
});

async function isVerified({ path, headers, body }: Posted): Promise<boolean> {
  const source = path.split('/').at(-1) ?? '';
  const provider = providerById(source === 'standard' ? 'standard-webhooks' : source);
  if (provider === null) return false;
  const variable = { stripe: 'STRIPE_WEBHOOK_SECRET', github: 'GITHUB_WEBHOOK_SECRET' } as const;
  const secret =
    source === 'stripe' || source === 'github'
      ? SECRETS[variable[source]]
      : SECRETS.STANDARD_WEBHOOKS_SECRET;
  const crypto = createNodeCrypto();
  const outcome = await verifyDelivery({
    provider,
    request: {
      method: 'POST',
      url: `${url}${path}`,
      headers: new Headers(headers as Record<string, string>), // one value each: we sent them
      body: utf8(body),
    },
    secrets: [await secretOf(secret, crypto)],
    nowSeconds: NOW_MS / 1000,
    crypto,
  });
  return outcome.ok;
}

function trigger(...words: readonly string[]) {
  const env = { ...SECRETS, HOOKLINE_URL: url, HOOKLINE_DATA_DIR: '/nonexistent' };
  return cli(['trigger', ...words], { env });
}

describe('trigger', () => {
  it.each([
    ['stripe', 'invoice.payment_failed'],
    ['github', 'dependabot_alert'],
    ['standard', 'example.event'],
  ])('posts a %s event that its receiver verifies', async (source, type) => {
    expect(await trigger(source, type)).toMatchObject({ code: 0, err: '' });
    expect(posted.map(({ path }) => path)).toEqual([`/webhooks/${source}`]);
  });

  it('says which payment it was about and how to look at it', async () => {
    const { out } = await trigger('stripe', 'invoice.payment_failed', '--id', 'in_1ABC');
    expect(out).toContain('Subject: stripe/in_1ABC');
    expect(out).toContain('Next: hookline payments show stripe/in_1ABC');
  });

  it('makes a charge about the payment that --id names', async () => {
    const { out } = await trigger('stripe', 'charge.refunded', '--id', 'pi_1ABC');
    expect(out).toContain('stripe/pi_1ABC');
  });

  it('changes what --set names and leaves the rest', async () => {
    await trigger('stripe', 'invoice.payment_failed', '--set', 'data.object.amount_due=4200');
    const [one] = posted;
    expect(JSON.parse(one?.body ?? '')).toMatchObject({
      type: 'invoice.payment_failed',
      data: { object: { amount_due: 4200, object: 'invoice' } },
    });
  });

  it('takes the 401 it asked for as success, and any other answer as failure', async () => {
    const wrong = await trigger('stripe', 'invoice.paid', '--wrong-secret');
    expect(wrong).toMatchObject({ code: 0, out: expect.stringContaining('401') });
    expect((await trigger('stripe', 'invoice.paid', '--skew', '-10m')).out).toContain(
      'as expected',
    );
    expect((await trigger('stripe', 'invoice.paid', '--skew', '-5m')).code).toBe(0);
    const unknown = await trigger('stripe', 'invoice.paid', '--source', 'elsewhere');
    expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining('expected 200') });
  });

  it('repeats one event with --times, and draws a new payment for each with --count', async () => {
    await trigger('stripe', 'invoice.paid', '--times', '3');
    expect(new Set(posted.map(({ body }) => JSON.parse(body).id)).size).toBe(1);
    posted = [];
    const burst = await trigger(
      ...['stripe', 'invoice.paid', '--count', '20', '--rate', '500', '--seed', '1'],
    );
    expect(burst).toMatchObject({ code: 0, out: expect.stringContaining('200 x20') });
    const subjects = posted.map(({ body }) => JSON.parse(body).data.object.id);
    expect(new Set(subjects).size).toBe(20);
  });

  it('draws the same ids again for the same seed', async () => {
    for (const seed of ['7', '7', '8']) await trigger('github', 'workflow_run', '--seed', seed);
    const [first, again, other] = posted.map(({ body }) => body);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('prints one JSON document with --json', async () => {
    const { out } = await trigger('stripe', 'invoice.paid', '--id', 'in_1J', '--json');
    expect(JSON.parse(out)).toMatchObject({
      source: 'stripe',
      subject: 'stripe/in_1J',
      asExpected: true,
      answers: [{ status: 200 }],
    });
  });

  it('refuses to send unsigned: without a secret nothing is posted', async () => {
    const env = { HOOKLINE_URL: url, HOOKLINE_DATA_DIR: '/nonexistent' };
    const { code, err } = await cli(['trigger', 'stripe', 'invoice.paid'], { env });
    expect(code).toBe(1);
    expect(err).toContain('STRIPE_WEBHOOK_SECRET');
    expect(posted).toEqual([]);
  });
});

describe('a burst', () => {
  it('keeps its rate however slow the answers are', async () => {
    let nowMs = 0;
    const leftAt: number[] = [];
    const answers: (() => void)[] = [];
    const world = {
      monotonicMs: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
    };
    const burst = runBurst({
      count: 5,
      ratePerSecond: 10,
      onProgress: () => {},
      world,
      // Nothing is answered before the last one has left.
      shoot: (index) =>
        new Promise((resolve) => {
          leftAt.push(nowMs);
          answers.push(() => resolve({ status: 200, tookMs: 1 }));
          if (index === 4) for (const answer of answers) answer();
        }),
    });
    expect((await burst).byStatus).toEqual({ 200: 5 });
    expect(leftAt).toEqual([0, 100, 200, 300, 400]);
  });

  it('counts by status and names the slowest', () => {
    const shots = [1, 2, 3, 100].map((tookMs) => ({ status: tookMs > 3 ? 503 : 200, tookMs }));
    expect(summarize(shots, 2)).toMatchObject({
      sent: 4,
      byStatus: { 200: 3, 503: 1 },
      maxMs: 100,
    });
  });
});
