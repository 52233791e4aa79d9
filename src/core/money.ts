/**
 * Money as integers: minor units of a currency with the exponent ISO 4217 gives it. Providers that
 * count differently say so in a table of their own. No floating point: `0.1 + 0.2` is not money.
 */

/** Decimal places by currency, where a provider counts differently from ISO 4217. */
export type Exponents = Readonly<Record<string, number>>;

/**
 * ISO 4217 minor unit of currencies that do not have two decimals. Source: ISO 4217 list one,
 * https://www.six-group.com/en/products-services/financial-information/data-standards.html
 */
const ISO_EXPONENTS: Exponents = {
  ...exponentOf(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...exponentOf(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...exponentOf(4, 'CLF UYW'),
};

function exponentOf(exponent: number, currencies: string): Exponents {
  return Object.fromEntries(currencies.split(' ').map((currency) => [currency, exponent]));
}

/**
 * Decimal places of a currency (`JPY` 0, `USD` 2, `KWD` 3): what divides `amountMinor` for people.
 * ISO's number, not `Intl`'s: ICU follows custom and prints `MGA` or `ALL` without decimals.
 */
export function currencyExponent(currency: string): number {
  return Object.hasOwn(ISO_EXPONENTS, currency) ? (ISO_EXPONENTS[currency] ?? 2) : 2;
}

/** ISO 4217 code in upper case, or null when the text is none (`usdc`, an empty string). */
export function currencyCode(text: string | null): string | null {
  const code = text?.toUpperCase() ?? '';
  return /^[A-Z]{3}$/.test(code) ? code : null;
}

/**
 * An amount in the provider's own smallest unit, as ISO minor units. Null (unknown, never wrong)
 * when it is not a safe integer or the provider's unit is finer than the currency's and something
 * would be lost: Stripe's 550 for ISK would be 5.5 krónur.
 */
export function minorFromProvider(
  amount: number,
  currency: string | null,
  exponents: Exponents = {},
): number | null {
  if (!Number.isSafeInteger(amount)) return null;
  if (currency === null || !Object.hasOwn(exponents, currency)) return amount;
  const iso = currencyExponent(currency);
  const shift = iso - (exponents[currency] ?? iso);
  if (shift >= 0) return safe(amount * 10 ** shift);
  const divisor = 10 ** -shift;
  return amount % divisor === 0 ? safe(amount / divisor) : null;
}

/**
 * A decimal amount in major units (`"49.00"`, `1100`) as ISO minor units. Null when it is no plain
 * decimal (`1,000.00`, `1e3`, `NaN`), too large to be exact, or finer than the currency (`10.5`
 * of JPY).
 */
export function minorFromDecimal(text: string, currency: string): number | null {
  const parts = /^(-?)(\d{1,15})(?:\.(\d{1,18}))?$/.exec(text);
  if (parts === null) return null;
  const exponent = currencyExponent(currency);
  const fraction = parts[3] ?? '';
  if (/[1-9]/.test(fraction.slice(exponent))) return null;
  const digits = `${parts[2]}${fraction.slice(0, exponent).padEnd(exponent, '0')}`;
  return safe(Number(digits) * (parts[1] === '-' ? -1 : 1));
}

/** Adding zero turns the -0 of `-0.00` into 0, which JSON and tests can compare. */
function safe(amount: number): number | null {
  return Number.isSafeInteger(amount) ? amount + 0 : null;
}
