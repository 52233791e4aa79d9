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
/** How many more deliveries are asked to come back. */
let busyTimes = 0;
/** What is answered to a delivery, `{}` for a gateway that says nothing about it. */
let answerOf: (delivery: Posted) => string = () => '{}';
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
    if (busyTimes > 0) {
      busyTimes -= 1;
      response.writeHead(503, { 'retry-after': '5' }).end('{}');
      return;
    }
    response.statusCode = (await isVerified(one)) ? 200 : 401;
    response.end(answerOf(one));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  posted = [];
  busyTimes = 0;
  answerOf = () => '{}';
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
    expect((await trigger('standard', 'example.event', '--skew', '-5m')).code).toBe(0);
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

  it('says of each repetition that the gateway had it already', async () => {
    answerOf = ({ body }) => {
      const duplicate = posted.filter((before) => before.body === body).length > 1;
      return JSON.stringify({ received: true, duplicate, events: [{ key: 'evt_1', duplicate }] });
    };
    const { out } = await trigger('stripe', 'invoice.paid', '--times', '3');
    const lines = out.split('\n').filter((line) => line.includes(': 200 in '));
    expect(lines.map((line) => line.endsWith(', duplicate'))).toEqual([false, true, true]);
  });

  it.each(['', 'OK', 'null', '{"duplicate":"true"}', '{"events":[{"duplicate":true}]}'])(
    'calls nothing a duplicate because of the answer %j',
    async (answer) => {
      answerOf = () => answer;
      const { code, out } = await trigger('stripe', 'invoice.paid', '--times', '2');
      expect(out).not.toContain('duplicate');
      expect(code).toBe(0);
    },
  );

  it('comes back after a 503 in a burst, as providers do, and says how often', async () => {
    busyTimes = 7;
    const waits: number[] = [];
    const env = { ...SECRETS, HOOKLINE_URL: url, HOOKLINE_DATA_DIR: '/nonexistent' };
    const words = ['trigger', 'stripe', 'invoice.paid', '--count', '20', '--rate', '10000'];
    // Nobody comes back before all have been there.
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
      while (ms >= 5_000 && posted.length < 20) await new Promise(setImmediate);
    };
    const { code, out } = await cli(words, { env, sleep });
    expect(out).toContain('200 x20 (7 came back after a 503)');
    expect(code).toBe(0);
    expect(posted).toHaveLength(27);
    const asked = waits.filter((ms) => ms >= 5_000);
    expect(asked).toHaveLength(7);
    expect(new Set(asked).size).toBeGreaterThan(1);
    expect(Math.max(...asked)).toBeLessThan(10_000);
  });

  it('gives up on a gateway that never has room, and shows its 503', async () => {
    busyTimes = Number.POSITIVE_INFINITY;
    const env = { ...SECRETS, HOOKLINE_URL: url, HOOKLINE_DATA_DIR: '/nonexistent' };
    const words = ['trigger', 'stripe', 'invoice.paid', '--count', '2'];
    const burst = await cli(words, { env, sleep: async () => {} });
    expect(burst).toMatchObject({ code: 1, out: expect.stringContaining('503 x2') });
    expect(posted).toHaveLength(8);
    posted = [];
    expect((await trigger('stripe', 'invoice.paid')).out).toContain('503 in');
    expect(posted).toHaveLength(1);
  });

  it('in a burst takes the 401 it asked for as success, and says why', async () => {
    const { code, out } = await trigger('stripe', 'invoice.paid', '--count', '2', '--wrong-secret');
    expect(out).toMatch(/401 x2\nAs expected: the signature is wrong\.\n$/);
    expect(code).toBe(0);
  });

  it('says once that nothing answers a burst', async () => {
    const env = {
      ...SECRETS,
      HOOKLINE_URL: 'http://127.0.0.1:9',
      HOOKLINE_DATA_DIR: '/nonexistent',
    };
    const { code, err } = await cli(['trigger', 'stripe', 'invoice.paid', '--count', '3'], { env });
    expect(err.match(/No gateway answers at/g)).toHaveLength(1);
    expect(code).toBe(1);
  });

  it.each([
    [['stripe', 'invoice.paid', '--rate', '5'], '--rate is for a burst: add --count N.'],
    [['github', 'workflow_run', '--shape', 'acacia'], '--shape is for Stripe events.'],
    [['stripe', 'invoice.paid', '--seed', '1.5'], '--seed is a whole number up to 4294967295.'],
    [['stripe', 'invoice.paid', '--seed', '4294967296'], '--seed is a whole number'],
    [['stripe', 'invoice.paid', '--count', '1e9'], '--count is a whole number up to 1000000.'],
    [['stripe', 'invoice.paid', '--count', '2', '--rate', '1e-9'], '--rate is from 0.001 to'],
    [['stripe', 'invoice.paid', '--count', '2', '--rate', '1e300'], '--rate is from 0.001 to'],
    [['stripe', 'invoice.paid', '--id', 'a', '--id', 'b'], '--id is given twice'],
    [['stripe', 'invoice.paid', '--id', ''], '--id needs a value'],
    [['stripe', 'invoice.paid', '--set', '__proto__=1'], '--set __proto__: there is nothing'],
    [['stripe', 'invoice.paid', '--set', 'a.constructor.b=1'], '--set a.constructor.b: there is'],
    [['stripe', 'invoice.paid', '--skew', '99999999999999d'], '--skew'],
    [['github', 'ping', '--skew', '-10m'], 'GitHub signs no time, so --skew would change nothing'],
    [['github', 'ping', '--skew', '-1s', '--count', '2'], 'GitHub signs no time'],
  ])('refuses %j, which would change nothing or not what was meant', async (words, sentence) => {
    const { code, err } = await trigger(...words);
    expect(err).toContain(sentence);
    expect([code, posted]).toEqual([2, []]);
  });

  it.each([
    [['stripe'], 'invoice.payment_failed, '],
    [['stripe', ''], 'charge.dispute.closed.'],
    [['github', '--times', '2'], 'dependabot_alert.created, '],
    [['standard'], 'Known: example.event.'],
  ])('of %j lists the types there are, also before anything was started', async (words, known) => {
    for (const env of [{ HOOKLINE_DATA_DIR: '/nonexistent' }, { ...SECRETS, HOOKLINE_URL: url }]) {
      const { code, err } = await cli(['trigger', ...words], { env });
      expect(err).toContain(`"trigger ${words[0]}" needs TYPE. Known: `);
      expect(err).toContain(known);
      expect([code, posted]).toEqual([2, []]);
    }
  });

  it('without a type of a source nobody knows speaks of the source', async () => {
    const { code, err } = await trigger('strip');
    expect(err).toContain('Did you mean stripe?');
    expect(err).not.toContain('TYPE');
    expect(code).toBe(2);
  });

  it('draws its randomness in blocks: a system call for each character slows a burst down', async () => {
    let calls = 0;
    const env = { ...SECRETS, HOOKLINE_URL: url, HOOKLINE_DATA_DIR: '/nonexistent' };
    const randomBytes = (count: number): Uint8Array => {
      calls += 1;
      return crypto.getRandomValues(new Uint8Array(count));
    };
    await cli(['trigger', 'stripe', 'invoice.paid', '--count', '10'], { env, randomBytes });
    expect(calls).toBeLessThanOrEqual(20);
    expect(new Set(posted.map(({ body }) => JSON.parse(body).id)).size).toBe(10);
  });

  it('draws the same ids again for the same seed', async () => {
    for (const seed of ['7', '7', '8']) await trigger('github', 'workflow_run', '--seed', seed);
    const [first, again, other] = posted.map(({ body }) => body);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('draws other ids for another type: a second event would be taken for the first one', async () => {
    await trigger('stripe', 'charge.refunded', '--seed', '7');
    await trigger('stripe', 'charge.dispute.created', '--seed', '7');
    const [first, other] = posted.map(({ body }) => JSON.parse(body).id);
    expect(other).not.toBe(first);
  });

  it.each([
    [['stripe', 'invoice.paid', '--set', 'type=customer.created'], 'Kept in the archive'],
    [['github', 'dependabot_alert', '--set', 'action=unheard_of'], 'Kept in the archive'],
    [['stripe', 'invoice.paid', '--set', 'id=null'], 'Set aside: .*no event id'],
    [['stripe', 'invoice.paid', '--set', 'data=1'], 'Set aside: id: the id of the subject'],
    [['stripe', 'invoice.paid', '--id', '..'], 'Set aside: id: '],
  ])('after %j says what the gateway makes of it', async (words, sentence) => {
    const { code, out } = await trigger(...words);
    expect(out).toMatch(new RegExp(sentence));
    expect(out).not.toContain('payments show');
    expect(out.includes('Type: hookline issues')).toBe(sentence.startsWith('Set aside'));
    expect(code).toBe(0);
  });

  it('with a secret nobody can sign with says which, and not what it is', async () => {
    const env = {
      STANDARD_WEBHOOKS_SECRET: 'hunter2 hunter3',
      HOOKLINE_URL: url,
      HOOKLINE_DATA_DIR: '/nonexistent',
    };
    const { code, err } = await cli(['trigger', 'standard', 'example.event'], { env });
    expect(err).toContain('STANDARD_WEBHOOKS_SECRET');
    expect(err).toContain('whsec_');
    expect(err).not.toContain('hunter');
    expect([code, posted]).toEqual([1, []]);
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
