import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  currencyCode,
  currencyExponent,
  minorFromDecimal,
  minorFromProvider,
} from '../../src/core/money.ts';
import { holds } from '../support/property.ts';

describe('currency exponents', () => {
  it.each([
    ['USD', 2],
    ['JPY', 0],
    ['ISK', 0],
    ['UGX', 0],
    ['KWD', 3],
    ['BHD', 3],
    ['CLF', 4],
    ['MGA', 2],
    ['IDR', 2],
    ['ZZZ', 2],
    ['constructor', 2],
  ])('counts the decimals of %s as ISO 4217 does: %i', (currency, exponent) => {
    expect(currencyExponent(currency)).toBe(exponent);
  });

  it.each([
    ['usd', 'USD'],
    ['Eur', 'EUR'],
    ['usdc', null],
    ['', null],
    ['U$D', null],
    [null, null],
  ])('reads the code %s as %s', (text, code) => {
    expect(currencyCode(text)).toBe(code);
  });
});

describe('decimal amounts', () => {
  it.each([
    ['49.00', 'USD', 4900],
    ['49', 'USD', 4900],
    ['49.5', 'USD', 4950],
    ['0.29', 'USD', 29],
    ['-43.38', 'USD', -4338],
    ['1100.00', 'JPY', 1100],
    ['12.34', 'KWD', 12340],
    ['12.340', 'KWD', 12340],
    ['10.9900', 'EUR', 1099],
    ['-0.00', 'EUR', 0],
    ['11000.00', 'IDR', 1100000],
  ])('reads %s %s exactly as %i', (text, currency, minor) => {
    expect(minorFromDecimal(text, currency)).toBe(minor);
  });

  it.each([
    ['10.5', 'JPY'],
    ['10.005', 'USD'],
    ['1,000.00', 'USD'],
    ['1e3', 'USD'],
    ['NaN', 'USD'],
    ['', 'USD'],
    ['.5', 'USD'],
    ['5.', 'USD'],
    [' 5', 'USD'],
    ['999999999999999.99', 'USD'],
  ])('refuses %s %s rather than round or guess', (text, currency) => {
    expect(minorFromDecimal(text, currency)).toBeNull();
  });

  it('gives back every amount that was written with the decimals of its currency', () => {
    holds(
      'amounts there and back',
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'),
        (minor, currency) => {
          const exponent = currencyExponent(currency);
          const digits = String(Math.abs(minor)).padStart(exponent + 1, '0');
          const point = digits.length - exponent;
          const fraction = exponent === 0 ? '' : `.${digits.slice(point)}`;
          const text = `${minor < 0 ? '-' : ''}${digits.slice(0, point)}${fraction}`;
          expect(minorFromDecimal(text, currency)).toBe(minor);
        },
      ),
      2_000,
    );
  });
});

describe("amounts in a provider's own unit", () => {
  const exponents = { ISK: 2, UGX: 2, MGA: 0 };

  it.each([
    [4900, 'USD', 4900],
    [500, 'ISK', 5],
    [1200000, 'UGX', 12000],
    [20000, 'MGA', 2000000],
    [12340, 'KWD', 12340],
    [0, 'ISK', 0],
    [-500, 'ISK', -5],
    [100, null, 100],
  ])('reads %s of %s as %s ISO minor units', (amount, currency, minor) => {
    expect(minorFromProvider(amount, currency, exponents)).toBe(minor);
  });

  it.each([
    [550, 'ISK'],
    [1.5, 'USD'],
    [Number.NaN, 'USD'],
    [2 ** 53, 'USD'],
    [Number.MAX_SAFE_INTEGER, 'MGA'],
  ])('does not know %s of %s rather than be wrong', (amount, currency) => {
    expect(minorFromProvider(amount, currency, exponents)).toBeNull();
  });
});
