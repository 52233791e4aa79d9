/**
 * What happens when the config says nothing. Running episodes pin the ladder they started with;
 * a change here needs a new `version`.
 */
import type { Severity } from './fact.ts';
import type { Calendar, Ladder } from './ladder.ts';

const paymentFailed: Ladder = {
  id: 'payment-failed',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'reminder-1', after: '3d', action: 'remind', template: 'reminder-1' },
    { id: 'reminder-final', after: '7d', action: 'remind', template: 'reminder-final' },
    { id: 'escalation', after: '14d', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '21d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 're-escalation-2', after: '28d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '45d', action: 'close' },
  ],
};

/** The customer's bank waits for them now, so the first mail does too. */
const actionRequired: Ladder = {
  id: 'action-required',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'action-required', after: '0d', action: 'remind', template: 'action-required' },
    { id: 'reminder-1', after: '3d', action: 'remind', template: 'reminder-1' },
    { id: 'reminder-final', after: '7d', action: 'remind', template: 'reminder-final' },
    { id: 'escalation', after: '14d', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '21d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 're-escalation-2', after: '28d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '45d', action: 'close' },
  ],
};

const invoiceDue: Ladder = {
  id: 'invoice-due',
  version: 1,
  anchor: 'due',
  steps: [
    { id: 'invoice-upcoming', after: '-3d', action: 'remind', template: 'invoice-upcoming' },
    { id: 'reminder-1', after: '1d', action: 'remind', template: 'reminder-1' },
    { id: 'reminder-2', after: '7d', action: 'remind', template: 'reminder-2' },
    { id: 'reminder-final', after: '14d', action: 'remind', template: 'reminder-final' },
    { id: 'escalation', after: '21d', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '28d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '60d', action: 'close' },
  ],
};

const alertCritical: Ladder = {
  id: 'alert-critical',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'escalation', after: '0m', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '4h', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 're-escalation-2', after: '12h', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 're-escalation-3', after: '1d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '14d', action: 'close' },
  ],
};

const alertHigh: Ladder = {
  id: 'alert-high',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'escalation', after: '0m', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '1d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 're-escalation-2', after: '3d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '30d', action: 'close' },
  ],
};

const alertMedium: Ladder = {
  id: 'alert-medium',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'escalation', after: '1d', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '7d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '45d', action: 'close' },
  ],
};

const alertLow: Ladder = {
  id: 'alert-low',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'escalation', after: '7d', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 'close', after: '60d', action: 'close' },
  ],
};

/** A dispute is a matter for the team alone: evidence is due at the bank within days. */
const paymentDisputed: Ladder = {
  id: 'payment-disputed',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'escalation', after: '0m', action: 'escalate', template: 'escalation', tier: 1 },
    { id: 're-escalation-1', after: '2d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 're-escalation-2', after: '5d', action: 'escalate', template: 're-escalation', tier: 2 },
    { id: 'close', after: '120d', action: 'close' },
  ],
};

/** Every ladder a config may name without defining it, by id. */
export const defaultLadders: ReadonlyMap<string, Ladder> = new Map(
  [
    paymentFailed,
    actionRequired,
    invoiceDue,
    paymentDisputed,
    alertCritical,
    alertHigh,
    alertMedium,
    alertLow,
  ].map((ladder) => [ladder.id, ladder]),
);

/** The ladders a source uses when its config names none. */
export const defaultLadderIds = {
  failed: paymentFailed.id,
  actionRequired: actionRequired.id,
  due: invoiceDue.id,
  disputed: paymentDisputed.id,
  alert: {
    critical: alertCritical.id,
    high: alertHigh.id,
    medium: alertMedium.id,
    low: alertLow.id,
  } satisfies Record<Severity, string>,
} as const;

/** An alert whose sender names no severity. */
export const SEVERITY_WHEN_UNKNOWN: Severity = 'medium';

/** Customers: by day, Monday to Friday, in their own zone; UTC when nobody knows theirs. */
export const defaultCustomerCalendar: Calendar = {
  zone: 'UTC',
  quietHours: { from: '20:00', to: '08:00' },
  businessDays: [1, 2, 3, 4, 5],
  holidays: [],
};

/** The team: at any hour; an alert does not wait for Monday. */
export const defaultTeamCalendar: Calendar = {
  zone: 'UTC',
  quietHours: null,
  businessDays: [1, 2, 3, 4, 5, 6, 7],
  holidays: [],
};
