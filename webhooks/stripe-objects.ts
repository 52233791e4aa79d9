/** Where the fields of a fact stand in each of Stripe's objects, before and after `basil`. */
import type { PaymentRule } from '../src/core/fact-table.ts';
import type { Amount } from '../src/core/fact-words.ts';
import { textAt } from '../src/core/json.ts';
import { ORDER_REFERENCE, STRIPE_EXPONENTS } from './stripe-words.ts';

/** A payment rule that lacks only what happened. */
export type Common = Omit<PaymentRule, 'fact'>;

/** The event's own time: an object's `created` is when it was made, not when it failed. */
const EVENT_TIME = { seconds: '$.created' } as const;

/**
 * The first of the paths that is there, in Stripe's smallest unit of the currency, which is not
 * everywhere ISO's: https://docs.stripe.com/currencies
 */
export function minor(...paths: string[]): Amount {
  return { minor: paths, exponents: STRIPE_EXPONENTS };
}

export const INVOICE: Common = {
  ref: 'id',
  // Before basil the invoice names its payment; after it only when `payments` was expanded.
  aliases: [
    'payment_intent',
    'charge',
    'payments.data.*.payment.payment_intent',
    'payments.data.*.payment.charge',
  ],
  amount: minor('amount_remaining', 'amount_due'),
  currency: 'currency',
  customer: {
    email: 'customer_email',
    name: 'customer_name',
    locale: ['customer.preferred_locales.0', 'customer_preferred_locales.0'],
    country: ['customer_address.country', 'customer_shipping.address.country'],
  },
  number: 'number',
  payUrl: 'hosted_invoice_url',
  attemptCount: 'attempt_count',
  nextAttemptAt: { seconds: 'next_payment_attempt' },
  dueAt: { seconds: 'due_date' },
  occurredAt: EVENT_TIME,
};

export const INTENT: Common = {
  ref: ['invoice', ORDER_REFERENCE, 'id'],
  own: 'id',
  aliases: ['id', 'latest_charge', 'charges.data.*.id'],
  amount: minor('amount'),
  currency: 'currency',
  customer: {
    email: [
      'receipt_email',
      'last_payment_error.payment_method.billing_details.email',
      'charges.data.0.billing_details.email',
    ],
    name: [
      'last_payment_error.payment_method.billing_details.name',
      'charges.data.0.billing_details.name',
      'shipping.name',
    ],
    country: [
      'last_payment_error.payment_method.billing_details.address.country',
      'charges.data.0.billing_details.address.country',
      'shipping.address.country',
    ],
  },
  // Vouchers and bank transfers: the page with what the customer still has to do.
  payUrl: [
    'next_action.boleto_display_details.hosted_voucher_url',
    'next_action.konbini_display_details.hosted_voucher_url',
    'next_action.multibanco_display_details.hosted_voucher_url',
    'next_action.oxxo_display_details.hosted_voucher_url',
    'next_action.display_bank_transfer_instructions.hosted_instructions_url',
    'next_action.verify_with_microdeposits.hosted_verification_url',
  ],
  occurredAt: EVENT_TIME,
};

export const SESSION: Common = {
  ref: ['invoice', 'payment_intent', 'id'],
  // The session's own id too: what was said while only the session was known must join.
  aliases: ['payment_intent', 'id'],
  amount: minor('amount_total'),
  currency: 'currency',
  customer: {
    email: ['customer_details.email', 'customer_email'],
    name: 'customer_details.name',
    locale: 'locale',
    country: 'customer_details.address.country',
  },
  payUrl: ['after_expiration.recovery.url', 'url'],
  occurredAt: EVENT_TIME,
};

export const CHARGE: Common = {
  ref: ['invoice', 'payment_intent', 'id'],
  own: 'id',
  aliases: ['payment_intent', 'id'],
  currency: 'currency',
  customer: {
    email: ['billing_details.email', 'receipt_email'],
    name: 'billing_details.name',
    country: 'billing_details.address.country',
  },
  occurredAt: EVENT_TIME,
};

export const DISPUTE: Common = {
  ref: ['payment_intent', 'charge'],
  aliases: ['charge', 'payment_intent'],
  dispute: 'id',
  amount: minor('amount'),
  currency: 'currency',
  reason: (scope) => textAt(scope.base, 'reason')?.replaceAll('_', ' ') ?? null,
  occurredAt: EVENT_TIME,
};

/** Ties a payment to its invoice; since `basil` the only sure way to know where it belongs. */
export const INVOICE_PAYMENT: Common = {
  ref: 'invoice',
  aliases: ['payment.payment_intent', 'payment.charge', 'payment.payment_record'],
  amount: minor('amount_paid', 'amount_requested'),
  currency: 'currency',
  occurredAt: EVENT_TIME,
};

/** A thin event: no object inside, only its id. */
export const THIN: Common = {
  ref: '$.related_object.id',
  occurredAt: { iso: '$.created' },
};
