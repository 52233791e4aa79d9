import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it, vi } from 'vitest';
import { isValidZone, nextAllowed } from '../../src/core/calendar.ts';
import {
  manyZonesCountries,
  singleZoneCountries,
  zoneOfCountry,
} from '../../src/core/country-zone.ts';
import {
  defaultCustomerCalendar,
  defaultLadders,
  defaultTeamCalendar,
} from '../../src/core/default-ladders.ts';
import type { Calendar, Ladder, Offset, Step } from '../../src/core/ladder.ts';
import { parseOffset, planLadder, stepAt, zoneOf } from '../../src/core/schedule.ts';
import { holds } from '../support/property.ts';

// A busy machine with two cores takes ten times as long.
vi.setConfig({ testTimeout: 180_000 });

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const iso = (at: number) => new Date(at).toISOString();
const close = (after: Offset): Step => ({ id: 'close', after, action: 'close' });
const remind = (after: Offset, id = `remind-${after}`): Step => ({
  id,
  after,
  action: 'remind',
  template: 'reminder-1',
});
const escalate = (after: Offset): Step => ({
  id: `escalate-${after}`,
  after,
  action: 'escalate',
  template: 'escalation',
  tier: 1,
});

/** The changes of a zone's clock in years that differ: old rules, a change at midnight UTC, now. */
function changesOf(zone: string): readonly number[] {
  const changes: number[] = [];
  for (const year of [2015, 2026]) {
    const start = Temporal.Instant.fromEpochMilliseconds(Date.UTC(year, 0, 1));
    const end = Date.UTC(year + 1, 0, 1);
    let next = start.toZonedDateTimeISO(zone).getTimeZoneTransition('next');
    while (next !== null && next.epochMilliseconds < end) {
      changes.push(next.epochMilliseconds);
      next = next.getTimeZoneTransition('next');
    }
  }
  return changes;
}

const AROUND = [-7, -1, 3, 14].flatMap((days) =>
  [-90, -30, 0, 30, 90].map((minutes) => [days, minutes] as const),
);

describe('an offset', () => {
  it('is whole days, hours or minutes, before or after the anchor', () => {
    expect(parseOffset('3d')).toEqual({ ok: true, value: { amount: 3, unit: 'd' } });
    expect(parseOffset('-2d')).toEqual({ ok: true, value: { amount: -2, unit: 'd' } });
    expect(parseOffset('36h')).toEqual({ ok: true, value: { amount: 36, unit: 'h' } });
    expect(parseOffset('15m')).toEqual({ ok: true, value: { amount: 15, unit: 'm' } });
    expect(parseOffset('-0d')).toEqual({ ok: true, value: { amount: 0, unit: 'd' } });
  });

  it('is nothing else', () => {
    for (const text of ['', 'd', '3', '3 d', '+3d', '1.5d', '3w', '3D', '3d\n', '1e3d', '--3d']) {
      expect(parseOffset(text)).toEqual({
        ok: false,
        failure: { reason: 'malformed_offset', text },
      });
    }
  });

  it('reaches ten years and not a day further', () => {
    expect(parseOffset('3660d').ok).toBe(true);
    expect(parseOffset('-3660d').ok).toBe(true);
    expect(parseOffset('3661d')).toMatchObject({ failure: { reason: 'offset_too_long' } });
    expect(parseOffset('999999999m')).toMatchObject({ failure: { reason: 'offset_too_long' } });
  });
});

