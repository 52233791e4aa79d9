import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFacts, formatFacts, plainEvents, runFacts } from '../../src/cli/facts.ts';
import { isPaymentFact, type PaymentFact } from '../../src/core/fact.ts';
import { factsOf } from '../../src/core/fact-table.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { stripeFacts } from '../../webhooks/stripe-facts.ts';
import { holds } from '../support/property.ts';

const OPTIONS = { alertLabels: [] };

function fact(type: string, object: JsonObject, event: JsonObject = {}): PaymentFact {
  const json = { created: 1_767_225_600, data: { object }, ...event };
  const result = factsOf({ table: stripeFacts, event: { type, json }, options: OPTIONS });
  if (!result.ok) throw new Error(`${result.failure.path}: ${result.failure.detail}`);
  const [only, ...others] = result.value;
  if (only === undefined || others.length > 0 || !isPaymentFact(only)) throw new Error('not one');
  return only;
}

/** Which subject an event is about, and which other ids it ties to it. */
function ids(type: string, object: JsonObject) {
  const { ref, aliases } = fact(type, object);
  return { ref, aliases: [...aliases].sort() };
}

describe('labelled Stripe events', () => {
  const url = new URL('./payloads/stripe.json', import.meta.url);
  const entries = JSON.parse(readFileSync(url, 'utf8'));
  const report = runFacts({
    entries,
    tables: { stripe: stripeFacts },
    eventsOf: plainEvents,
    options: OPTIONS,
  });

  it('holds at least forty events, and the table agrees strictly with every label', () => {
    expect(countFacts(report).passed, formatFacts(report)).toBeGreaterThanOrEqual(40);
    const differing = report.outcomes.filter((outcome) => !outcome.strict);
    expect(differing, formatFacts(report)).toEqual([]);
  });

  it('labels at least one event of every type the table lists', () => {
    const labelled = new Set(entries.map((entry: { type: string }) => entry.type));
    const own = Object.keys(stripeFacts.rules).filter((type) => !type.startsWith('v1.'));
    expect(own.filter((type) => !labelled.has(type))).toEqual([]);
  });
});

describe('one subject per payment', () => {
  it('ties the payment to its invoice before basil, whichever of the two speaks', () => {
    expect(
      ids('invoice.payment_failed', { id: 'in_1', payment_intent: 'pi_1', charge: 'ch_1' }),
    ).toEqual({ ref: 'in_1', aliases: ['ch_1', 'pi_1'] });
    expect(
      ids('payment_intent.payment_failed', { id: 'pi_1', invoice: 'in_1', latest_charge: 'ch_1' }),
    ).toEqual({ ref: 'in_1', aliases: ['ch_1', 'pi_1'] });
    expect(ids('charge.refunded', { id: 'ch_1', invoice: 'in_1', payment_intent: 'pi_1' })).toEqual(
      {
        ref: 'in_1',
        aliases: ['ch_1', 'pi_1'],
      },
    );
  });

  it('ties them by the invoice payment since basil', () => {
    const paid = (payment: JsonObject) => ids('invoice_payment.paid', { invoice: 'in_1', payment });
    expect(paid({ payment_intent: 'pi_1' })).toEqual({ ref: 'in_1', aliases: ['pi_1'] });
    expect(paid({ charge: 'ch_1' })).toEqual({ ref: 'in_1', aliases: ['ch_1'] });
  });

  it('finds the payments in an invoice that carries them expanded', () => {
    const payments = {
      data: [{ payment: { payment_intent: 'pi_1' } }, { payment: { charge: 'ch_2' } }],
    };
    expect(ids('invoice.paid', { id: 'in_1', payments })).toEqual({
      ref: 'in_1',
      aliases: ['ch_2', 'pi_1'],
    });
  });

  it.each([
    ['in_1SVWxVDwzgQ85STgwcmLVM', 'in_1SVWxVDwzgQ85STgwcmLVM'],
    ['in_12345678', 'in_12345678'],
    ['in_1234567', 'pi_1'],
    ['in_store-42-2026', 'pi_1'],
    ['ORDER in_12345678', 'pi_1'],
    ['in_12345678\n', 'pi_1'],
  ])('takes the order reference "%s" for subject %s', (order_reference, ref) => {
    const object = { id: 'pi_1', payment_details: { order_reference } };
    expect(fact('payment_intent.succeeded', object).ref).toBe(ref);
  });

  it('joins a session by its own id, so that what failed or expired under it belongs too', () => {
    const known = { id: 'cs_1', payment_intent: 'pi_1', payment_status: 'paid' };
    expect(ids('checkout.session.completed', known)).toEqual({ ref: 'pi_1', aliases: ['cs_1'] });
    expect(ids('checkout.session.completed', { ...known, invoice: 'in_1' })).toEqual({
      ref: 'in_1',
      aliases: ['cs_1', 'pi_1'],
    });
    expect(ids('checkout.session.expired', { id: 'cs_1' })).toEqual({ ref: 'cs_1', aliases: [] });
  });

  it('joins a dispute by its charge and its payment intent', () => {
    const both = { id: 'du_1', charge: 'ch_1', payment_intent: 'pi_1' };
    expect(ids('charge.dispute.created', both)).toEqual({ ref: 'pi_1', aliases: ['ch_1'] });
    expect(ids('charge.dispute.created', { id: 'du_1', charge: 'ch_1' })).toEqual({
      ref: 'ch_1',
      aliases: [],
    });
  });

  it('tells the disputes of one payment apart, when they open and when they end', () => {
    const object = { id: 'du_1', charge: 'ch_1', status: 'won' };
    expect(fact('charge.dispute.created', object)).toMatchObject({ dispute: 'du_1' });
    expect(fact('charge.dispute.closed', object)).toMatchObject({
      fact: 'payment.dispute_won',
      dispute: 'du_1',
    });
    expect(fact('charge.failed', { id: 'ch_1' })).not.toHaveProperty('dispute');
  });

  it('does not void an invoice because one payment of it was cancelled', () => {
    const object = { id: 'pi_1', payment_details: { order_reference: 'in_12345678' } };
    expect(fact('payment_intent.canceled', object).fact).toBe('payment.linked');
    expect(fact('payment_intent.canceled', { id: 'pi_1', invoice: 'in_1' }).fact).toBe(
      'payment.linked',
    );
    expect(fact('payment_intent.canceled', { id: 'pi_1', invoice: null }).fact).toBe(
      'payment.voided',
    );
  });
});

