import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandOf } from '../../src/launch/processes.ts';
import { secretOf } from '../support/gateway.ts';
import {
  type Addresses,
  eventually,
  hookline,
  type LaunchEnvironment,
  type Launched,
  launchEnvironment,
  launchInTerminal,
  launchScript,
  mailsTo,
} from '../support/launched.ts';
import { seriesIn } from '../support/metrics.ts';
import { queryRows } from '../support/restate.ts';

const START = 'src/node.ts';
const ADA = 'ada@example.org';
const TEAM = 'team@example.com';

let dir = '';
let env: LaunchEnvironment = {};
let running: Launched | null = null;
let addresses: Addresses;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hookline-e2e-'));
  const archive = join(dir, 'elsewhere.db');
  env = { ...(await launchEnvironment(join(dir, 'data'))), DATABASE_URL: `file:${archive}` };
}, 60_000);

afterAll(async () => {
  running?.signal('SIGTERM');
  await running?.exited;
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

async function start(argv: readonly string[] = []): Promise<void> {
  running = launchScript(START, env, argv);
  addresses = await running.ready;
}

/** Where the ports of this copy are listened on, as the kernel says. */
function listenedOn(ports: LaunchEnvironment): readonly string[] {
  const own = new Set(Object.values(ports).map(Number).filter(Number.isInteger));
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'));
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== '0A' || !own.has(Number.parseInt(port, 16))) return [];
      return [Buffer.from(address, 'hex').toReversed().join('.')];
    }),
  );
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function childPids(): readonly number[] {
  return ['restate.pid', 'maildev.pid'].map((name) =>
    Number(readFileSync(join(dir, 'data', name), 'utf8')),
  );
}

/** As the mail server got them, unfolded: the catcher's list shows these two in a shape of its own. */
async function headersOfMailTo(address: string): Promise<string> {
  const caught = await (await fetch(`${addresses.mail}/api/email`)).json();
  const mail = caught.find(({ envelope }: { envelope: { to: readonly { address: string }[] } }) =>
    envelope.to.some((one) => one.address === address),
  );
  const source = await fetch(`${addresses.mail}/api/email/${mail.id}/source`);
  const [headers = ''] = (await source.text()).replaceAll('\r\n', '\n').split('\n\n');
  return `\n${headers.replaceAll(/\n(?=[ \t])/g, '')}\n`;
}

interface Shown {
  readonly status: string;
  readonly followUp: { readonly escalatedAt: number | null };
  readonly timeline: readonly { readonly rule: string; readonly detail: string }[];
}

/** What `payments show --json` prints, for who asks again and again: a process each time takes longer. */
async function shown(subject: string): Promise<Shown> {
  return (await asOperator(`api/payments/${subject}`)).json();
}

function asOperator(path: string): Promise<Response> {
  const authorization = `Bearer ${secretsOnFile().HOOKLINE_TOKEN}`;
  return fetch(`${addresses.gateway}/${path}`, { headers: { authorization } });
}

function secretsOnFile() {
  return JSON.parse(readFileSync(join(dir, 'data', 'secrets.json'), 'utf8'));
}

/** What Restate still has to do, for whoever reads why it did not happen. */
async function unfinished(): Promise<string> {
  const sql =
    "SELECT target, status, retry_count, last_failure FROM sys_invocation WHERE status != 'completed'";
  return JSON.stringify(await queryRows(addresses.restateAdmin, sql), null, 1);
}

