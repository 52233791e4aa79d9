/** The shape of `gateway.config.ts`: every field, its type and its bounds. Meaning is checked later. */
import { isLocalDate, isTimeOfDay, isValidZone } from '../core/calendar.ts';
import type { Severity } from '../core/fact.ts';
import type { TemplateName } from '../core/notice.ts';
import { checkOverride, PLACEHOLDER_NAMES } from '../mail/override.ts';
import {
  type Check,
  flag,
  inTurn,
  listOf,
  mapOf,
  numberIn,
  object,
  oneOf,
  optional,
  required,
  text,
  textWhere,
  wholeNumber,
} from './fields.ts';
import { parseMailbox } from './mailbox.ts';
import { chooseFrom } from './problems.ts';

/** Records, so that the compiler misses a name that is added to the union and not here. */
const TEMPLATES: Readonly<Record<TemplateName, true>> = {
  'reminder-1': true,
  'reminder-2': true,
  'reminder-final': true,
  'invoice-upcoming': true,
  'action-required': true,
  escalation: true,
  're-escalation': true,
  resolved: true,
};
const SEVERITIES: Readonly<Record<Severity, true>> = {
  critical: true,
  high: true,
  medium: true,
  low: true,
};

/** Below a kilobyte no provider's event fits; above 32 MiB no provider sends and D1 cannot store. */
export const BYTES_MAX_RANGE = { min: 1024, max: 32 * 1024 * 1024 } as const;

const sourceName = textWhere((name) => /^[a-z0-9][a-z0-9-]{0,40}$/.test(name), {
  problem: 'cannot be the name of a source: it is part of a URL.',
  remedy: 'Use 1 to 41 lower-case letters, digits and hyphens, not starting with a hyphen.',
});

/** Does not repeat what is there: a secret pasted in place of a variable's name would be printed. */
const variableName: Check = (value, field, problems) => {
  if (typeof value === 'string' && /^[A-Z][A-Z0-9_]{0,99}$/.test(value)) return;
  problems.push({
    field,
    problem: 'This is not the name of an environment variable.',
    remedy: 'Write a name such as STRIPE_WEBHOOK_SECRET; the secret itself stays out of this file.',
  });
};

/** One address that `parseMailbox` takes. */
export const mailbox: Check = (value, field, problems) => {
  const parsed = typeof value === 'string' ? parseMailbox(value) : null;
  if (parsed?.ok) return;
  problems.push({
    field,
    problem: `This is not one address (${parsed === null ? 'not a text' : parsed.failure.detail}).`,
    remedy: 'Write name@your-domain.tld or Name <name@your-domain.tld>.',
  });
};

const mailTemplate = textWhere((value) => checkOverride(value).length === 0, {
  problem: 'names a placeholder that means nothing.',
  remedy: (value) =>
    `Remove or correct ${checkOverride(value).join(', ')}. ` +
    `Known: ${PLACEHOLDER_NAMES.map((name) => `{${name}}`).join(', ')}.`,
});

/** Of a mail: a blank one would go out with nothing but our footer in it. */
const TEXT_CHARS_MAX = 20_000;
const mailText = textWhere((value) => value.trim() !== '' && value.length <= TEXT_CHARS_MAX, {
  problem: 'is blank or too long for a mail.',
  remedy: `Write 1 to ${TEXT_CHARS_MAX} characters, or leave the field out to keep our text.`,
});

const templates = mapOf(
  object({
    subject: optional(inTurn(text(200), mailTemplate)),
    text: optional(inTurn(mailText, mailTemplate)),
  }),
  (name, field, problems) => oneOf(Object.keys(TEMPLATES))(name, field, problems),
);

const ladderChoice = object({
  failed: optional(text(40)),
  actionRequired: optional(text(40)),
  due: optional(text(40)),
  disputed: optional(text(40)),
  alert: optional(
    object(Object.fromEntries(Object.keys(SEVERITIES).map((name) => [name, optional(text(40))]))),
  ),
});