describe('what a failed payment says', () => {
  it.each([
    ['stolen_card', undefined, 'hard'],
    ['lost_card', undefined, 'hard'],
    ['pickup_card', undefined, 'hard'],
    ['incorrect_number', undefined, 'hard'],
    ['revocation_of_authorization', undefined, 'hard'],
    ['do_not_honor', undefined, 'soft'],
    ['generic_decline', undefined, 'soft'],
    ['insufficient_funds', undefined, 'soft'],
    ['expired_card', undefined, 'soft'],
    ['authentication_required', undefined, 'soft'],
    ['a_code_of_next_year', undefined, 'soft'],
    ['generic_decline', 'do_not_try_again', 'hard'],
    ['generic_decline', 'try_again_later', 'soft'],
    [undefined, undefined, null],
  ])('calls decline code %s with advice %s %s', (decline_code, advice_code, decline) => {
    const last_payment_error = { decline_code, advice_code };
    const object = { id: 'pi_1', last_payment_error };
    expect(fact('payment_intent.payment_failed', object).decline).toBe(decline);
    const outcome = { reason: decline_code, advice_code };
    expect(fact('charge.failed', { id: 'ch_1', outcome }).decline).toBe(decline);
  });

  it('keeps what people need: number, page, reason, attempts, next attempt, due date, country', () => {
    const invoice = fact('invoice.payment_failed', {
      id: 'in_1',
      number: 'A-7',
      hosted_invoice_url: 'https://invoice.stripe.com/i/x',
      attempt_count: 2,
      next_payment_attempt: 1_767_657_600,
      due_date: 1_767_312_000,
      customer_name: 'Ada',
      customer_address: { country: 'NO' },
    });
    expect(invoice).toMatchObject({
      number: 'A-7',
      payUrl: 'https://invoice.stripe.com/i/x',
      attemptCount: 2,
      nextAttemptAt: 1_767_657_600_000,
      dueAt: 1_767_312_000_000,
      occurredAt: 1_767_225_600_000,
      customer: { name: 'Ada', country: 'NO' },
    });
    const message = 'Your card has insufficient funds.';
    const intent = { id: 'pi_1', last_payment_error: { message } };
    expect(fact('payment_intent.payment_failed', intent).reason).toBe(message);
  });

  it('does not take the word auto for a language', () => {
    const session = { id: 'cs_1', locale: 'auto' };
    expect(fact('checkout.session.expired', session).customer.locale).toBeNull();
    expect(fact('checkout.session.expired', { ...session, locale: 'pt-BR' }).customer.locale).toBe(
      'pt-BR',
    );
  });

  it('takes the time of the event, not the making of the invoice', () => {
    const invoice = fact('invoice.payment_failed', { id: 'in_1', created: 1_500_000_000 });
    expect(invoice.occurredAt).toBe(1_767_225_600_000);
  });
});

describe('amounts', () => {
  it.each([
    ['usd', 4900, 4900],
    ['jpy', 4900, 4900],
    ['kwd', 4900, 4900],
    ['isk', 4900, 49],
    ['ugx', 4900, 49],
    ['huf', 4900, 4900],
    ['twd', 4900, 4900],
    ['mga', 4900, 490000],
    ['isk', 4950, null],
  ])('reads %s %i as %s ISO minor units', (currency, amount_paid, minor) => {
    expect(fact('invoice.paid', { id: 'in_1', currency, amount_paid }).amountMinor).toBe(minor);
  });
});

describe('totality', () => {
  it('never throws on any type of the table, whatever the object is', () => {
    const types = fc.constantFrom(...Object.keys(stripeFacts.rules));
    const object = fc.dictionary(
      fc.constantFrom('id', 'invoice', 'payment_intent', 'charge', 'status', 'payment', 'amount'),
      fc.jsonValue({ maxDepth: 2 }),
    );
    holds(
      'stripe facts of any object',
      fc.property(types, object, fc.jsonValue(), (type, data, related_object) => {
        // fast-check types JSON with `unknown` members; a round trip makes it what a parser returns.
        const json: Json = JSON.parse(
          JSON.stringify({ created: 1, data: { object: data }, related_object }),
        );
        const result = factsOf({ table: stripeFacts, event: { type, json }, options: OPTIONS });
        return result.ok
          ? result.value.every(({ ref }) => ref !== '')
          : result.failure.reason === 'shape';
      }),
      1_000,
    );
  });
});
