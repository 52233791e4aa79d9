/** Bodies of operator requests: from untrusted JSON to one `OperatorInput`, or what is wrong. */
import type { OperatorInput } from '../core/follow-up/types.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { isoMs } from '../core/written-time.ts';
import { type ApiProblem, badRequest } from './api-error.ts';

export const OPERATOR_ACTIONS = [
  'hold',
  'release',
  'acknowledge',
  'resolve',
  'reopen',
  'note',
] as const;
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

export function isOperatorAction(name: string): name is OperatorAction {
  return OPERATOR_ACTIONS.some((action) => action === name);
}

const TEXT_CHARS_MAX = 500;
const ACTOR_CHARS_MAX = 100;

/**
 * `until` is an ISO instant with a zone, in follow-up time (what `simulate` and the timeline
 * print), later than `now`; null holds until released. `actor` is who is asking; without one it
 * is `operator`. Unknown fields are refused: a misspelt `until` must not become "for ever".
 */
export function readOperatorInput(
  action: OperatorAction,
  body: Readonly<Record<string, unknown>>,
  now: number,
): Result<OperatorInput, ApiProblem> {
  const unknown = Object.keys(body).find((name) => !FIELDS[action].includes(name));
  if (unknown !== undefined)
    return fail(
      badRequest(
        `"${unknown.slice(0, 50)}" is no field of ${action}.`,
        `Allowed: ${FIELDS[action].join(', ')}.`,
      ),
    );
  const actor = text(body, 'actor', ACTOR_CHARS_MAX);
  if (!actor.ok) return actor;
  const by = actor.value ?? 'operator';
  switch (action) {
    case 'release':
    case 'acknowledge':
    case 'reopen':
      return ok({ kind: action, actor: by });
    case 'hold':
      return readHold(body, by, now);
    case 'resolve': {
      const reason = text(body, 'reason', TEXT_CHARS_MAX);
      return reason.ok ? ok({ kind: 'resolve', reason: reason.value, actor: by }) : reason;
    }
    case 'note': {
      const note = text(body, 'text', TEXT_CHARS_MAX);
      if (!note.ok) return note;
      return note.value === null
        ? fail(badRequest('A note needs a text.', 'Send {"text": "…", "actor": "…"}.'))
        : ok({ kind: 'note', text: note.value, actor: by });
    }
  }
}

const FIELDS: Readonly<Record<OperatorAction, readonly string[]>> = {
  hold: ['until', 'reason', 'actor'],
  release: ['actor'],
  acknowledge: ['actor'],
  resolve: ['reason', 'actor'],
  reopen: ['actor'],
  note: ['text', 'actor'],
};

function readHold(
  body: Readonly<Record<string, unknown>>,
  actor: string,
  now: number,
): Result<OperatorInput, ApiProblem> {
  const reason = text(body, 'reason', TEXT_CHARS_MAX);
  if (!reason.ok) return reason;
  if (reason.value === null)
    return fail(badRequest('A hold needs a reason.', 'Send {"until": null, "reason": "…"}.'));
  const until = instant(body['until']);
  if (!until.ok) return until;
  if (until.value !== null && until.value <= now)
    return fail(
      badRequest(
        'The hold would already be over.',
        `"until" must be later than ${new Date(now).toISOString()} (follow-up time).`,
      ),
    );
  return ok({ kind: 'hold', until: until.value, reason: reason.value, actor });
}

/** Trimmed, on one line; null when absent or blank. */
function text(
  body: Readonly<Record<string, unknown>>,
  name: string,
  charsMax: number,
): Result<string | null, ApiProblem> {
  const value = body[name];
  if (value === undefined || value === null) return ok(null);
  if (typeof value !== 'string' || !value.isWellFormed())
    return fail(badRequest(`"${name}" must be a text.`, `Send "${name}" as a JSON string.`));
  const line = value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  if (line.length > charsMax)
    return fail(badRequest(`"${name}" is too long.`, `Keep it under ${charsMax} characters.`));
  return ok(line === '' ? null : line);
}

function instant(value: unknown): Result<number | null, ApiProblem> {
  if (value === null || value === undefined) return ok(null);
  const at = typeof value === 'string' ? isoMs(value) : null;
  return at === null
    ? fail(
        badRequest(
          '"until" is not an instant of the calendar.',
          'Send ISO 8601 with a zone, as in 2026-12-01T09:00:00Z, or null.',
        ),
      )
    : ok(at);
}
