/** What the makers send, through a running gateway: Stripe's own signer, GitHub's own payloads. */
import { expect, it } from 'vitest';
import { flagNamesOf } from '../support/edge-ports.ts';
import {
  type Delivery,
  failedInvoice,
  githubDelivery,
  SECRETS,
  secretOf,
  uniqueId,
  untrackedEvent,
} from '../support/gateway.ts';
import { deliveryByStripe, githubExample } from '../support/maker-deliveries.ts';
import type { GatewayUnderTest } from './gateway.ts';

type Post = (source: string, delivery: Delivery) => Promise<Response>;

export function testMakers(gateway: () => GatewayUnderTest, post: Post): void {
  testStripe(gateway, post);
  testGithub(gateway, post);
}

function testStripe(gateway: () => GatewayUnderTest, post: Post): void {
  it('a delivery that Stripe signed: 200, the bytes kept, the fact sent', async () => {
    const [key, invoice] = [uniqueId('evt'), uniqueId('in')];
    const delivery = deliveryByStripe(failedInvoice(key, invoice));
    const response = await post('stripe', delivery);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      received: true,
      duplicate: false,
      events: [{ key, duplicate: false }],
    });
    const stored = await gateway().archiveView.find('stripe', key);
    expect(stored?.type).toBe('invoice.payment_failed');
    expect(stored?.subject).toBe(`stripe/${invoice}`);
    expect(Buffer.from(stored?.body ?? []).equals(delivery.body)).toBe(true);
    expect(await gateway().ingressView.eventKeys(`stripe/${invoice}`)).toEqual([key]);
  });

  it('what Stripe signed with either secret during a rotation, and records which matched', async () => {
    for (const secret of [SECRETS.stripe, SECRETS.stripeOld]) {
      const key = uniqueId('evt');
      const response = await post('stripe', deliveryByStripe(untrackedEvent(key), { secret }));
      expect(response.status).toBe(200);
      const stored = await gateway().archiveView.find('stripe', key);
      expect(stored?.secretId).toBe(secretOf(secret).id);
    }
  });

  it('near miss: what Stripe signed for another account, too long ago, or one space shorter: 401', async () => {
    const atSeconds = Math.floor(Date.now() / 1000) - 303;
    const body = untrackedEvent(uniqueId('evt'));
    const { headers } = deliveryByStripe(`${body} `);
    for (const delivery of [
      deliveryByStripe(body, { secret: SECRETS.europe }),
      deliveryByStripe(body, { atSeconds }),
      { headers, body: new TextEncoder().encode(body) },
    ]) {
      expect((await post('stripe', delivery)).status).toBe(401);
    }
    const near = deliveryByStripe(body, { atSeconds: atSeconds + 13 });
    expect((await post('stripe', near)).status).toBe(200);
  });
}

/** An event, its action, and the subject that hears of it. */
const TRACKED = [
  // The only recorded payload with letters beyond ASCII.
  ['dependabot_alert', 'created', 'github/wolfy1339/pika-pack/dependabot/20'],
  ['dependabot_alert', 'fixed', 'github/octocat/hello-world/dependabot/1'],
  ['code_scanning_alert', 'created', 'github/Codertocat/Hello-World/code-scanning/10'],
  [
    'repository_vulnerability_alert',
    'create',
    'github/Codertocat/Hello-World/vulnerability/91095730',
  ],
  ['pull_request', 'review_requested', 'github/Codertocat/Hello-World/pull/2/review/octocat'],
] as const;
const UNTRACKED = [
  ['push', 'push', null],
  ['ping', 'ping', null],
  ['issues.opened', 'issues', 'opened'],
] as const;

function testGithub(gateway: () => GatewayUnderTest, post: Post): void {
  const taken = async (event: string, action: string | null) => {
    const delivery = githubDelivery(githubExample(event, action), { event, id: uniqueId('guid') });
    const response = await post('github', delivery);
    expect(response.status).toBe(200);
    const { events } = (await response.json()) as { events: { key: string }[] };
    expect(events).toHaveLength(1);
    const key = events[0]?.key ?? '';
    const stored = await gateway().archiveView.find('github', key);
    expect(stored?.secretId).toBe(secretOf(SECRETS.github).id);
    expect(Buffer.from(stored?.body ?? []).equals(delivery.body)).toBe(true);
    return { key, stored };
  };

  it.each(TRACKED)('%s.%s as GitHub sends it: the fact sent to %s', async (...row) => {
    const [event, action, subject] = row;
    const { key, stored } = await taken(event, action);
    expect(stored).toMatchObject({ type: `${event}.${action}`, subject, flags: 0 });
    expect(await gateway().ingressView.eventKeys(subject)).toContain(key);
  });

  it.each(UNTRACKED)('%s as GitHub sends it: kept, nothing sent', async (...row) => {
    const [type, event, action] = row;
    const before = await gateway().ingressView.count();
    const { stored } = await taken(event, action);
    expect(stored).toMatchObject({ type, subject: null });
    expect(flagNamesOf(stored?.flags ?? 0)).toEqual(['untracked']);
    expect(await gateway().ingressView.count()).toBe(before);
  });

  it('near miss: what GitHub sends, one byte short: 401', async () => {
    const { headers, body } = githubDelivery(githubExample('push', null), { event: 'push' });
    expect((await post('github', { headers, body: body.slice(0, -1) })).status).toBe(401);
  });
}