describe('when a step is due', () => {
  const nominal = (after: Offset, anchor: string, zone: string) =>
    iso(stepAt({ step: close(after), anchorAt: Date.parse(anchor), zone, calendar: null }).at);

  it('keeps the local time over a change of the clock when it counts days', () => {
    expect(nominal('3d', '2026-03-27T09:00:00Z', 'Europe/Berlin')).toBe('2026-03-30T08:00:00.000Z');
    expect(nominal('-3d', '2026-03-30T08:00:00Z', 'Europe/Berlin')).toBe(
      '2026-03-27T09:00:00.000Z',
    );
  });

  it('counts hours and minutes exactly over the same change', () => {
    expect(nominal('72h', '2026-03-27T09:00:00Z', 'Europe/Berlin')).toBe(
      '2026-03-30T09:00:00.000Z',
    );
    expect(nominal('15m', '2026-03-29T00:50:00Z', 'Europe/Berlin')).toBe(
      '2026-03-29T01:05:00.000Z',
    );
  });

  it('moves past a local time that the clock skipped', () => {
    expect(nominal('1d', '2026-03-28T01:30:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  });

  it('is what Temporal says, in every zone, on both sides of every change of its clock', () => {
    const wrong: string[] = [];
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      for (const change of changesOf(zone)) {
        for (const [days, minutes] of AROUND) {
          const target = change + minutes * 60_000;
          const anchorAt = target - days * DAY;
          const start = Temporal.Instant.fromEpochMilliseconds(anchorAt).toZonedDateTimeISO(zone);
          const { at } = stepAt({ step: close(`${days}d`), anchorAt, zone, calendar: null });
          if (at !== start.add({ days }).epochMilliseconds) wrong.push(`${zone} ${iso(target)}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('takes the first of a local time that comes twice', () => {
    expect(nominal('1d', '2026-10-24T00:30:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
  });

  it('is the anchor itself at 0d, also in the second of two equal hours', () => {
    expect(nominal('0d', '2026-10-25T01:30:00Z', 'Europe/Berlin')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('is shifted by the calendar only after the offset, and says from when', () => {
    const time = stepAt({
      step: remind('3d'),
      anchorAt: Date.parse('2026-03-04T21:00:00Z'),
      zone: 'UTC',
      calendar: defaultCustomerCalendar,
    });
    expect(iso(time.nominalAt)).toBe('2026-03-07T21:00:00.000Z');
    expect(iso(time.at)).toBe('2026-03-09T08:00:00.000Z');
    expect(time.shiftedBy).toEqual(['quiet_hours', 'business_day']);
  });

  it('accepts an anchor with parts of a millisecond, as a scaled clock makes them', () => {
    const anchorAt = Date.parse('2026-03-04T21:00:00Z') + 0.5;
    const time = stepAt({
      step: remind('3d'),
      anchorAt,
      zone: 'UTC',
      calendar: defaultCustomerCalendar,
    });
    expect(iso(time.at)).toBe('2026-03-09T08:00:00.000Z');
  });

  it('throws on an offset that the config would have refused', () => {
    const step = remind('3w' as Offset); // not an Offset: that is the point
    expect(() => stepAt({ step, anchorAt: 0, zone: 'UTC', calendar: null })).toThrow(RangeError);
  });
});

describe('a ladder on the calendar', () => {
  const base = {
    anchorAt: Date.parse('2026-03-04T10:00:00Z'),
    zone: 'America/New_York',
    calendar: defaultCustomerCalendar,
    teamCalendar: defaultTeamCalendar,
    teamZone: 'UTC',
  };
  const ladderOf = (...steps: Step[]): Ladder => ({
    id: 'l',
    version: 1,
    anchor: 'failure',
    steps,
  });

  it('asks the customer’s calendar for reminders, the team’s for escalations, none to close', () => {
    const ladder = ladderOf(remind('3d'), escalate('4d'), close('11d'));
    const plan = planLadder({ ...base, ladder });
    expect(plan.map(({ at }) => iso(at))).toEqual([
      '2026-03-09T12:00:00.000Z', // Saturday, so Monday at eight in New York
      '2026-03-09T12:00:00.000Z', // Sunday is fine for the team, but not before the reminder
      '2026-03-15T09:00:00.000Z', // a Sunday at five in the morning: closing disturbs nobody
    ]);
    expect(plan.map(({ shiftedBy }) => shiftedBy)).toEqual([
      ['quiet_hours', 'business_day'],
      ['step_order'],
      [],
    ]);
  });

  it('asks the calendar again when order pushes a step into its own quiet hours', () => {
    const teamCalendar: Calendar = {
      ...defaultTeamCalendar,
      quietHours: { from: '12:00', to: '14:00' },
    };
    const ladder = ladderOf(remind('3d'), escalate('4d'), close('30d'));
    const [, escalation] = planLadder({ ...base, ladder, teamCalendar });
    expect(iso(escalation?.at ?? 0)).toBe('2026-03-09T14:00:00.000Z');
    expect(escalation?.shiftedBy).toEqual(['quiet_hours', 'step_order']);
  });

  it('places the default ladder for a failed payment on the days it promises', () => {
    const ladder = defaultLadders.get('payment-failed');
    if (ladder === undefined) throw new Error('no default ladder');
    const plan = planLadder({ ...base, anchorAt: Date.parse('2026-03-02T15:00:00Z'), ladder });
    expect(plan.map(({ step, at }) => `${step.id} ${iso(at)}`)).toEqual([
      'reminder-1 2026-03-05T15:00:00.000Z',
      'reminder-final 2026-03-09T14:00:00.000Z',
      'escalation 2026-03-16T15:00:00.000Z',
      're-escalation-1 2026-03-23T15:00:00.000Z',
      're-escalation-2 2026-03-30T15:00:00.000Z',
      'close 2026-04-16T14:00:00.000Z',
    ]);
  });

  it('never puts a step before its nominal time, before its predecessor or off its calendar', () => {
    const zones = fc.constantFrom('UTC', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'America/Havana');
    const calendars = fc.constantFrom<Calendar>(
      defaultCustomerCalendar,
      defaultTeamCalendar,
      { ...defaultCustomerCalendar, businessDays: [2, 6], holidays: ['2026-05-05', '2026-05-09'] },
      { ...defaultCustomerCalendar, quietHours: { from: '00:15', to: '23:45' } },
    );
    const law = fc.property(
      fc.constantFrom(...defaultLadders.values()),
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) }),
      zones,
      zones,
      calendars,
      calendars,
      (ladder, anchorAt, zone, teamZone, calendar, teamCalendar) => {
        const plan = planLadder({ ladder, anchorAt, zone, teamZone, calendar, teamCalendar });
        const wrong = plan.filter(({ step, nominalAt, at }, index) => {
          const own = step.action === 'remind' ? { zone, calendar } : null;
          const place = own ?? { zone: teamZone, calendar: teamCalendar };
          const offCalendar = step.action !== 'close' && nextAllowed({ at, ...place }).at !== at;
          const previousAt = plan[index - 1]?.at ?? Number.NEGATIVE_INFINITY;
          return at < nominalAt || at < previousAt || offCalendar || step !== ladder.steps[index];
        });
        expect(wrong).toEqual([]);
        expect(plan).toHaveLength(ladder.steps.length);
      },
    );
    holds('schedule: steps on their calendars', law);
  });

  it('lies within a few hours of its nominal length, or a day where a zone skipped one', () => {
    const law = fc.property(
      fc.integer({ min: -90, max: 400 }),
      fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2040, 0, 1) }),
      fc.constantFrom('UTC', 'America/St_Johns', 'Pacific/Apia', 'Africa/Casablanca'),
      (days, anchorAt, zone) => {
        const { nominalAt } = stepAt({ step: close(`${days}d`), anchorAt, zone, calendar: null });
        const slack = zone === 'Pacific/Apia' ? 25 * HOUR : 2 * HOUR;
        expect(Math.abs(nominalAt - anchorAt - days * DAY)).toBeLessThanOrEqual(slack);
      },
    );
    holds('schedule: lengths of offsets', law);
  });
});

describe('whose clock a customer lives by', () => {
  it('is the zone the provider knows, before the country', () => {
    expect(zoneOf({ zone: 'Asia/Tokyo', country: 'DE' }, 'UTC')).toBe('Asia/Tokyo');
  });

  it('is the country’s when the zone is missing or is no zone', () => {
    expect(zoneOf({ zone: null, country: 'DE' }, 'UTC')).toBe('Europe/Berlin');
    expect(zoneOf({ zone: 'Mars/Olympus', country: 'IN' }, 'UTC')).toBe('Asia/Kolkata');
  });

  it('is one that most of its people live near when the country has several', () => {
    expect(zoneOf({ zone: null, country: 'US' }, 'UTC')).toBe('America/Chicago');
    const unknown = manyZonesCountries.filter((country) => {
      const zone = zoneOfCountry(country) ?? '';
      return singleZoneCountries.includes(country) || !zonesOfRegion(country).includes(zone);
    });
    expect(unknown).toEqual([]);
  });

  it('is the calendar’s when the country is unknown, or is no country', () => {
    for (const country of ['XX', 'de', '', '__proto__', null]) {
      expect(zoneOf({ zone: null, country }, 'Europe/Paris')).toBe('Europe/Paris');
    }
  });

  it('has a zone this runtime knows for every country of the table', () => {
    expect(singleZoneCountries.length).toBeGreaterThan(200);
    const unknown = singleZoneCountries.filter((country) => {
      const zone = zoneOfCountry(country);
      return !/^[A-Z]{2}$/.test(country) || zone === null || !isValidZone(zone);
    });
    expect(unknown).toEqual([]);
  });

  it('agrees with every zone Intl knows for the country, all year', () => {
    // China's and Ukraine's law know one zone; tzdb lists another that people use in places.
    const byLaw = ['CN', 'UA'];
    const disagreeing = singleZoneCountries.filter((country) => {
      const zones = zonesOfRegion(country);
      const own = zoneOfCountry(country) ?? '';
      return zones.some((zone) =>
        [1, 4, 7, 10].some((month) => clock(zone, month) !== clock(own, month)),
      );
    });
    expect(disagreeing).toEqual(byLaw);
  });
});

function clock(zone: string, month: number): string {
  const at = Date.UTC(2026, month - 1, 15);
  return new Date(at).toLocaleString('en-GB', { timeZone: zone });
}

/** `Intl.Locale#getTimeZones`, which the compiler's library does not know yet. */
function zonesOfRegion(country: string): readonly string[] {
  const locale: object = new Intl.Locale(`und-${country}`);
  if (!('getTimeZones' in locale) || typeof locale.getTimeZones !== 'function') {
    throw new Error('this runtime cannot list the zones of a country');
  }
  const zones: unknown = locale.getTimeZones();
  return Array.isArray(zones) ? zones.map(String) : [];
}
