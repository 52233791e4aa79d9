import { defineProvider } from '../src/core/provider.ts';
import { stripeFacts } from './stripe-facts.ts';

/**
 * Stripe. A webhook endpoint and a Connect endpoint have secrets of their own: two sources. `v0` is
 * a signature of test tools and proves nothing. Stripe's SDK accepts any time in the future; we do not.
 */
export const stripe = defineProvider({
  id: 'stripe',
  name: 'Stripe',
  docs: 'https://docs.stripe.com/webhooks#verify-manually',
  checkedOn: '2026-11-24',
  confidence: 'T',
  secretHint: 'Dashboard, Developers, Webhooks, the endpoint, Signing secret: whsec_…',
  bytesMax: 1_048_576,
  verification: {
    scheme: 'hmac',
    hash: 'SHA-256',
    // The whole string, `whsec_` included, is the key: unlike Standard Webhooks it is not decoded.
    key: { form: 'text' },
    signature: {
      from: { from: 'header', names: ['stripe-signature'] },
      format: { kind: 'pairs', separator: ',', name: 'v1' },
      encoding: 'hex',
    },
    timestamp: { from: { from: 'signature', field: 't' }, unit: 's' },
    signs: ['timestamp', { literal: '.' }, 'body'],
    freshness: { kind: 'signed', toleranceSeconds: 300 },
  },
  event: {
    id: { parts: [{ from: 'body', paths: ['id'] }], ifMissing: 'quarantine' },
    type: [{ from: 'body', paths: ['type'] }],
    // Thin (v2) events write the same field as ISO 8601.
    time: [
      { from: { from: 'body', paths: ['created'] }, unit: 's' },
      { from: { from: 'body', paths: ['created'] }, unit: 'iso' },
    ],
    items: null,
    payload: { kind: 'json' },
  },
  handshake: null,
  facts: stripeFacts,
  keepHeaders: ['content-type', 'user-agent'],
  delivery: {
    ackWithinSeconds: 10,
    successStatus: 200,
    retries: 'up to 3 days with exponential backoff in live mode, 3 times in a sandbox',
    disables: 'an endpoint that has failed for several days, after an e-mail',
  },
});
