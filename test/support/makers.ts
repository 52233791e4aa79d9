/**
 * How some forty makers sign, in the vocabulary of `verification.ts` and without a line of code: the
 * proof that the catalogue can grow without changing the contract.
 */
import type { Encoding } from '../../src/core/bytes.ts';
import type { Hash } from '../../src/core/crypto.ts';
import type { ProviderDefinition } from '../../src/core/provider.ts';
import type {
  Freshness,
  HeaderName,
  SignatureFormat,
  TextSource,
  Verification,
} from '../../src/core/verification.ts';

const UNSIGNED: Freshness = { kind: 'unsigned', why: 'no time is signed' };
const header = (...names: HeaderName[]): TextSource => ({ from: 'header', names });
const field = (name: string): TextSource => ({ from: 'signature', field: name });
const literal = (text: string) => ({ literal: text });
const within = (toleranceSeconds: number): Freshness => ({ kind: 'signed', toleranceSeconds });
const FOREVER = within(1e12);

/** Family F1: a MAC over the body in one header. */
function overBody(
  names: HeaderName | readonly HeaderName[],
  encoding: Encoding,
  prefix = '',
  hash: Hash = 'SHA-256',
): Verification {
  const listed = typeof names === 'string' ? [names] : names;
  return {
    scheme: 'hmac',
    hash,
    key: { form: 'text' },
    signature: {
      from: { from: 'header', names: listed },
      format: { kind: 'whole', prefix },
      encoding,
    },
    signs: ['body'],
    freshness: UNSIGNED,
  };
}

/** Family F3: pairs with the time in them. */
function pairs(
  name: HeaderName,
  separator: ',' | ';',
  [timeName, signatureName]: readonly [string, string],
  between: string,
  unit: 's' | 'ms',
  freshness: Freshness,
  encoding: Encoding = 'hex',
): Verification {
  return {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: {
      from: header(name),
      format: { kind: 'pairs', separator, name: signatureName },
      encoding,
    },
    timestamp: { from: field(timeName), unit },
    signs: ['timestamp', literal(between), 'body'],
    freshness,
  };
}

const onlyPairs: SignatureFormat = { kind: 'pairs', separator: ',', name: 'v1' };
const standard = (key: 'decoded' | 'raw'): Verification => ({
  scheme: 'hmac',
  hash: 'SHA-256',
  key:
    key === 'raw'
      ? { form: 'text' }
      : { form: 'encoded', encoding: 'base64', prefix: 'whsec_', bytesMin: 16, bytesMax: 64 },
  signature: {
    from: header('webhook-signature', 'svix-signature'),
    format: {
      kind: 'fields',
      separator: ' ',
      fieldSeparator: ',',
      fields: ['version', 'signature'],
      where: { version: 'v1' },
    },
    encoding: 'base64',
  },
  id: header('webhook-id', 'svix-id'),
  timestamp: { from: header('webhook-timestamp', 'svix-timestamp'), unit: 's' },
  signs: ['id', literal('.'), 'timestamp', literal('.'), 'body'],
  freshness: within(300),
});

const ed25519 = (
  name: HeaderName,
  time: HeaderName,
  between: string,
  encoding: 'hex' | 'base64',
  freshness: Freshness,
): Verification => ({
  scheme: 'asymmetric',
  algorithm: { name: 'Ed25519' },
  key: { form: 'raw', encoding },
  signature: { from: header(name), format: { kind: 'whole' }, encoding },
  timestamp: { from: header(time), unit: 's' },
  signs: between === '' ? ['timestamp', 'body'] : ['timestamp', literal(between), 'body'],
  freshness,
});

const hubspotMark = (version: string) => [
  { text: header('x-hubspot-signature-version'), equals: [version] },
];

