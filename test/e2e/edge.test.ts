import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Addresses,
  eventually,
  hookline,
  type LaunchEnvironment,
  type Launched,
  launchEnvironment,
  launchScript,
  mailsTo,
} from '../support/launched.ts';

const ADA = 'ada@example.org';
const BOB = 'bob@example.org';

let dir = '';
let env: LaunchEnvironment = {};
let running: Launched;
let addresses: Addresses;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hookline-edge-'));
  env = await launchEnvironment(join(dir, 'data'));
  // Slower than on Node: workerd's local stack takes a second where Node takes milliseconds.
  running = launchScript('src/launch/dev-edge.ts', env, ['--time-scale', '43200']);
  addresses = await running.ready;
}, 240_000);

afterAll(async () => {
  running.signal('SIGTERM');
  await running.exited;
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

function failed(id: string, email: string) {
  return hookline(
    env,
    ...['trigger', 'stripe', 'invoice.payment_failed', '--id', id, '--times', '2'],
    ...['--set', `data.object.customer_email=${email}`],
  );
}

describe('npm run dev:edge', () => {
  it('serves gateway and objects from one Worker, and the same trigger leads to the same mails', async () => {
    // Who pays goes first: three days pass in six seconds.
    expect(failed('in_1BOB', BOB)).toMatchObject({ code: 0 });
    expect(hookline(env, 'trigger', 'stripe', 'invoice.paid', '--id', 'in_1BOB').code).toBe(0);
    expect(failed('in_1ADA', ADA)).toMatchObject({ code: 0 });
    await eventually(async () => (await mailsTo(addresses.mail, ADA)).length === 2, 120_000);
    await eventually(async () => {
      const team = await mailsTo(addresses.mail, 'team@example.com');
      return team.some(({ subject }) => subject.startsWith('Escal'));
    }, 120_000);
    const reminders = await mailsTo(addresses.mail, ADA);
    expect(reminders.map(({ subject }) => subject.split(' ')[0])).toEqual(['Your', 'Last']);
    expect(await mailsTo(addresses.mail, BOB)).toEqual([]);
    const view = JSON.parse(hookline(env, 'payments', 'show', 'stripe/in_1BOB', '--json').stdout);
    expect(view).toMatchObject({ status: 'paid', notices: [] });
  }, 300_000);

  it('refuses a delivery with a wrong secret there as well', () => {
    const refused = hookline(env, 'trigger', 'stripe', 'invoice.paid', '--wrong-secret', '--json');
    expect(JSON.parse(refused.stdout).answers).toMatchObject([{ status: 401 }]);
  }, 60_000);

  it('stops everything on SIGINT and exits 0', async () => {
    running.signal('SIGINT');
    expect(await running.exited).toBe(0);
    await expect(fetch(`${addresses.gateway}/healthz`)).rejects.toThrow();
  }, 60_000);
});