// One story: each step starts from what the one before it left behind, as a person's day does.
describe('npm start', () => {
  it('is ready when it says so, and an event posted right then is taken', async () => {
    running = launchInTerminal(['npm', 'start', '--', '--time-scale', '86400'], env);
    addresses = await running.ready;
    expect((await fetch(`${addresses.gateway}/readyz`)).status).toBe(200);
    const sent = hookline(
      env,
      ...['trigger', 'stripe', 'invoice.payment_failed', '--id', 'in_1ADA', '--times', '3'],
      ...['--set', `data.object.customer_email=${ADA}`],
    );
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toContain('hookline payments show stripe/in_1ADA');
  }, 120_000);

  it('prints where everything is, and the secrets that senders need', () => {
    const printed = running?.stdout() ?? '';
    const secrets = secretsOnFile();
    for (const name of ['stripe', 'github', 'standard']) {
      expect(printed).toContain(`POST ${addresses.gateway}/webhooks/${name}\n`);
      expect(addresses.webhooks[name]).toBe(`${addresses.gateway}/webhooks/${name}`);
    }
    const names = ['STRIPE_WEBHOOK_SECRET', 'GITHUB_WEBHOOK_SECRET', 'STANDARD_WEBHOOKS_SECRET'];
    for (const name of names) {
      expect(secrets[name]).toMatch(/.{32}/);
      expect(printed).toContain(`${name} ${secrets[name]}\n`);
    }
    expect(printed).toContain(`HOOKLINE_TOKEN ${secrets.HOOKLINE_TOKEN}\n`);
    for (const address of [addresses.mail, addresses.restateAdmin])
      expect(printed).toContain(address);
  });

  it('counts which secret matched and how many records shared a commit', async () => {
    const secrets = secretsOnFile();
    const counted = seriesIn(await (await asOperator('metrics')).text());
    const accepted = counted('hookline_accepted_total{source="stripe"}');
    const labels = `source="stripe",secret="${secretOf(secrets.STRIPE_WEBHOOK_SECRET).id}"`;
    expect(accepted).toBeGreaterThan(0);
    expect(counted(`hookline_secret_matched_total{${labels}}`)).toBe(accepted);
    // Whoever asks whether it is ready has something written as well.
    expect(counted('hookline_archive_batch_size_sum')).toBeGreaterThanOrEqual(accepted);
  });

  it('runs Restate with four partitions, and listens on this machine only', async () => {
    const metrics = await fetch(`http://127.0.0.1:${env['HOOKLINE_RESTATE_NODE_PORT']}/metrics`);
    const partitions = (await metrics.text()).matchAll(/partition="(\d+)"/g);
    const ids = new Set(Array.from(partitions, ([, id]) => id));
    expect(ids).toEqual(new Set(['0', '1', '2', '3']));
    expect(listenedOn(env)).toEqual(Array(7).fill('127.0.0.1'));
  });

  it('sends two reminders and one escalation, in order and once each', async () => {
    const escalations = async () =>
      (await mailsTo(addresses.mail, TEAM)).filter(({ subject }) => subject.startsWith('Escal'));
    await eventually(async () => (await escalations()).length > 0, 60_000);
    const reminders = await mailsTo(addresses.mail, ADA);
    expect(reminders.map(({ subject }) => subject.split(' ')[0])).toEqual(['Your', 'Last']);
    expect(await escalations()).toHaveLength(1);
    const shown = hookline(env, 'payments', 'show', 'stripe/in_1ADA', '--json');
    expect(shown.code).toBe(0);
    const view = JSON.parse(shown.stdout);
    expect(view).toMatchObject({ subject: 'stripe/in_1ADA', status: 'failed' });
    expect(view.timeline[0]).toMatchObject({ rule: 'opened' });
    expect(view.notices.map((notice: { template: string }) => notice.template).slice(0, 3)).toEqual(
      ['reminder-1', 'reminder-final', 'escalation'],
    );
  }, 120_000);

  it('writes no more to who pressed the unsubscribe button of their mail program', async () => {
    const headers = await headersOfMailTo(ADA);
    expect(headers).toContain('\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n');
    const link = /\nList-Unsubscribe: <([^<>,]+)>\n/.exec(headers)?.[1] ?? '';
    expect(link).toContain(`${addresses.gateway}/unsubscribe/`);
    // As RFC 8058 says: a form with this one field, no cookies, no page before it.
    const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
    expect((await fetch(link, { method: 'POST', body, redirect: 'error' })).status).toBe(200);
    const mails = (await mailsTo(addresses.mail, ADA)).length;
    const sent = hookline(
      env,
      ...['trigger', 'stripe', 'invoice.payment_failed', '--id', 'in_2ADA'],
      ...['--set', `data.object.customer_email=${ADA}`],
      // So much that the team hears at once: the next test need not wait for the escalation.
      ...['--set', 'data.object.amount_due=900000', '--set', 'data.object.amount_remaining=900000'],
    );
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const skipped = async () =>
      (await shown('stripe/in_2ADA')).timeline.filter(({ rule }) => rule === 'unsubscribed');
    await eventually(async () => (await skipped()).length > 0, 60_000);
    expect((await skipped())[0]).toMatchObject({ detail: 'reminder-1' });
    expect(await mailsTo(addresses.mail, ADA)).toHaveLength(mails);
  }, 120_000);

  it('takes the word of a person at the command line: acknowledge, then resolve', async () => {
    const at = (...argv: readonly string[]) => hookline(env, 'payments', ...argv);
    const followUp = () => JSON.parse(at('show', 'stripe/in_2ADA', '--json').stdout).followUp;
    await eventually(
      async () => (await shown('stripe/in_2ADA')).followUp.escalatedAt !== null,
      60_000,
    );
    const acknowledged = at('acknowledge', 'stripe/in_2ADA', '--by', 'grace');
    expect(acknowledged).toMatchObject({ code: 0, stderr: '' });
    expect(acknowledged.stdout).toMatch(/^stripe\/in_2ADA: .+ \[.+\]$/m);
    const paid = ['resolve', 'stripe/in_2ADA', '--by', 'grace', '--reason', 'paid by wire'];
    expect(at(...paid)).toMatchObject({ code: 0, stderr: '' });
    const acknowledgedBy = { acknowledged: { by: 'grace' } };
    expect(followUp()).toMatchObject({ ...acknowledgedBy, closedAt: expect.any(Number) });
    // A wish that has nothing to act on is refused, with what to type to see why.
    const again = at('acknowledge', 'stripe/in_2ADA');
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain('hookline payments show stripe/in_2ADA');
  }, 120_000);

  // Ctrl-C reaches npm, the gateway and whatever shares their group, all at the same moment.
  it('ends npm start on Ctrl-C, cleanly, with nothing left running', async () => {
    const children = childPids();
    expect(children.map((pid) => commandOf(pid) !== null)).toEqual([true, true]);
    running?.signal('SIGINT');
    // What npm's own shell makes of the signal is npm's; the gateway says how it ended itself.
    expect([0, 130, 'SIGINT']).toContain(await running?.exited);
    expect(running?.stderr()).toMatch(/\nStopping\. Press Ctrl-C again to force\.\nStopped\.\n$/);
    expect(children.map(commandOf)).toEqual([null, null]);
    expect(groupLives(running?.pid ?? 0)).toBe(false);
    const left = readdirSync(join(dir, 'data'));
    expect(left.filter((name) => /\.pid$|-wal$/.test(name))).toEqual([]);
  }, 120_000);

  it('finds its data, its secrets, its mails and its clock again at the second start', async () => {
    const secrets = readFileSync(join(dir, 'data', 'secrets.json'), 'utf8');
    await start();
    expect(readFileSync(join(dir, 'data', 'secrets.json'), 'utf8')).toBe(secrets);
    expect(running?.stderr()).toContain('still runs 86400 times faster');
    expect(hookline(env, 'payments', 'show', 'stripe/in_1ADA').code).toBe(0);
    expect(hookline(env, 'events', 'list').stdout).toContain('in_1ADA');
    // Where DATABASE_URL says, and nowhere else.
    expect(readdirSync(dir)).toContain('elsewhere.db');
    expect(readdirSync(join(dir, 'data')).filter((name) => name.endsWith('.db'))).toEqual([]);
    expect(await mailsTo(addresses.mail, ADA)).toHaveLength(2);
  }, 120_000);

  it('refuses a second copy on the same data, with a sentence that names the first', async () => {
    const second = launchScript(START, env);
    expect(await second.exited).toBe(1);
    expect(second.stderr()).toContain(`in use by another Hookline (process ${running?.pid})`);
    expect((await fetch(`${addresses.gateway}/healthz`)).status).toBe(200);
  }, 60_000);

  it('starts a killed Restate server again and goes on', async () => {
    const [restate = 0] = childPids();
    process.kill(restate, 'SIGKILL');
    await eventually(async () => running?.stderr().includes('is back') ?? false, 60_000);
    const sent = hookline(env, 'trigger', 'stripe', 'invoice.paid', '--id', 'in_1ADA');
    expect(sent).toMatchObject({ code: 0 });
    const view = () => shown('stripe/in_1ADA');
    await eventually(
      async () => (await view()).status === 'paid',
      30_000,
      async () => `${JSON.stringify(await view())}\n${await unfinished()}\n${running?.stderr()}`,
    );
  }, 120_000);

  it('clears away what a killed parent left behind, and starts', async () => {
    const orphans = childPids();
    running?.signal('SIGKILL');
    await running?.exited;
    expect(orphans.map((pid) => commandOf(pid) !== null)).toEqual([true, true]);
    await start();
    expect(orphans.map(commandOf)).toEqual([null, null]);
    expect(hookline(env, 'payments', 'show', 'stripe/in_1ADA').stdout).toContain('paid');
  }, 120_000);

  it('stops what it started on SIGTERM and exits 0', async () => {
    const pids = childPids();
    running?.signal('SIGTERM');
    expect(await running?.exited).toBe(0);
    expect(pids.map(commandOf)).toEqual([null, null]);
  }, 60_000);

  it('names a taken port and the variable that moves it, and leaves nothing behind', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const other = await launchEnvironment(join(dir, 'other'));
    const refused = launchScript(START, { ...other, HOOKLINE_MAIL_PORT: String(port) });
    expect(await refused.exited).toBe(1);
    expect(refused.stderr()).toContain(`Port ${port} is already in use`);
    expect(refused.stderr()).toContain('HOOKLINE_MAIL_PORT');
    expect(() => readFileSync(join(dir, 'other', 'restate.pid'))).toThrow();
    await new Promise((resolve) => holder.close(resolve));
  }, 60_000);

  it('prints every problem of the environment at once and starts nothing', async () => {
    const other = await launchEnvironment(join(dir, 'third'));
    const refused = launchScript(START, {
      ...other,
      STRIPE_WEBHOOK_SECRET: 'changeme',
      HOOKLINE_TOKEN: 'short',
    });
    expect(await refused.exited).toBe(1);
    expect(refused.stderr()).toContain('STRIPE_WEBHOOK_SECRET');
    expect(refused.stderr()).toContain('HOOKLINE_TOKEN');
    expect(refused.stdout()).not.toContain('ready');
  }, 60_000);
});
