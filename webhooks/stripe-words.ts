/** What several rules of the Stripe table share: currencies, decline codes, where an id stands. */
import type { Condition, TextWord } from '../src/core/fact-words.ts';
import type { Exponents } from '../src/core/money.ts';

/**
 * Where Stripe's smallest unit is not ISO's. ISK and UGX have no decimals any more but stay
 * two-decimal in the API (500 is 5 krónur); MGA has two in ISO and none at Stripe. HUF and TWD are
 * two-decimal in charges and invoices, only payouts are whole. Three-decimal currencies (BHD, JOD,
 * KWD, OMR, TND) come in thousandths, as in ISO, and end in 0.
 * https://docs.stripe.com/currencies (zero-decimal, three-decimal, special cases)
 */
export const STRIPE_EXPONENTS: Exponents = { ISK: 2, UGX: 2, MGA: 0 };

/**
 * Codes after which the same method cannot work, whatever the customer's balance or patience.
 * The first two lines: what Stripe itself will not retry without a new method
 * (https://docs.stripe.com/billing/revenue-recovery/smart-retries), without
 * `authentication_required`, which the customer can cure with the same card. Then the codes whose
 * next step on https://docs.stripe.com/declines/codes is another card or account, and the advice
 * `do_not_try_again` (https://docs.stripe.com/declines/card#retrying-issuer-declines).
 * Soft on purpose: `do_not_honor` and `generic_decline` (no reason given), `expired_card` (the
 * reminder is the cure, and card networks often renew it by themselves).
 */
export const HARD_DECLINES: readonly string[] = [
  ...['incorrect_number', 'lost_card', 'stolen_card', 'pickup_card', 'highest_risk_level'],
  ...['revocation_of_authorization', 'revocation_of_all_authorizations', 'transaction_not_allowed'],
  ...['invalid_number', 'invalid_account', 'restricted_card', 'stop_payment_order'],
  ...['card_not_supported', 'currency_not_supported', 'fraudulent', 'merchant_blacklist'],
  ...['account_closed', 'no_account', 'invalid_account_number', 'debit_not_authorized'],
  ...['do_not_try_again', 'previously_declined_do_not_retry'],
];

/**
 * After `basil` (2025-03-31) a payment intent has no `invoice`. Stripe Billing then writes the
 * invoice's id into `payment_details.order_reference`; businesses may write their own order numbers
 * there, so only the form of an invoice id counts.
 * https://docs.stripe.com/api/payment_intents/object#payment_intent_object-payment_details
 */
export const ORDER_REFERENCE = {
  path: 'payment_details.order_reference',
  matches: /^in_[A-Za-z0-9]{8,}$/,
} as const satisfies TextWord & Condition;

/** The payment intent was made by an invoice, as far as it says so itself. */
export const OF_INVOICE: Condition = { any: [{ path: 'invoice', isNot: [null] }, ORDER_REFERENCE] };