const source = object({
  provider: required(text(60)),
  secrets: required(listOf(variableName, 1)),
  live: optional(flag),
  paused: optional(flag),
  businessName: optional(text(100)),
  bytesMax: optional(wholeNumber(BYTES_MAX_RANGE.min, BYTES_MAX_RANGE.max, 'bytes')),
  contentEncodings: optional(listOf(oneOf(['gzip']))),
  toleranceSeconds: optional(wholeNumber(1, 86_400, 'seconds')),
  excludedCustomers: optional(listOf(mailbox)),
  ladders: optional(ladderChoice),
  templates: optional(templates),
  alertLabels: optional(listOf(text(100))),
});

/** Which fields a step has depends on its action. */
const step: Check = (value, field, problems) => {
  const action =
    typeof value === 'object' && value !== null && 'action' in value ? value.action : undefined;
  const common = {
    id: required(text(100)),
    after: required(text(20)),
    action: required(oneOf(['remind', 'escalate', 'close'])),
  };
  const template = required(oneOf(Object.keys(TEMPLATES)));
  if (action === 'close') object(common)(value, field, problems);
  else if (action === 'remind') object({ ...common, template })(value, field, problems);
  else {
    const tier = required(wholeNumber(1, 100, '1 is the first to hear of it'));
    const fields = { ...common, template, tier };
    // Without a known action nobody can say which of the two are missing.
    const known =
      action === 'escalate'
        ? fields
        : { ...common, template: optional(() => {}), tier: optional(() => {}) };
    object(known)(value, field, problems);
  }
};

const ladder = object({
  id: required(text(100)),
  version: required(wholeNumber(1, 1_000_000, 'raise it whenever the steps change')),
  anchor: required(oneOf(['failure', 'due'])),
  steps: required(listOf(step)),
});

const zone = textWhere(isValidZone, {
  problem: 'is not an IANA time zone.',
  remedy: (value) => chooseFrom(value, ['UTC', ...Intl.supportedValuesOf('timeZone')]),
});
const time = textWhere(isTimeOfDay, {
  problem: 'is not a time of day.',
  remedy: 'Write hours and minutes with two digits each, 00:00 to 23:59.',
});
const date = textWhere(isLocalDate, {
  problem: 'is not a day of the calendar.',
  remedy: 'Write it as 2026-12-25.',
});

const quietHours: Check = (value, field, problems) => {
  if (value !== null) object({ from: required(time), to: required(time) })(value, field, problems);
};

const calendar = object({
  zone: optional(zone),
  quietHours: optional(quietHours),
  businessDays: optional(listOf(wholeNumber(1, 7, '1 Monday to 7 Sunday'), 1)),
  holidays: optional(listOf(date)),
});

const currency = textWhere((code) => /^[A-Z]{3}$/.test(code), {
  problem: 'is not a currency.',
  remedy: 'Use the three upper-case letters of ISO 4217, such as EUR.',
});

const locale = textWhere(
  (value) => {
    try {
      return Intl.getCanonicalLocales(value).length === 1;
    } catch {
      return false;
    }
  },
  { problem: 'is not a language tag.', remedy: 'Use one such as en, en-GB or de-DE.' },
);

/** A month: longer than any ladder's pace, so a larger number is a slip (days for hours). */
const HOURS_MAX = 720;

export const configShape: Check = object({
  paused: optional(flag),
  sources: required(mapOf(source, sourceName)),
  ladders: optional(mapOf(ladder)),
  mail: required(
    object({
      from: required(mailbox),
      replyTo: optional(mailbox),
      businessName: required(text(100)),
      locale: optional(locale),
      team: required(listOf(listOf(mailbox, 1), 1)),
    }),
  ),
  calendar: optional(object({ customer: optional(calendar), team: optional(calendar) })),
  limits: optional(
    object({
      remindersPerRecipientPerDay: optional(wholeNumber(1, 50, 'reminders')),
      minGapHours: optional(numberIn(0, HOURS_MAX, 'hours')),
      providerRetryWithinHours: optional(numberIn(0, HOURS_MAX, 'hours')),
      highAmountMinor: optional(
        mapOf(wholeNumber(1, Number.MAX_SAFE_INTEGER, 'minor units: cents'), currency),
      ),
      escalateHardDeclines: optional(flag),
    }),
  ),
});
