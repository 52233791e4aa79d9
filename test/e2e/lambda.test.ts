import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { LambdaEvent } from 'hono/aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../../gateway.config.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { signDelivery } from '../../src/core/sign.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { buildLambda } from '../../src/launch/lambda-parts.ts';
import { stripe } from '../../webhooks/stripe.ts';
import { secretOf } from '../support/gateway.ts';
import { seriesIn } from '../support/metrics.ts';

const SECRET = 'whsec_dGVzdCBzZWNyZXQgb2YgdGhlIGxhbWJkYSB0ZXN0';
const BODY = JSON.stringify({ id: 'evt_1', object: 'event', type: 'customer.created', data: {} });

let dir = '';
let lambda: Awaited<ReturnType<typeof buildLambda>>;
beforeAll(async () => {
  // Not in /tmp, which the gateway refuses, wherever this checkout lies.
  dir = mkdtempSync('/var/tmp/hookline-lambda-');
  lambda = await buildLambda(config, environment());
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function environment() {
  return {
    STRIPE_WEBHOOK_SECRET: SECRET,
    GITHUB_WEBHOOK_SECRET: 'a-long-enough-github-secret',
    STANDARD_WEBHOOKS_SECRET: SECRET,
    HOOKLINE_TOKEN: 'operator-token-of-the-lambda-test',
    HOOKLINE_LINK_SECRET: 'link-secret-of-the-lambda-test',
    HOOKLINE_TEAM_EMAIL: 'ops@hookline.test',
    HOOKLINE_URL: 'https://hooks.hookline.test',
    RESTATE_INGRESS_URL: 'http://127.0.0.1:9',
    SMTP_URL: 'smtp://127.0.0.1:9',
    DATABASE_URL: `file:${join(dir, 'archive.db')}`,
  };
}

async function signed(body: string): Promise<Record<string, string>> {
  return signDelivery({
    provider: stripe,
    secret: SECRET,
    body: utf8(body),
    nowSeconds: Date.now() / 1000,
    id: 'evt_1',
    url: 'https://hooks.hookline.test/webhooks/stripe',
    crypto: createNodeCrypto(),
  });
}

const CONTEXT = {
  accountId: '123456789012',
  apiId: 'abcdefghij',
  domainName: 'hooks.hookline.test',
  domainPrefix: 'hooks',
  requestId: 'JKJaXmPLvHcESHA=',
  stage: '$default',
};

/** Payload format 2.0: HTTP APIs and function URLs. */
function eventV2(
  body: string,
  headers: Record<string, string>,
  base64: boolean,
  { method = 'POST', path = '/webhooks/stripe' } = {},
): LambdaEvent {
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'hooks.hookline.test', ...headers },
    requestContext: {
      ...CONTEXT,
      http: {
        method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
      routeKey: '$default',
      time: '24/Nov/2026:09:00:00 +0000',
      timeEpoch: 1_795_510_800_000,
    },
    body: base64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: base64,
  };
  return event as unknown as LambdaEvent; // the same shape; the two packages disagree about undefined only
}

/** Payload format 1.0: REST APIs. */
function eventV1(body: string, headers: Record<string, string>): LambdaEvent {
  const all = { Host: 'hooks.hookline.test', ...headers };
  return {
    resource: '/{proxy+}',
    path: '/webhooks/stripe',
    httpMethod: 'POST',
    headers: all,
    multiValueHeaders: Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, [value]]),
    ),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: 'webhooks/stripe' },
    stageVariables: null,
    requestContext: {
      ...CONTEXT,
      resourceId: '123456',
      resourcePath: '/{proxy+}',
      httpMethod: 'POST',
      path: '/webhooks/stripe',
      protocol: 'HTTP/1.1',
      identity: { sourceIp: '192.0.2.1', userAgent: 'Stripe/1.0' },
    },
    body,
    isBase64Encoded: false,
  } as unknown as LambdaEvent; // the identity fields that AWS sends as null are left out
}

