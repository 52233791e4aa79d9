import { describe, expect, it } from 'vitest';
import { plainEvents } from '../../src/cli/facts.ts';
import {
  buildEvent,
  type EventRequest,
  type SyntheticEvent,
} from '../../src/cli/fixtures/build-event.ts';
import { factsOf } from '../../src/core/fact-table.ts';
import { at, type Json, textAt } from '../../src/core/json.ts';
import { githubFacts } from '../../webhooks/github-facts.ts';
import { stripeFacts } from '../../webhooks/stripe-facts.ts';

const NOW = 1_767_225_600;

/** Mulberry32: small, seeded, good enough to draw ids. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function request(
  provider: EventRequest['provider'],
  type: string,
  more: Partial<EventRequest> = {},
) {
  return buildEvent({ provider, type, nowSeconds: NOW, random: seeded(1), set: {}, ...more });
}

function built(
  provider: EventRequest['provider'],
  type: string,
  more: Partial<EventRequest> = {},
): SyntheticEvent {
  const event = request(provider, type, more);
  if (!event.ok) throw new Error(JSON.stringify(event.failure));
  return event.value;
}

function body(event: SyntheticEvent): Json {
  const json: Json = JSON.parse(event.body);
  return json;
}

function factNames(provider: 'stripe' | 'github', event: SyntheticEvent) {
  const entry = { id: 'x', provider, headers: event.headers, body: event.body, expect: [] };
  const [identity] = plainEvents(entry);
  const table = provider === 'stripe' ? stripeFacts : githubFacts;
  const type = identity?.type ?? null;
  expect(type).toBe(event.type);
  const result = factsOf({
    table,
    event: { type, json: body(event) },
    options: { alertLabels: [] },
  });
  if (!result.ok) throw new Error(result.failure.detail);
  return result.value.map((fact) => fact.fact);
}

describe.each(['basil', 'acacia'] as const)('Stripe events in the %s shape', (apiShape) => {
  it.each([
    ['invoice.finalized', 'payment.due'],
    ['invoice.payment_failed', 'payment.failed'],
    ['invoice.payment_action_required', 'payment.action_required'],
    ['invoice.paid', 'payment.paid'],
    ['invoice.voided', 'payment.voided'],
    ['invoice.marked_uncollectible', 'payment.uncollectible'],
    ['invoice.overdue', 'payment.overdue'],
    ['invoice_payment.paid', 'payment.linked'],
    ['payment_intent.payment_failed', 'payment.failed'],
    ['payment_intent.succeeded', 'payment.paid'],
    ['payment_intent.canceled', 'payment.voided'],
    ['checkout.session.async_payment_failed', 'payment.failed'],
    ['checkout.session.async_payment_succeeded', 'payment.paid'],
    ['checkout.session.expired', 'payment.voided'],
    ['charge.succeeded', 'payment.paid'],
    ['charge.refunded', 'payment.refunded'],
    ['charge.dispute.created', 'payment.disputed'],
    ['charge.dispute.closed', 'payment.dispute_lost'],
  ])('%s says %s', (type, fact) => {
    expect(factNames('stripe', built('stripe', type, { apiShape }))).toEqual([fact]);
  });

  it('looks like what Stripe sends: envelope, two spaces, nothing live', () => {
    const event = built('stripe', 'invoice.payment_failed', { apiShape });
    expect(event.body).toMatch(/^\{\n {2}"id": "evt_[A-Za-z0-9]{20,}",\n {2}"object": "event",\n/);
    expect(event.body.length).toBeGreaterThan(3000);
    const json = body(event);
    expect(at(json, 'created')).toBe(NOW);
    expect(at(json, 'livemode')).toBe(false);
    expect(textAt(json, 'api_version')).toContain(apiShape);
    expect(at(json, 'data.object.next_payment_attempt')).toBe(NOW + 2 * 86_400);
    expect(event.id).toBe(textAt(json, 'id'));
  });
});

describe('the two shapes of an invoice', () => {
  it('names its payment before basil and not after', () => {
    const object = (apiShape: 'basil' | 'acacia') =>
      at(body(built('stripe', 'invoice.paid', { apiShape })), 'data.object') ?? null;
    expect(textAt(object('acacia'), 'payment_intent')).toMatch(/^pi_/);
    expect(at(object('basil'), 'payment_intent')).toBeUndefined();
    expect(textAt(object('basil'), 'parent.subscription_details.subscription')).toMatch(/^sub_/);
  });
});

describe('GitHub events', () => {
  it.each([
    ['dependabot_alert', 'dependabot_alert.created', ['alert.opened']],
    ['dependabot_alert.fixed', 'dependabot_alert.fixed', ['alert.closed']],
    ['dependabot_alert.dismissed', 'dependabot_alert.dismissed', ['alert.closed']],
    ['dependabot_alert.reopened', 'dependabot_alert.reopened', ['alert.opened']],
    ['secret_scanning_alert', 'secret_scanning_alert.created', ['alert.opened']],
    ['secret_scanning_alert.resolved', 'secret_scanning_alert.resolved', ['alert.closed']],
    ['code_scanning_alert', 'code_scanning_alert.created', ['alert.opened']],
    ['code_scanning_alert.fixed', 'code_scanning_alert.fixed', ['alert.closed']],
    ['workflow_run', 'workflow_run.completed', ['alert.opened']],
    ['pull_request', 'pull_request.review_requested', ['alert.opened']],
    ['pull_request.closed', 'pull_request.closed', ['alert.closed']],
    ['ping', 'ping', []],
  ])('%s becomes %s and says %s', (asked, type, facts) => {
    const event = built('github', asked);
    expect(event.type).toBe(type);
    expect(factNames('github', event)).toEqual(facts);
    expect(event.headers['x-github-event']).toBe(type.split('.')[0]);
    expect(event.headers['x-github-delivery']).toBe(event.id);
    expect(event.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('closes a failed run with a success of the same workflow', () => {
    const success = built('github', 'workflow_run', {
      set: { 'workflow_run.conclusion': 'success' },
    });
    expect(factNames('github', success)).toEqual(['alert.closed']);
  });
});

describe('Standard Webhooks events', () => {
  it('carries its id in the header the specification names', () => {
    const event = built('standard-webhooks', 'example.event');
    expect(event.headers['webhook-id']).toBe(event.id);
    expect(body(event)).toMatchObject({
      type: 'example.event',
      timestamp: '2026-01-01T00:00:00.000Z',
    });
  });
});

describe('arguments decide everything', () => {
  it('builds the same event from the same numbers, and another one from others', () => {
    const one = built('stripe', 'invoice.paid');
    expect(built('stripe', 'invoice.paid')).toEqual(one);
    expect(built('stripe', 'invoice.paid', { random: seeded(2) }).id).not.toBe(one.id);
  });

  it('bears a random source that says 1', () => {
    expect(built('stripe', 'invoice.paid', { random: () => 1 }).id).toMatch(/^evt_1z+$/);
  });
});

describe('setting values', () => {
  it('lets a later event hit the same invoice', () => {
    const set = { 'data.object.id': 'in_1Fixed0001' };
    const refs = ['invoice.payment_failed', 'invoice.paid'].map((type) =>
      textAt(body(built('stripe', type, { set })), 'data.object.id'),
    );
    expect(refs).toEqual(['in_1Fixed0001', 'in_1Fixed0001']);
  });

  it.each([
    ['data.object.amount_due', '1200', 1200],
    ['data.object.customer_email', 'ada@example.com', 'ada@example.com'],
    ['data.object.due_date', 'null', null],
    ['data.object.metadata', '{"plan":"team"}', { plan: 'team' }],
    ['data.object.metadata.plan.name', 'team', 'team'],
    ['data.object.last_finalization_error.code', 'x', 'x'],
    ['data.object.lines.data.0.amount', '7', 7],
    ['id', 'evt_mine', 'evt_mine'],
  ])('sets %s to %s', (path, text, value) => {
    const event = built('stripe', 'invoice.payment_failed', { set: { [path]: text } });
    expect(at(body(event), path)).toEqual(value);
    if (path === 'id') expect(event.id).toBe('evt_mine');
  });

  it.each([
    'data.object.lines.data.1.amount',
    'data.object.lines.data.x',
    'data.object.lines.data.-1',
    '__proto__.polluted',
    'data.constructor.prototype.polluted',
    'data.object.currency.code',
    '',
    'data..object',
  ])('refuses the path "%s"', (path) => {
    const event = request('stripe', 'invoice.paid', { set: { [path]: '1' } });
    expect(event).toEqual({ ok: false, failure: { reason: 'bad_path', path } });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('unknown types', () => {
  it.each([
    ['stripe', 'invoice.eaten'],
    ['stripe', 'constructor'],
    ['github', 'dependabot_alert.eaten'],
    ['github', 'toString'],
    ['github', 'ping.created'],
    ['standard-webhooks', 'other.event'],
  ] as const)('names what it knows when %s is asked for %s', (provider, type) => {
    const event = request(provider, type);
    if (event.ok || event.failure.reason !== 'unknown_type') throw new Error('built');
    expect(event.failure.known.length).toBeGreaterThan(0);
    expect(event.failure.known).not.toContain(type);
    for (const known of event.failure.known) expect(request(provider, known).ok).toBe(true);
  });
});
