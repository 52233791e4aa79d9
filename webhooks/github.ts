import { defineProvider } from '../src/core/provider.ts';
import { githubFacts } from './github-facts.ts';

/**
 * GitHub signs the body and nothing else: not the delivery id, not the event name. The event key
 * therefore carries the body's digest, so that a replay under a new id cannot take another event's
 * place. The older `x-hub-signature` (SHA-1) is ignored: whoever could forge it must gain nothing.
 */
export const github = defineProvider({
  id: 'github',
  name: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  checkedOn: '2026-11-24',
  confidence: 'T',
  secretHint: 'Settings, Webhooks, Secret: the text typed there',
  bytesMax: 26_214_400,
  verification: {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: {
      from: { from: 'header', names: ['x-hub-signature-256'] },
      format: { kind: 'whole', prefix: 'sha256=' },
      encoding: 'hex',
    },
    signs: ['body'],
    freshness: {
      kind: 'unsigned',
      why: 'no time is signed or sent; a replay has the event key of the first and is a duplicate',
    },
  },
  event: {
    id: {
      parts: [{ from: 'header', names: ['x-github-delivery'] }],
      ifMissing: 'quarantine',
    },
    type: [
      { from: 'header', names: ['x-github-event'] },
      { from: 'body', paths: ['action'] },
    ],
    time: [],
    items: null,
    payload: { kind: 'json', formField: 'payload' },
  },
  handshake: null,
  facts: githubFacts,
  keepHeaders: [
    'content-type',
    'user-agent',
    'x-github-delivery',
    'x-github-event',
    'x-github-hook-id',
    'x-github-hook-installation-target-id',
    'x-github-hook-installation-target-type',
  ],
  delivery: {
    ackWithinSeconds: 10,
    successStatus: 200,
    retries: 'none: failed deliveries are redelivered by hand or through the API, for 3 days',
    disables: null,
  },
});