describe('the gateway on Lambda', () => {
  it.each([
    ['2.0', false],
    ['2.0, base64', true],
  ])('takes a signed delivery in payload format %s', async (_, base64) => {
    const answer = await lambda.gateway(eventV2(BODY, await signed(BODY), base64));
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(JSON.parse(answer.body)).toMatchObject({ received: true });
  });

  it('takes it in payload format 1.0, and knows that it came before', async () => {
    const answer = await lambda.gateway(eventV1(BODY, await signed(BODY)));
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(JSON.parse(answer.body)).toMatchObject({ duplicate: true });
  });

  it('refuses a body that was changed by one byte', async () => {
    const answer = await lambda.gateway(
      eventV2(BODY.replace('evt_1', 'evt_2'), await signed(BODY), false),
    );
    expect(answer.statusCode).toBe(401);
  });

  it('answers 503 and not 2xx when Restate cannot take a tracked event', async () => {
    const body = JSON.stringify({
      ...JSON.parse(BODY),
      type: 'invoice.paid',
      data: { object: { id: 'in_1', object: 'invoice', currency: 'usd', amount_paid: 1 } },
    });
    const answer = await lambda.gateway(eventV2(body, await signed(body), false));
    expect(answer).toMatchObject({ statusCode: 503 });
  });
});

describe('/metrics on Lambda', () => {
  const scrape = eventV2('', {}, false, { method: 'GET', path: '/metrics' });
  const authorization = `Bearer ${environment().HOOKLINE_TOKEN}`;

  it('needs the operator token until HOOKLINE_METRICS_PUBLIC is yes', async () => {
    expect(await lambda.gateway(scrape)).toMatchObject({ statusCode: 401 });
    const open = await buildLambda(config, { ...environment(), HOOKLINE_METRICS_PUBLIC: 'yes' });
    const answer = await open.gateway(scrape);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('hookline_accepted_total');
  });

  it('counts which secret matched and how many records shared a commit', async () => {
    const scrapeAsOperator = eventV2('', { authorization }, false, {
      method: 'GET',
      path: '/metrics',
    });
    const counted = async () => seriesIn((await lambda.gateway(scrapeAsOperator)).body);
    const first = await counted();
    await lambda.gateway(eventV2(BODY, await signed(BODY), false));
    const last = await counted();
    const matched = `hookline_secret_matched_total{source="stripe",secret="${secretOf(SECRET).id}"}`;
    const records = 'hookline_archive_batch_size_sum';
    expect(last(matched) - first(matched)).toBe(1);
    expect(last(records) - first(records)).toBeGreaterThanOrEqual(1);
  });
});

describe('the objects on Lambda', () => {
  it('answer discovery with every object', async () => {
    const answer = await lambda.objects(
      {
        path: '/discover',
        httpMethod: 'GET',
        headers: { accept: 'application/vnd.restate.endpointmanifest.v4+json' },
        body: null,
        isBase64Encoded: false,
      },
      { awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd' },
    );
    expect(answer).toMatchObject({ statusCode: 200 });
    const manifest = Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8');
    const { services } = JSON.parse(manifest.toString('utf8'));
    const names = services.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['Payment', 'Alert', 'Recipient', 'Archivist']));
  });
});

describe('a Lambda that cannot work', () => {
  it('does not come up without a secret, and names every problem', async () => {
    const { STRIPE_WEBHOOK_SECRET: _, HOOKLINE_TOKEN: __, ...rest } = environment();
    const attempt = buildLambda(config, rest);
    await expect(attempt).rejects.toThrow('HOOKLINE_TOKEN');
    await expect(attempt).rejects.toThrow('STRIPE_WEBHOOK_SECRET');
    await expect(attempt).rejects.not.toThrow('GITHUB_WEBHOOK_SECRET');
  });

  it('refuses an archive on the disk that vanishes with its instance', async () => {
    const env = { ...environment(), DATABASE_URL: `file:${join(tmpdir(), 'a.db')}` };
    await expect(buildLambda(config, env)).rejects.toThrow('mounted volume');
  });
});