const VERIFICATIONS: Readonly<Record<string, Verification>> = {
  'modern-treasury': overBody('x-signature', 'hex'),
  'coinbase-commerce': overBody('x-cc-webhook-signature', 'hex'),
  onfido: overBody('x-sha2-signature', 'hex'),
  razorpay: overBody('x-razorpay-signature', 'hex'),
  gocardless: overBody('webhook-signature', 'hex'),
  line: overBody('x-line-signature', 'base64'),
  shopify: overBody(['x-shopify-hmac-sha256', 'shopify-hmac-sha256'], 'base64'),
  easypost: {
    ...overBody('x-hmac-signature', 'hex', 'hmac-sha256-hex='),
    key: { form: 'text', normalize: 'NFKD' },
  } as Verification, // `overBody` always returns an HMAC
  pusher: {
    ...overBody('x-pusher-signature', 'hex'),
    keyId: header('x-pusher-key'),
  } as Verification, // as above
  'worldline-connect': {
    ...overBody('x-gcs-signature', 'base64'),
    keyId: header('x-gcs-keyid'),
  } as Verification, // as above
  circleci: {
    ...overBody('circleci-signature', 'hex'),
    signature: { from: header('circleci-signature'), format: onlyPairs, encoding: 'hex' },
  } as Verification, // as above
  pagerduty: {
    ...overBody('x-pagerduty-signature', 'hex'),
    signature: { from: header('x-pagerduty-signature'), format: onlyPairs, encoding: 'hex' },
  } as Verification, // as above
  linear: {
    ...overBody('linear-signature', 'hex'),
    timestamp: { from: { from: 'body', paths: ['webhookTimestamp'] }, unit: 'ms' },
    freshness: within(60),
  } as Verification, // as above
  slack: {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: {
      from: header('x-slack-signature'),
      format: { kind: 'whole', prefix: 'v0=' },
      encoding: 'hex',
    },
    timestamp: { from: header('x-slack-request-timestamp'), unit: 's' },
    signs: [literal('v0:'), 'timestamp', literal(':'), 'body'],
    freshness: within(300),
  },
  paddle: pairs('paddle-signature', ';', ['ts', 'h1'], ':', 's', within(5)),
  sanity: pairs('sanity-webhook-signature', ',', ['t', 'v1'], '.', 'ms', FOREVER, 'base64url'),
  workos: pairs('workos-signature', ',', ['t', 'v1'], '.', 'ms', within(180)),
  box: {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: {
      from: header('box-signature-primary', 'box-signature-secondary'),
      format: { kind: 'whole' },
      encoding: 'base64',
    },
    timestamp: { from: header('box-delivery-timestamp'), unit: 'iso' },
    signs: ['body', 'timestamp'],
    freshness: within(600),
    requires: [
      { text: header('box-signature-version'), equals: ['1'] },
      { text: header('box-signature-algorithm'), equals: ['HmacSHA256'] },
    ],
  },
  square: {
    ...overBody('x-square-hmacsha256-signature', 'base64'),
    signs: ['url', 'body'],
  } as Verification, // as above
  hubspot: {
    scheme: 'any',
    alternatives: [
      {
        scheme: 'hmac',
        hash: 'SHA-256',
        key: { form: 'text' },
        signature: {
          from: header('x-hubspot-signature-v3'),
          format: { kind: 'whole' },
          encoding: 'base64',
        },
        timestamp: { from: header('x-hubspot-request-timestamp'), unit: 'ms' },
        signs: ['method', 'url', 'body', 'timestamp'],
        freshness: within(300),
      },
      {
        scheme: 'digest',
        hash: 'SHA-256',
        key: { form: 'text' },
        signature: {
          from: header('x-hubspot-signature'),
          format: { kind: 'whole' },
          encoding: 'hex',
        },
        signs: ['method', 'url', 'body'],
        freshness: UNSIGNED,
        requires: hubspotMark('v2'),
      },
      {
        scheme: 'digest',
        hash: 'SHA-256',
        key: { form: 'text' },
        signature: {
          from: header('x-hubspot-signature'),
          format: { kind: 'whole' },
          encoding: 'hex',
        },
        signs: ['body'],
        freshness: UNSIGNED,
        requires: hubspotMark('v1'),
      },
    ],
  },
  mercadopago: {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: { from: header('x-signature'), format: onlyPairs, encoding: 'hex' },
    timestamp: { from: field('ts'), unit: 'ms' },
    signs: [
      {
        optional: [
          literal('id:'),
          { text: { from: 'query', name: 'data.id', lowerCase: true } },
          literal(';'),
        ],
      },
      { optional: [literal('request-id:'), { text: header('x-request-id') }, literal(';')] },
      literal('ts:'),
      'timestamp',
      literal(';'),
    ],
    freshness: FOREVER,
  },
  mailgun: {
    scheme: 'hmac',
    hash: 'SHA-256',
    key: { form: 'text' },
    signature: {
      from: { from: 'body', paths: ['signature.signature'] },
      format: { kind: 'whole' },
      encoding: 'hex',
    },
    timestamp: { from: { from: 'body', paths: ['signature.timestamp'] }, unit: 's' },
    signs: ['timestamp', { text: { from: 'body', paths: ['signature.token'] } }],
    freshness: FOREVER,
  },
  braintree: {
    scheme: 'hmac',
    hash: 'SHA-1',
    key: { form: 'digest-of-text', hash: 'SHA-1' },
    signature: {
      from: { from: 'form', name: 'bt_signature' },
      format: {
        kind: 'fields',
        separator: '&',
        fieldSeparator: '|',
        fields: ['publicKey', 'signature'],
        where: {},
      },
      encoding: 'hex',
    },
    keyId: field('publicKey'),
    signs: [{ text: { from: 'form', name: 'bt_payload' } }],
    freshness: UNSIGNED,
  },
  discord: ed25519('x-signature-ed25519', 'x-signature-timestamp', '', 'hex', FOREVER),
  telnyx: ed25519('telnyx-signature-ed25519', 'telnyx-timestamp', '|', 'base64', within(300)),
  sendgrid: {
    scheme: 'asymmetric',
    algorithm: { name: 'ECDSA', curve: 'P-256', hash: 'SHA-256' },
    signatureForm: 'der',
    key: { form: 'spki', encoding: 'base64' },
    signature: {
      from: header('x-twilio-email-event-webhook-signature'),
      format: { kind: 'whole' },
      encoding: 'base64',
    },
    timestamp: { from: header('x-twilio-email-event-webhook-timestamp'), unit: 's' },
    signs: ['timestamp', 'body'],
    freshness: FOREVER,
  },
  openai: standard('decoded'),
  clerk: standard('decoded'),
  resend: standard('decoded'),
  anthropic: standard('decoded'),
  replicate: { ...standard('decoded'), freshness: FOREVER } as Verification, // `standard` always returns an HMAC
  polar: standard('raw'),
  messagebird: {
    scheme: 'jwt',
    token: header('messagebird-signature-jwt'),
    algorithms: ['HS256', 'HS384', 'HS512'],
    key: { kind: 'secret', form: { form: 'text' } },
    claims: [
      { claim: 'iss', equals: ['MessageBird'] },
      { claim: 'url_hash', digestOf: 'url', hash: 'SHA-256', encoding: 'hex' },
      {
        claim: 'payload_hash',
        digestOf: 'body',
        hash: 'SHA-256',
        encoding: 'hex',
        optionalWhenBodyEmpty: true,
      },
    ],
    requiredTimes: ['exp', 'nbf'],
    leewaySeconds: 1,
    freshness: UNSIGNED,
  },
  'upstash-qstash': {
    scheme: 'jwt',
    token: header('upstash-signature'),
    algorithms: ['HS256'],
    key: { kind: 'secret', form: { form: 'text' } },
    claims: [
      { claim: 'iss', equals: ['Upstash'] },
      { claim: 'sub', equalsUrl: true },
      { claim: 'body', digestOf: 'body', hash: 'SHA-256', encoding: 'base64url' },
    ],
    requiredTimes: ['exp', 'nbf'],
    leewaySeconds: 0,
    freshness: UNSIGNED,
  },
  wix: {
    scheme: 'jwt',
    token: { from: 'whole-body' },
    algorithms: ['RS256'],
    key: { kind: 'public', form: { form: 'pem' } },
    claims: [],
    requiredTimes: ['exp'],
    leewaySeconds: 0,
    freshness: UNSIGNED,
  },
};

/** A definition around a verification, for tests that look at nothing else. */
export function definitionOf(id: string, verification: Verification): ProviderDefinition {
  return {
    id,
    name: id,
    docs: 'https://example.com/',
    checkedOn: '2026-11-24',
    confidence: 'T',
    secretHint: 'in the test',
    bytesMax: 1_048_576,
    verification,
    event: {
      id: { parts: [{ from: 'body', paths: ['id'] }], ifMissing: 'quarantine' },
      type: [{ from: 'body', paths: ['type'] }],
      time: [],
      items: null,
      payload: { kind: 'json' },
    },
    handshake: null,
    facts: null,
    keepHeaders: [],
    delivery: { ackWithinSeconds: 10, successStatus: 200, retries: 'none', disables: null },
  };
}

export const makers: ReadonlyMap<string, ProviderDefinition> = new Map(
  Object.entries(VERIFICATIONS).map(([id, verification]) => [id, definitionOf(id, verification)]),
);
