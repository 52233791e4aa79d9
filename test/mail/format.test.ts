import { describe, expect, it } from 'vitest';
import { formatDate, formatDateTime, formatMoney, readerOf } from '../../src/mail/format.ts';

const reader = (locale: string | null, zone: string | null = null) =>
  readerOf([locale, 'en-GB'], [zone, 'Europe/London']);

describe('amounts', () => {
  it.each([
    ['de-DE', 123456, 'EUR', '1.234,56\u00a0€'],
    ['ja-JP', 4900, 'JPY', '￥4,900'],
    ['ar-KW', 4500, 'KWD', '\u200f٤٫٥٠٠\u00a0د.ك.\u200f'],
    ['en-US', 4900, 'USD', '$49.00'],
    ['en-US', 5, 'USD', '$0.05'],
    ['en-US', 1, 'USD', '$0.01'],
    // Two decimals by ISO 4217, none by Intl's own table.
    ['en-US', 490000, 'HUF', 'HUF\u00a04,900.00'],
    ['en-US', 1234, 'CLF', 'CLF\u00a00.1234'],
    ['en-US', Number.MAX_SAFE_INTEGER, 'USD', '$90,071,992,547,409.91'],
    ['en-US', 4900, 'XQQ', 'XQQ\u00a049.00'],
  ])('in %s, %i minor units of %s read %j', (locale, amountMinor, currency, text) => {
    expect(formatMoney(amountMinor, currency, reader(locale))).toBe(text);
  });

  it.each([
    [null, 'EUR'],
    [4900, null],
    [49.5, 'EUR'],
    [Number.NaN, 'EUR'],
    [2 ** 53, 'EUR'],
    [0, 'EUR'],
    [-0, 'EUR'],
    [-4900, 'EUR'],
    [4900, 'eur'],
    [4900, 'EURO'],
    [4900, ''],
    [4900, 'E<R'],
  ])('%s of %s is no amount, so none is shown', (amountMinor, currency) => {
    expect(formatMoney(amountMinor, currency, reader('en-US'))).toBeNull();
  });
});

describe('dates', () => {
  const at = Date.UTC(2026, 2, 2, 23, 30);

  it.each([
    ['de-DE', 'Europe/Berlin', '3. März 2026'],
    ['en-US', 'America/New_York', 'March 2, 2026'],
    ['ja-JP', 'Asia/Tokyo', '2026年3月3日'],
    ['th-TH', 'Asia/Bangkok', '3 มีนาคม ค.ศ. 2026'],
  ])('for %s in %s the day is %s', (locale, zone, text) => {
    expect(formatDate(at, reader(locale, zone))).toBe(text);
  });

  it('with a time names the zone', () => {
    expect(formatDateTime(at, reader('en-GB', 'Europe/Berlin'))).toBe(
      '3 March 2026 at 00:30 (Europe/Berlin)',
    );
  });

  it.each([null, Number.NaN, Number.POSITIVE_INFINITY, 8.65e15])('%s is no date', (time) => {
    expect(formatDate(time, reader('en-GB'))).toBeNull();
  });
});

describe('a reader', () => {
  it.each([
    ['de_DE', 'de-DE'],
    ['de', 'de'],
    ['not a tag', 'en-GB'],
    ['', 'en-GB'],
    ['xx-Zzzz-QQ-x-1\r\n', 'en-GB'],
    ['a'.repeat(1_000_000), 'en-GB'],
  ])('who says %j reads %s', (said, locale) => {
    expect(reader(said).locale).toBe(locale);
  });

  it.each([
    ['Mars/Olympus', 'Europe/London'],
    ['', 'Europe/London'],
    [null, 'Europe/London'],
    ['Asia/Tokyo', 'Asia/Tokyo'],
  ])('whose zone is %j lives in %s', (said, zone) => {
    expect(reader(null, said).zone).toBe(zone);
  });

  it('of whom nothing usable is known reads English in UTC', () => {
    expect(readerOf([null, '?!'], [null])).toEqual({ locale: 'en', zone: 'UTC' });
  });
});
