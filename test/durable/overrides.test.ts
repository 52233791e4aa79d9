/**
 * What a source says in the config, all the way to its effect: the config is resolved as at a start,
 * signed deliveries go in, and mails come out at a mail server.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineGateway } from '../../src/config.ts';
import type { Calendar } from '../../src/core/ladder.ts';
import { formatProblems, resolveGateway } from '../../src/resolve.ts';
import { providers } from '../../webhooks/index.ts';
import { failedInvoice, githubDelivery, SECRETS, stripeDelivery } from '../support/gateway.ts';
import { operatorOf } from './operator.ts';
import { eventually, inBothModes, type Stage, startStage } from './stage.ts';

const env = {
  STRIPE_SECRET: SECRETS.stripe,
  GITHUB_SECRET: SECRETS.github,
  HOOKLINE_TOKEN: '0123456789abcdef',
  HOOKLINE_LINK_SECRET: 'fedcba9876543210',
};
const always: Partial<Calendar> = {
  zone: 'UTC',
  quietHours: null,
  businessDays: [1, 2, 3, 4, 5, 6, 7],
};
const stripe = {
  provider: 'stripe',
  secrets: ['STRIPE_SECRET'],
  live: true,
  ladders: { failed: 'quick' },
} as const;
const github = {
  provider: 'github',
  secrets: ['GITHUB_SECRET'],
  ladders: { alert: { medium: 'at-once' } },
} as const;

/** `shop` and `pager` say everything themselves; `club` and `code` leave it to the gateway. */
const config = defineGateway({
  sources: {
    shop: {
      ...stripe,
      businessName: 'Kaffee & Kuchen',
      toleranceSeconds: 3600,
      excludedCustomers: ['Vip <VIP@example.com>'],
      templates: {
        'reminder-1': { subject: 'Bitte: {amount}', text: 'Hallo {customer},\n\nzahlen: {team}.' },
      },
    },
    club: stripe,
    asleep: { ...stripe, paused: true },
    pager: { ...github, alertLabels: ['Wake Us'] },
    code: github,
  },
  mail: {
    from: 'Acme <billing@acme.test>',
    replyTo: 'Help <help@acme.test>',
    businessName: 'Acme',
    locale: 'de-DE',
    team: [['team@acme.test'], ['lead@acme.test']],
  },
  calendar: { customer: always, team: always },
  ladders: {
    quick: {
      id: 'quick',
      version: 1,
      anchor: 'failure',
      steps: [
        { id: 'first', after: '1d', action: 'remind', template: 'reminder-1' },
        { id: 'close', after: '90d', action: 'close' },
      ],
    },
    'at-once': {
      id: 'at-once',
      version: 1,
      anchor: 'failure',
      steps: [
        { id: 'escalation', after: '0m', action: 'escalate', template: 'escalation', tier: 1 },
        { id: 'close', after: '90d', action: 'close' },
      ],
    },
  },
});

function resolved() {
  const gateway = resolveGateway({
    config,
    env,
    providers,
    liveByDefault: false,
    mailStaysHere: false,
    sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
    publicUrl: 'https://hooks.acme.test',
  });
  if (!gateway.ok) throw new Error(formatProblems(gateway.failure));
  return gateway.value;
}

