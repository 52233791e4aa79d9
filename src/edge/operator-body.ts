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

/** Exactly as written in `OPERATOR_ACTIONS`. */
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
  const unknown = unknownField(body, action, FIELDS[action]);
  if (unknown !== null) return fail(unknown);
  const actor = readActor(body);
  if (!actor.ok) return actor;
  const by = actor.value;
  switch (action) {
    case 'release':
    case 'acknowledge':
    case 'reopen':
      return ok({ kind: action, actor: by });
    case 'hold':
      return readHold(body, by, now);
    case 'resolve': {
      const reason = readText(body, 'reason');
      return reason.ok ? ok({ kind: 'resolve', reason: reason.value, actor: by }) : reason;
    }
    case 'note': {
      const note = readText(body, 'text');
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
  const reason = readText(body, 'reason');
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

/** A field that the request does not have: a misspelt one must not be taken for absent. */
export function unknownField(
  body: Readonly<Record<string, unknown>>,
  action: string,
  fields: readonly string[],
): ApiProblem | null {
  const unknown = Object.keys(body).find((name) => !fields.includes(name));
  return unknown === undefined
    ? null
    : badRequest(
        `"${unknown.slice(0, 50)}" is no field of ${action}.`,
        `Allowed: ${fields.join(', ')}.`,
      );
}

/** Who is asking; `operator` when the body does not say. */
export function readActor(body: Readonly<Record<string, unknown>>): Result<string, ApiProblem> {
  const actor = readText(body, 'actor', ACTOR_CHARS_MAX);
  return actor.ok ? ok(actor.value ?? 'operator') : actor;
}

/** Trimmed, on one line; null when absent or blank. */
export function readText(
  body: Readonly<Record<string, unknown>>,
  name: string,
  charsMax = TEXT_CHARS_MAX,
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
