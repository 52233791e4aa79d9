/** The gateway that edge tests run against: its sources, their secrets, and signed deliveries. */
import { createHash, createHmac } from 'node:crypto';
import { defaultLadders } from '../../src/core/default-ladders.ts';
import type { Secret } from '../../src/core/verification.ts';
import type { Gateway, ResolvedSource } from '../../src/gateway.ts';
import { providerById } from '../../webhooks/index.ts';
import { policy } from './follow-up.ts';

export const OPERATOR_TOKEN = 'operator-token-CANARY-0123456789';
export const LINK_SECRET = 'link-secret-CANARY-0123456789';
export const SECRETS = {
  stripe: 'whsec_stripe_CANARY_new',
  stripeOld: 'whsec_stripe_CANARY_old',
  europe: 'whsec_stripe_CANARY_europe',
  github: 'github_CANARY_secret',
  standard: `whsec_${Buffer.from('standard_CANARY_secret_of_32_bytes').toString('base64')}`,
} as const;

export function secretOf(value: string): Secret {
  const id = createHash('sha256').update(value).digest('hex').slice(0, 8);
  return { id, value, notBefore: null, notAfter: null };
}

export function sourceOf(
  id: string,
  providerId: string,
  secrets: readonly string[],
  over: Partial<ResolvedSource> = {},
): ResolvedSource {
  const provider = providerById(providerId);
  if (provider === null) throw new Error(`no provider ${providerId}`);
  return {
    id,
    provider,
    secrets: secrets.map(secretOf),
    bytesMax: provider.bytesMax,
    contentEncodings: [],
    toleranceSeconds: null,
    businessName: 'Acme',
    templates: {},
    alertLabels: [],
    policy: policy({ live: false }),
    ...over,
  };
}

/** `stripe` has two secrets (rotation), `small` takes 2000 bytes, `zipped` takes gzip as well. */
export function testGatewayConfig(over: Partial<Gateway> = {}): Gateway {
  const sources = [
    sourceOf('stripe', 'stripe', [SECRETS.stripe, SECRETS.stripeOld]),
    sourceOf('stripe-eu', 'stripe', [SECRETS.europe]),
    sourceOf('github', 'github', [SECRETS.github]),
    sourceOf('standard', 'standard-webhooks', [SECRETS.standard]),
    sourceOf('small', 'stripe', [SECRETS.stripe], { bytesMax: 2000 }),
    sourceOf('zipped', 'stripe', [SECRETS.stripe], {
      bytesMax: 20_000,
      contentEncodings: ['gzip'],
    }),
  ];
  return {
    sources: new Map(sources.map((source) => [source.id, source])),
    ladders: defaultLadders,
    mail: {
      from: 'Acme <billing@acme.example>',
      replyTo: null,
      businessName: 'Acme',
      locale: 'en',
    },
    remindersPerRecipientPerDay: 3,
    publicUrl: 'https://hooks.example.com',
    token: OPERATOR_TOKEN,
    linkSecret: LINK_SECRET,
    ...over,
  };
}

export interface Delivery {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === 'string' ? new TextEncoder().encode(body) : body;

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export interface StripeSigning {
  readonly secret?: string;
  readonly atSeconds?: number;
}

/** Signed with `node:crypto` alone, so that signer and verifier share no code. */
export function stripeDelivery(
  body: string | Uint8Array,
  { secret = SECRETS.stripe, atSeconds = nowSeconds() }: StripeSigning = {},
): Delivery {
  const bytes = bytesOf(body);
  const mac = createHmac('sha256', secret).update(`${atSeconds}.`).update(bytes).digest('hex');
  return {
    body: bytes,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': `t=${atSeconds},v1=${mac}`,
    },
  };
}

export function githubDelivery(
  body: string | Uint8Array,
  { event = 'ping', id = '72d3162e-cc78-11e3-81ab-4c9367dc0958', secret = SECRETS.github } = {},
): Delivery {
  const bytes = bytesOf(body);
  return {
    body: bytes,
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`,
    },
  };
}

export function standardDelivery(
  body: string | Uint8Array,
  { id, atSeconds = nowSeconds() }: { readonly id: string; readonly atSeconds?: number },
): Delivery {
  const bytes = bytesOf(body);
  const key = Buffer.from(SECRETS.standard.slice('whsec_'.length), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${atSeconds}.`).update(bytes);
  return {
    body: bytes,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(atSeconds),
      'webhook-signature': `v1,${mac.digest('base64')}`,
    },
  };
}

/** An invoice whose charge failed: one tracked fact about `stripe/in_…`. */
export function failedInvoice(
  eventId: string,
  invoiceId: string,
  over: object = {},
  customerEmail = 'body-CANARY@example.com',
): string {
  return JSON.stringify({
    id: eventId,
    object: 'event',
    api_version: '2025-09-30.clover',
    created: Math.floor(Date.now() / 1000),
    type: 'invoice.payment_failed',
    livemode: false,
    data: {
      object: {
        id: invoiceId,
        object: 'invoice',
        amount_due: 4200,
        amount_remaining: 4200,
        attempt_count: 1,
        collection_method: 'charge_automatically',
        currency: 'eur',
        customer_email: customerEmail,
        customer_name: 'Ada',
        status: 'open',
      },
    },
    ...over,
  });
}

/** An event nobody tracks. */
export function untrackedEvent(eventId: string): string {
  return JSON.stringify({ id: eventId, object: 'event', type: 'product.created', data: {} });
}

let counter = 0;
/** Unique over a run, so that suites may share one gateway. */
export function uniqueId(prefix: string): string {
  counter += 1;
  return `${prefix}_${counter}_${process.hrtime.bigint().toString(36)}`;
}