inBothModes('a source', (alwaysReplay) => {
  let stage: Stage;
  let operator: ReturnType<typeof operatorOf>;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay, gateway: resolved() });
    operator = operatorOf(stage);
  });
  afterAll(() => stage?.close());

  const post = (source: string, { headers, body }: ReturnType<typeof stripeDelivery>) =>
    operator.app.request(`/webhooks/${source}`, { method: 'POST', headers, body: body.slice() });
  const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;
  const failInvoice = (source: string, ref: string, email: string, ageSeconds = 0) =>
    post(source, invoiceDelivery(ref, email, secondsAgo(ageSeconds)));
  const onlyMail = (subject: string) =>
    eventually(() => {
      const [mail, ...more] = stage.mailsAbout(subject);
      expect(more).toEqual([]);
      if (mail === undefined) throw new Error(`no mail about ${subject}`);
      return mail;
    });
  const rulesOf = async (subject: string) =>
    (await stage.view(subject)).timeline.map(({ rule }) => rule);

  it.concurrent('has its own words and name in its mails, and another the usual ones', async () => {
    expect((await failInvoice('shop', 'in_words', 'ada@example.com')).status).toBe(200);
    expect((await failInvoice('club', 'in_words', 'bob@example.com')).status).toBe(200);
    const own = await onlyMail('shop/in_words');
    expect(own.envelope.to).toEqual(['ada@example.com']);
    expect(own.subject).toMatch(/^Bitte: 42,00\s€$/);
    expect(own.text).toMatch(/^Hallo Ada,\n\nzahlen: Kaffee & Kuchen\.\n/);
    expect(own.text).toContain('Kaffee & Kuchen sent this mail');
    expect(own.text).not.toContain('Acme');
    const usual = await onlyMail('club/in_words');
    expect(usual.subject).toMatch(/^Your payment of 42,00\s€ to Acme did not go through/);
    expect(usual.text).toContain('Acme sent this mail');
    expect(usual.text).not.toContain('Kuchen');
  });

  it.concurrent('sends as the gateway says: from, reply address and locale', async () => {
    await failInvoice('club', 'in_sender', 'carol@example.com');
    const mail = await onlyMail('club/in_sender');
    expect(mail.header('from')).toBe('Acme <billing@acme.test>');
    expect(mail.header('reply-to')).toBe('Help <help@acme.test>');
    expect(mail.text).toMatch(/42,00\s€/);
  });

  it.concurrent('that is paused writes to nobody, and says why', async () => {
    await failInvoice('asleep', 'in_paused', 'dan@example.com');
    await eventually(async () =>
      expect(await rulesOf('asleep/in_paused')).toContain('source_paused'),
    );
    expect(stage.mailsAbout('asleep/in_paused')).toEqual([]);
  });

  it.concurrent('leaves its excluded customers alone, and another source does not', async () => {
    await failInvoice('shop', 'in_vip', 'vip@example.com');
    await failInvoice('club', 'in_vip', 'vip@example.com');
    await eventually(async () =>
      expect(await rulesOf('shop/in_vip')).toContain('customer_excluded'),
    );
    expect((await onlyMail('club/in_vip')).envelope.to).toEqual(['vip@example.com']);
    expect(stage.mailsAbout('shop/in_vip')).toEqual([]);
  });

  it.concurrent('takes signatures as old as it says, and another as old as its maker says', async () => {
    // Stripe's own window is 300 s. Ten seconds to either side: a test may be slow.
    const ages = [290, 320, 3590, 3620];
    const statuses = (source: string) =>
      Promise.all(
        ages.map(async (age) => {
          const ref = `in_age_${age}`;
          return (await failInvoice(source, ref, 'eve@example.com', age)).status;
        }),
      );
    expect(await statuses('shop')).toEqual([200, 200, 200, 401]);
    expect(await statuses('club')).toEqual([200, 401, 401, 401]);
  });

  it.concurrent('takes its own labels for alerts, and another the usual ones', async () => {
    const label = async (source: string, number: number, name: string) => {
      const answer = await post(source, issueDelivery(number, name));
      expect(answer.status).toBe(200);
      return stage.deps.archive.find(source, (await answer.json()).events[0].key);
    };
    const subject = (source: string, number: number) => `${source}/acme/shop/issue/${number}`;
    expect((await label('pager', 1, 'wake us'))?.subject).toBe(subject('pager', 1));
    expect((await label('code', 2, 'wake us'))?.subject).toBeNull();
    expect((await label('pager', 3, 'incident'))?.subject).toBeNull();
    expect((await label('code', 4, 'incident'))?.subject).toBe(subject('code', 4));
    for (const known of [subject('pager', 1), subject('code', 4)])
      expect((await onlyMail(known)).envelope.to).toEqual(['team@acme.test']);
    for (const unknown of [subject('code', 2), subject('pager', 3)])
      expect(stage.mailsAbout(unknown)).toEqual([]);
  });
});

function invoiceDelivery(ref: string, email: string, atSeconds: number) {
  return stripeDelivery(failedInvoice(`evt_${ref}_${atSeconds}`, ref, {}, email), { atSeconds });
}

function issueDelivery(number: number, label: string) {
  const body = {
    action: 'labeled',
    label: { name: label },
    issue: {
      number,
      title: `Issue ${number}`,
      state: 'open',
      html_url: `https://github.com/acme/shop/issues/${number}`,
      labels: [{ name: label }],
      assignees: [],
      updated_at: new Date().toISOString(),
    },
    repository: { full_name: 'acme/shop', default_branch: 'main' },
  };
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return githubDelivery(JSON.stringify(body), { event: 'issues', id });
}
