import { defineProvider } from '../src/core/provider.ts';

const ID = { from: 'header', names: ['webhook-id', 'svix-id'] } as const;
const TIME = { from: 'header', names: ['webhook-timestamp', 'svix-timestamp'] } as const;
const SIGNATURES = { from: 'header', names: ['webhook-signature', 'svix-signature'] } as const;
/** What both versions share: the id and the time are signed, and neither may hold a dot. */
const ENVELOPE = {
  id: ID,
  timestamp: { from: TIME, unit: 's' },
  signs: ['id', { literal: '.' }, 'timestamp', { literal: '.' }, 'body'],
  freshness: { kind: 'signed', toleranceSeconds: 300 },
} as const;
const LIST = {
  kind: 'fields',
  separator: ' ',
  fieldSeparator: ',',
  fields: ['version', 'signature'],
} as const;

/** Standard Webhooks, and Svix, which it grew out of and whose header names it also takes. */
export const standardWebhooks = defineProvider({
  id: 'standard-webhooks',
  name: 'Standard Webhooks',
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  checkedOn: '2026-11-24',
  confidence: 'T',
  secretHint: 'the sender shows it: whsec_… (shared secret) or whpk_… (their public key)',
  bytesMax: 1_048_576,
  verification: {
    scheme: 'any',
    alternatives: [
      {
        ...ENVELOPE,
        scheme: 'hmac',
        hash: 'SHA-256',
        key: {
          form: 'encoded',
          encoding: 'base64',
          prefix: 'whsec_',
          prefixOptional: true,
          // The specification says 24 to 64 bytes; Svix's own documented example has 18.
          bytesMin: 18,
          bytesMax: 64,
        },
        signature: {
          from: SIGNATURES,
          format: { ...LIST, where: { version: 'v1' } },
          encoding: 'base64',
        },
      },
      {
        ...ENVELOPE,
        scheme: 'asymmetric',
        algorithm: { name: 'Ed25519' },
        key: { form: 'raw', encoding: 'base64', prefix: 'whpk_' },
        signature: {
          from: SIGNATURES,
          format: { ...LIST, where: { version: 'v1a' } },
          encoding: 'base64',
        },
      },
    ],
  },
  event: {
    id: { parts: [ID], ifMissing: 'quarantine' },
    type: [{ from: 'body', paths: ['type', 'event_type', 'eventType'] }],
    time: [{ from: { from: 'body', paths: ['timestamp'] }, unit: 'iso' }],
    items: null,
    payload: { kind: 'json' },
  },
  handshake: null,
  facts: null,
  keepHeaders: ['content-type', 'user-agent', 'webhook-id', 'svix-id'],
  delivery: {
    ackWithinSeconds: 15,
    successStatus: 200,
    retries: 'over 75.6 hours as the specification suggests; each sender decides',
    disables: 'a sender may disable an endpoint that answers 410',
  },
});
