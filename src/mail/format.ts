/** Amounts and dates as the recipient writes them. A bad tag, zone or time never loses the mail. */
import { currencyExponent } from '../core/money.ts';

export interface Reader {
  /** BCP 47, known to be supported. */
  readonly locale: string;
  /** IANA name, known to exist. */
  readonly zone: string;
}

function supportedLocale(tag: string | null): string | null {
  if (tag === null || tag.length > 40) return null;
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([tag.replaceAll('_', '-')])[0] ?? null;
  } catch {
    // Intl throws a RangeError on a malformed tag; providers send `de_DE` and worse.
    return null;
  }
}

function knownZone(zone: string | null): string | null {
  if (zone === null || zone.length > 60) return null;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return null;
  }
}

/** The first locale and zone that exist, in the order given; `en` and `UTC` at the end. */
export function readerOf(
  locales: readonly (string | null)[],
  zones: readonly (string | null)[],
): Reader {
  const locale = locales.map(supportedLocale).find((tag) => tag !== null) ?? 'en';
  const zone = zones.map(knownZone).find((name) => name !== null) ?? 'UTC';
  return { locale, zone };
}

/** Exact at any size: the amount goes to Intl as a decimal string, never through a division. */
function decimalText(amountMinor: number, digits: number): `${number}` {
  const minor = BigInt(amountMinor)
    .toString()
    .padStart(digits + 1, '0');
  const whole = minor.slice(0, minor.length - digits);
  const text = `${whole}${digits === 0 ? '' : `.${minor.slice(-digits)}`}`;
  return text as `${number}`; // built from digits above; no type says so
}

/**
 * What is owed, in minor units with the decimals of ISO 4217 (not Intl's, which follow use in shops
 * and would show 4 900 for 49.00 Ft). Null when nobody can owe it (zero, less, no whole number) or
 * the currency is missing or is not three capital letters: a sentence without an amount is better
 * than one with a wrong amount. A code that ISO does not list is shown as the code, two decimals.
 */
export function formatMoney(
  amountMinor: number | null,
  currency: string | null,
  reader: Reader,
): string | null {
  if (amountMinor === null || !Number.isSafeInteger(amountMinor) || amountMinor <= 0) return null;
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) return null;
  const digits = currencyExponent(currency);
  const format = new Intl.NumberFormat(reader.locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(decimalText(amountMinor, digits));
}

/** Invoices carry Gregorian dates, also where the locale's everyday calendar is another. */
function dateText(at: number | null, reader: Reader, withTime: boolean): string | null {
  if (at === null || !Number.isFinite(at) || Math.abs(at) > 8.64e15) return null;
  const format = new Intl.DateTimeFormat(reader.locale, {
    dateStyle: 'long',
    ...(withTime ? { timeStyle: 'short' as const } : {}),
    timeZone: reader.zone,
    calendar: 'gregory',
  });
  return format.format(at);
}

/** The day in the reader's zone; null for a time that is no time. Epoch milliseconds. */
export function formatDate(at: number | null, reader: Reader): string | null {
  return dateText(at, reader, false);
}

/** Day, hour and minute with the zone named, for people who compare it with a log. */
export function formatDateTime(at: number | null, reader: Reader): string | null {
  const text = dateText(at, reader, true);
  return text === null ? null : `${text} (${reader.zone})`;
}
