/** The two calendars: the defaults with what the config changes, and whether anything gets through. */
import type { GatewayConfig } from '../config.ts';
import { CLOSED_DAYS_MAX, opensEveryYear } from '../core/calendar.ts';
import { defaultCustomerCalendar, defaultTeamCalendar } from '../core/default-ladders.ts';
import type { Calendar } from '../core/ladder.ts';
import { type ConfigProblem, isSound } from './problems.ts';

export interface Calendars {
  readonly customer: Calendar;
  readonly team: Calendar;
}

/** Adds what is wrong to `problems`; where they name a calendar already, its default stands in. */
export function resolveCalendars(config: GatewayConfig, problems: ConfigProblem[]): Calendars {
  const of = (which: keyof Calendars, base: Calendar) => {
    const field = `calendar.${which}`;
    if (!isSound(problems, field)) return base;
    const calendar = merged(base, config.calendar?.[which] ?? {});
    problems.push(...calendarProblems(calendar, field));
    return calendar;
  };
  return {
    customer: of('customer', defaultCustomerCalendar),
    team: of('team', defaultTeamCalendar),
  };
}

function merged(base: Calendar, changes: Partial<Calendar>): Calendar {
  return {
    zone: changes.zone ?? base.zone,
    // Null is a choice here: no quiet hours.
    quietHours: changes.quietHours === undefined ? base.quietHours : changes.quietHours,
    businessDays: changes.businessDays ?? base.businessDays,
    holidays: changes.holidays ?? base.holidays,
  };
}

function calendarProblems(calendar: Calendar, field: string): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { quietHours } = calendar;
  if (quietHours !== null && quietHours.from === quietHours.to) {
    problems.push({
      field: `${field}.quietHours`,
      problem: `They begin and end at ${quietHours.from}: that is no time at all, or all day.`,
      remedy: 'Give two different times, or null for no quiet hours.',
    });
  }
  if (!opensEveryYear(calendar)) {
    problems.push({
      field: `${field}.holidays`,
      problem: `They leave no business day for more than ${CLOSED_DAYS_MAX} days in a row.`,
      remedy: 'Remove holidays or add business days; to stop all mail use paused: true.',
    });
  }
  return problems;
}
