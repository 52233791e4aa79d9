/**
 * The gateway in workerd as `wrangler.toml` deploys it, on a real D1 and a real restate-server, all
 * of it on loopback and gone afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestHarness, type TestHarness, unstable_readConfig } from 'wrangler';
import type { D1Binding } from '../../src/archive/d1.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import type { GatewayUnderTest } from '../suites/gateway.ts';
import { decode } from './archive-wire.ts';
import { LINK_SECRET, OPERATOR_TOKEN, SECRETS } from './gateway.ts';
import { countIn, ingressView } from './gateway-views.ts';
import { KEPT_PATH, type keptEvent } from './kept-event.ts';
import { freePorts, type RunningRestate, startRestate } from './restate.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/**
 * `public` is on the internet, has no identity key and shows its metrics; `bare` has no settings at
 * all.
 */
type WorkerName = 'gateway' | 'public' | 'bare';

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface GatewayInWorkerd extends GatewayUnderTest {
  /** Where the Worker `gateway` listens, without a slash at the end. */
  readonly origin: string;
  /** Its D1 is empty until then: it can take nothing. */
  migrate(): Promise<unknown>;
  /** Lines that the Workers have logged so far. */
  logs(): readonly string[];
  /** From another Worker; of the answer only status and body are kept. */
  fetchFrom(name: WorkerName, path: string, asked?: Asked): Promise<Response>;
}

export async function startGatewayInWorkerd(): Promise<GatewayInWorkerd> {
  const root = mkdtempSync(join(tmpdir(), 'hookline-gateway-worker-'));
  const restate = await startRestate();
  const [smtpPort = 0] = await freePorts(1);
  // Nobody listens there: no step of a ladder is due while the tests run.
  const variables = workerVariables(restate, `smtp://127.0.0.1:${smtpPort}`);
  const harness = createTestHarness({
    root,
    workers: [
      workerOf('gateway', { ...variables, HOOKLINE_ENDPOINT_IS_PRIVATE: 'yes' }),
      workerOf('public', { ...variables, HOOKLINE_METRICS_PUBLIC: 'yes' }),
      workerOf('bare', {}),
    ],
  });
  const close = async (): Promise<void> => {
    // Restate first: it would go on calling a Worker that is no more.
    await restate.stop();
    await harness.close();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const origin = (await harness.listen()).url.origin;
    await register(restate, origin);
    return {
      // Over its socket and by a plain `fetch`, so that paths and headers arrive as they are.
      fetch: (path, init) => fetch(`${origin}${path}`, init),
      fetchFrom: (name, path, asked) => inWorker(harness, name, path, asked),
      archiveView: await archiveView(harness, origin),
      migrate: () => harness.getWorker('hookline-test-gateway').applyD1Migrations('ARCHIVE'),
      ingressView: ingressView(restate),
      origin,
      logs: () => harness.getLogs().map(({ message }) => message),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is taken from `wrangler.toml`; wrangler's own type of it needs a package it does not bring. */
interface Deployed {
  readonly compatibility_date: string;
  readonly compatibility_flags: string[];
  readonly minify: boolean;
  readonly alias: Readonly<Record<string, string>>;
  readonly d1_databases: readonly { readonly binding: string; readonly migrations_dir: string }[];
}

/** Only name, variables and the entry differ from what is deployed. */
function workerOf(name: WorkerName, vars: Readonly<Record<string, string>>) {
  const deployed: Deployed = unstable_readConfig({ config: join(PROJECT, 'wrangler.toml') });
  const { compatibility_date, compatibility_flags, minify } = deployed;
  return {
    config: {
      name: `hookline-test-${name}`,
      main: join(PROJECT, name === 'bare' ? 'src/worker.ts' : 'test/support/gateway-worker.ts'),
      compatibility_date,
      compatibility_flags,
      minify,
      alias: Object.fromEntries(
        Object.entries(deployed.alias).map(([from, to]) => [from, resolve(PROJECT, to)]),
      ),
      d1_databases: deployed.d1_databases.map((database) => ({
        ...database,
        migrations_dir: resolve(PROJECT, database.migrations_dir),
      })),
      vars,
    },
  };
}

function workerVariables(restate: RunningRestate, smtpUrl: string): Record<string, string> {
  return {
    HOOKLINE_URL: 'https://hooks.example.com',
    HOOKLINE_TOKEN: OPERATOR_TOKEN,
    HOOKLINE_LINK_SECRET: LINK_SECRET,
    STRIPE_SECRET: SECRETS.stripe,
    STRIPE_SECRET_OLD: SECRETS.stripeOld,
    STRIPE_SECRET_EUROPE: SECRETS.europe,
    GITHUB_SECRET: SECRETS.github,
    STANDARD_SECRET: SECRETS.standard,
    RESTATE_INGRESS_URL: restate.ingressUrl,
    RESTATE_ADMIN_URL: restate.adminUrl,
    SMTP_URL: smtpUrl,
  };
}

async function register(restate: RunningRestate, origin: string): Promise<void> {
  const registered = await registerDeployment({
    adminUrl: restate.adminUrl,
    uri: `${origin}/restate`,
    force: true,
    useHttp11: true,
    fetch,
    deadlineMs: 20_000,
  });
  if (!registered.ok) throw new Error(JSON.stringify(registered.failure));
}

async function inWorker(harness: TestHarness, name: WorkerName, path: string, asked: Asked = {}) {
  const worker = harness.getWorker(`hookline-test-${name}`);
  const answer = await worker.fetch(`http://localhost${path}`, asked);
  // The dispatcher's own kind of `Response` stays in here.
  return new Response(await answer.arrayBuffer(), { status: answer.status });
}

/** Looks into the Worker's own D1: for bodies it asks the Worker, else wrangler's proxy of it. */
async function archiveView(
  harness: TestHarness,
  origin: string,
): Promise<GatewayUnderTest['archiveView']> {
  const { ARCHIVE } = await harness
    .getWorker<{ ARCHIVE: D1Binding }>('hookline-test-gateway')
    .getEnv();
  return {
    find: async (source, key) => {
      const response = await fetch(`${origin}${KEPT_PATH}?${new URLSearchParams({ source, key })}`);
      return decode(await response.arrayBuffer()) as Awaited<ReturnType<typeof keptEvent>>;
    },
    count: async () => {
      const [answer] = await ARCHIVE.batch([
        ARCHIVE.prepare('SELECT count(*) AS count FROM events'),
      ]);
      return countIn(answer?.results);
    },
  };
}
