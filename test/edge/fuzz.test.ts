/** T5: no header, body or path that a stranger can send makes the gateway throw or answer 5xx. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edgeUnderTest } from '../support/edge-app.ts';
import { SECRETS, stripeDelivery } from '../support/gateway.ts';
import { holdsAsync } from '../support/property.ts';

const RUNS = 2_000;

const REFUSALS = [401, 404, 405, 413, 415];
/** What a header may hold after the server has parsed it. */
const headerValue = fc
  .string({ unit: 'binary-ascii', maxLength: 300 })
  .map((text) => text.replace(/\p{Cc}/gu, '').trim());
const grammar = fc
  .array(
    fc.constantFrom(
      't=',
      'v1=',
      'v0=',
      ',',
      ' ',
      ';',
      '1',
      '1700000000',
      '1e18',
      '-1',
      'ab',
      'v1,',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join('').trim());
const headers = fc.dictionary(
  fc.constantFrom(
    'stripe-signature',
    'x-hub-signature-256',
    'x-github-event',
    'x-github-delivery',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'content-type',
    'content-length',
    'user-agent',
  ),
  fc.oneof(headerValue, grammar),
);

describe('whatever a stranger sends', () => {
  it('is refused with a 4xx of the table, and nothing is kept or sent', async () => {
    const edge = edgeUnderTest();
    const paths = fc.oneof(
      fc.constantFrom('stripe', 'github', 'standard', 'small', 'zipped'),
      fc.string({ maxLength: 20 }).map(encodeURIComponent).filter(Boolean),
      fc.webPath(),
    );
    await holdsAsync(
      'what a stranger sends',
      fc.asyncProperty(
        paths,
        headers,
        fc.uint8Array({ maxLength: 3000 }),
        async (path, h, body) => {
          const request = new Request(`http://localhost/webhooks/${path}`, {
            method: 'POST',
            headers: h,
            body: new Uint8Array(body),
          });
          const { status } = await edge.app.fetch(request);
          expect(REFUSALS).toContain(status);
        },
      ),
      RUNS,
    );
    expect(edge.archive.records.size).toBe(0);
    expect(edge.ingress.tries).toEqual([]);
    expect(edge.lines.some((line) => line.includes('"event":"bug"'))).toBe(false);
  });

  it('with a good signature is always acknowledged and always kept', async () => {
    const edge = edgeUnderTest();
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc
        .record({
          id: fc.anything(),
          type: fc.constantFrom('invoice.payment_failed', 'charge.refunded', 'invoice.paid', 'x'),
          created: fc.anything(),
          data: fc.record({ object: fc.object({ key: fc.constantFrom('id', 'object', 'x') }) }),
        })
        .map((event) => new TextEncoder().encode(JSON.stringify(event))),
    );
    await holdsAsync(
      'what a sender signs',
      fc.asyncProperty(bodies, async (body) => {
        const delivery = stripeDelivery(body, { secret: SECRETS.stripe });
        const response = await edge.app.request('/webhooks/stripe', {
          method: 'POST',
          headers: delivery.headers,
          body: new Uint8Array(body),
        });
        expect(response.status).toBe(200);
        const { events } = (await response.json()) as { events: { key: string }[] };
        for (const { key } of events)
          expect(edge.archive.records.has(`stripe\u0000${key}`)).toBe(true);
      }),
      RUNS,
    );
  });
});
