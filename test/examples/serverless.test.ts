/** Serverless: the Lambda handlers on real event shapes and a real Restate server; the Worker's bundle. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import config from '../../examples/gateway.config.ts';
import {
  invokeGateway,
  lambdaEnvironment,
  serverless,
  signedFailure,
  volume,
} from '../../examples/serverless/invoke.ts';
import { FRONTS, lambdaEvent } from '../../examples/serverless/lambda-events.ts';
import { buildLambda } from '../../src/launch/lambda-parts.ts';
import {
  type ExampleServers,
  type Played,
  playOn,
  startExampleServers,
} from '../support/example.ts';

describe('two Lambda functions', () => {
  let servers: ExampleServers;
  let played: Played;
  let lambda: Awaited<ReturnType<typeof buildLambda>>;
  const disk = volume();
  beforeAll(async () => {
    // The functions log every delivery, as they should; here it would drown the results.
    for (const method of ['log', 'info', 'warn'] as const) {
      vi.spyOn(console, method).mockImplementation(() => undefined);
    }
    servers = await startExampleServers();
    played = await playOn(servers, serverless);
    lambda = await buildLambda(config, lambdaEnvironment(servers.given, disk.dir));
  }, 120_000);
  afterAll(async () => {
    vi.restoreAllMocks();
    await servers?.close();
    disk.remove();
  });

  it('take a delivery from each front, and follow it up', () => {
    expect(played.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(played.expectations).toHaveLength(FRONTS.length + 2);
  });

  const ways = FRONTS.flatMap((front) =>
    [true, false].flatMap((base64) =>
      // Only load balancers leave the choice; the REST API sends both, HTTP APIs send no lists.
      (front === 'load-balancer' ? [true, false] : [false]).map((multiValue) => ({
        front,
        base64,
        multiValue,
      })),
    ),
  );

  it.each(ways)(
    'accept what $front sends, base64 $base64, lists of headers $multiValue',
    async (way) => {
      const request = await signedFailure(`in_${way.front}${way.base64}${way.multiValue}`);
      expect(await invokeGateway(lambda, lambdaEvent(way.front, request, way))).toBe(200);
    },
  );

  it.each(ways)(
    'refuse one other byte from $front, base64 $base64, lists $multiValue',
    async (way) => {
      const request = await signedFailure('in_forged');
      const body = Uint8Array.from(request.body, (byte, index) => (index === 10 ? byte ^ 1 : byte));
      expect(await invokeGateway(lambda, lambdaEvent(way.front, { ...request, body }, way))).toBe(
        401,
      );
    },
  );

  it.each(
    FRONTS.flatMap((front) => ['0', '7', '999999999', 'many'].map((length) => ({ front, length }))),
  )('count the bytes themselves when $front says there are $length', async ({ front, length }) => {
    const { headers, ...request } = await signedFailure(`in_length${length}`);
    const lying = { ...request, headers: { ...headers, 'content-length': length } };
    expect(await invokeGateway(lambda, lambdaEvent(front, lying, { base64: true }))).toBe(200);
    expect(await invokeGateway(lambda, lambdaEvent(front, lying, { base64: false }))).toBe(200);
  });

  it.each(FRONTS)('refuse a body over the cap from %s, whatever it declares', async (front) => {
    const { headers, ...request } = await signedFailure('in_huge');
    const body = new Uint8Array(1024 * 1024 + 1).fill(0x20);
    const huge = { ...request, body, headers: { ...headers, 'content-length': '7' } };
    expect(await invokeGateway(lambda, lambdaEvent(front, huge, { base64: true }))).toBe(413);
  });

  it.each(FRONTS)('refuse an empty body from %s: nobody signed nothing', async (front) => {
    const request = { ...(await signedFailure('in_empty')), body: new Uint8Array(0) };
    expect(await invokeGateway(lambda, lambdaEvent(front, request, { base64: true }))).toBe(401);
  });

  it.each(FRONTS)('know no other address, from %s', async (front) => {
    const request = { ...(await signedFailure('in_nowhere')), path: '/webhooks/nobody' };
    expect(await invokeGateway(lambda, lambdaEvent(front, request, { base64: true }))).toBe(404);
  });
});

describe('a Lambda function that cannot do its work', () => {
  const servers = { restateIngressUrl: 'http://127.0.0.1:1', smtpUrl: 'smtp://127.0.0.1:1' };
  const disk = volume();
  afterAll(() => disk.remove());

  it.each(['STRIPE_WEBHOOK_SECRET', 'RESTATE_INGRESS_URL', 'SMTP_URL', 'DATABASE_URL'])(
    'does not come up without %s, and names it',
    async (name) => {
      const { [name]: _gone, ...env } = lambdaEnvironment(servers, disk.dir);
      await expect(buildLambda(config, env)).rejects.toThrow(name);
    },
  );

  it.each([
    'file:/tmp/archive.db',
    'file:///tmp/archive.db',
    'file:/var/../tmp/archive.db',
    '/mnt/a',
  ])('does not keep its archive at %s', async (url) => {
    const env = { ...lambdaEnvironment(servers, disk.dir), DATABASE_URL: url };
    await expect(buildLambda(config, env)).rejects.toThrow('DATABASE_URL');
  });
});

describe('the Worker', () => {
  it('bundles with wrangler, archive bound, ready to deploy', async () => {
    const out = mkdtempSync(join(tmpdir(), 'hookline-worker-'));
    try {
      const wrangler = join('node_modules', 'wrangler', 'bin', 'wrangler.js');
      const child = spawn(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', out], {
        env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
      const [code] = await once(child, 'close');
      expect(output).toMatch(/env\.ARCHIVE/);
      expect(code).toBe(0);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  }, 60_000);
});
