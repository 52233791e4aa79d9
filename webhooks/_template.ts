import { defineProvider } from '../src/core/provider.ts';

/**
 * Copy this file to `webhooks/<id>.ts` and say what is particular about the maker: what they do not
 * sign, where their own SDK is laxer than we are. Not listed in `index.ts`.
 */
export const template = defineProvider({
  id: 'template',
  name: 'Template',
  // The page this file was compared with, and the day. Older than a year: compare again.
  docs: 'https://example.com/docs/webhooks',
  checkedOn: '2026-11-24',
  // T: the maker's vectors pass. D: read in the maker's source. X: third party. K: from memory.
  confidence: 'K',
  // Read by a person whose secret was refused.
  secretHint: 'Settings, Webhooks, Signing secret',
  bytesMax: 1_048_576,
  verification: {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: {
      from: { from: 'header', names: ['x-template-signature'] },
      format: { kind: 'whole', prefix: 'v0=' },
      encoding: 'hex',
    },
    timestamp: { from: { from: 'header', names: ['x-template-timestamp'] }, unit: 's' },
    signs: [{ literal: 'v0:' }, 'timestamp', { literal: ':' }, 'body'],
    // No signed time? Then `{ kind: 'unsigned', why: '…' }`: say what stops a replay instead.
    freshness: { kind: 'signed', toleranceSeconds: 300 },
  },
  event: {
    // Whether the id is inside the signed bytes is worked out from `signs`.
    id: { parts: [{ from: 'body', paths: ['id'] }], ifMissing: 'quarantine' },
    type: [{ from: 'body', paths: ['type'] }],
    time: [{ from: { from: 'body', paths: ['created_at'] }, unit: 'iso' }],
    items: null,
    payload: { kind: 'json' },
  },
  handshake: null,
  facts: null,
  keepHeaders: ['content-type', 'user-agent'],
  delivery: { ackWithinSeconds: 10, successStatus: 200, retries: 'not documented', disables: null },
});
