/** `node examples/fan-out/run.ts`: one escalation to three people, joined on one timeline. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NoticeRecord } from '../../src/core/follow-up/types.ts';
import { type Example, runAsCommand, type Stage, seenWithin } from '../support/example.ts';
import type { Mail } from '../support/mails.ts';

export const SUBJECT = 'stripe/in_large';
export const PEOPLE = ['finance@acme.test', 'sales@acme.test', 'grace@acme.test'];
const DAY_WALL_MS = 500;

/** Sent, or given up on: nothing more will happen to it. */
function isOver({ outcome }: NoticeRecord): boolean {
  return outcome?.kind === 'sent' || outcome?.kind === 'failed';
}

async function play(stage: Stage): Promise<void> {
  const { hookline, say, expect } = stage;
  say('A payment of $25,000 fails. The limit is $10,000, so the team hears at once: three people.');
  const posted = await hookline.command(
    ...['trigger', 'stripe', 'invoice.payment_failed', '--id', 'in_large'],
    ...['--set', 'data.object.amount_remaining=2500000'],
    ...['--set', 'data.object.customer_email=ada@example.com'],
    ...['--set', 'data.object.next_payment_attempt=null'],
  );
  if (posted.code !== 0) throw new Error([...posted.lines, ...posted.remarks].join('\n'));

  const joined = await seenWithin(20_000, async () => {
    const view = await hookline.view(SUBJECT);
    return view?.timeline.some(({ rule }) => rule === 'joined_outcomes') ? view : null;
  });
  const notices = (joined?.notices ?? []).filter(({ step }) => step === 'escalation');
  for (const { to, outcome } of notices) {
    say(
      `  ${to.padEnd(20)} ${outcome?.kind}${outcome?.kind === 'failed' ? `: ${outcome.error}` : ''}`,
    );
  }
  expect(
    'fan-out: one notice for each of the three, each with an outcome of its own',
    notices.length === PEOPLE.length && notices.every(isOver),
    notices,
  );
  const mails = (await hookline.mails()).filter(({ step }) => step === 'escalation');
  const reached = notices.filter(({ outcome }) => outcome?.kind === 'sent');
  expect(
    'one mail for each person that was reached, addressed to nobody else',
    mails.length === reached.length && mails.every(({ to }) => to.length === 1),
    mails.map(({ to }) => to),
  );
  const lines = joined?.timeline.filter(({ rule }) => rule === 'joined_outcomes') ?? [];
  expect(
    'fan-in: one line on the timeline joins them, once the last outcome is in',
    lines[0]?.decision === `escalation reached ${reached.length} of ${PEOPLE.length}`,
    lines,
  );
  await takeOver(stage, mails);
}

async function takeOver({ hookline, say, expect }: Stage, mails: readonly Mail[]): Promise<void> {
  say(
    'Grace takes it over with the link in her mail. It was in three mails; one person is enough.',
  );
  const link = /http\S+\/ack\/\S+/.exec(
    mails.find(({ to }) => to.includes(PEOPLE[2] ?? ''))?.text ?? '',
  );
  const taken = await fetch(link?.[0] ?? hookline.gatewayUrl, { method: 'POST' });
  expect('her button is accepted', taken.status === 200, taken.status);
  const other = /http\S+\/ack\/\S+/.exec(
    mails.find(({ to }) => !to.includes(PEOPLE[2] ?? ''))?.text ?? '',
  );
  const second = await fetch(other?.[0] ?? hookline.gatewayUrl, { method: 'POST' });
  const page = await second.text();
  expect(
    'a colleague who is later is told that Grace has it',
    second.status === 409 && page.includes('grace@acme.test'),
    second.status,
  );
  const before = (await hookline.mails()).filter(({ to }) => to.includes('ceo@acme.test')).length;
  say('Three weeks pass.');
  await sleep(24 * DAY_WALL_MS);
  const after = (await hookline.mails()).filter(({ to }) => to.includes('ceo@acme.test')).length;
  expect('nobody pages the second tier', before === 0 && after === 0, { before, after });
}

export const fanOut: Example = {
  title: 'Fan-out and fan-in: several people, one escalation',
  config: 'examples/fan-out/gateway.config.ts',
  timeScale: 86_400_000 / DAY_WALL_MS,
  play,
};

if (import.meta.main) await runAsCommand(fanOut);
