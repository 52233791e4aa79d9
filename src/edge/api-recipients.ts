/** One mailbox, as an operator sees it: is it written to, why not, and how that is taken back. */
import { fail, ok, type Result } from '../core/result.ts';
import type { UnsuppressAnswer } from '../durable/contract.ts';
import { recipientKeyOf } from '../durable/recipient-key.ts';
import { checkAddress } from '../mail/address.ts';
import { type ApiProblem, apiError, badRequest, ingressFailed } from './api-error.ts';
import type { EdgeDeps } from './deps.ts';
import { readActor, readText, unknownField } from './operator-body.ts';
import { jsonResponse } from './respond.ts';

type Body = Readonly<Record<string, unknown>>;

/** Body: `{address}`. An address nobody ever wrote to looks like one that nothing is kept of. */
export async function showRecipient(deps: EdgeDeps, body: Body): Promise<Response> {
  const address = readAddress(body, 'show', ['address']);
  if (!address.ok) return apiError(address.failure);
  const view = await deps.ingress.recipient(recipientKeyOf(address.value));
  if (!view.ok) return ingressFailed(deps, 'recipient', view.failure);
  const { suppressed, lifted, pending, sentToday } = view.value;
  return jsonResponse(200, {
    address: address.value,
    suppressed: dated(suppressed),
    lifted: lifted === null ? null : { ...dated(lifted), was: dated(lifted.was) },
    pending,
    sentToday,
  });
}

/**
 * Body: `{address, reason, actor?, consent?}`. A wish of the person themselves stands until
 * `consent` says that they asked to be written to again.
 */
export async function unsuppressRecipient(
  deps: EdgeDeps,
  body: Body,
  now: number,
): Promise<Response> {
  const wish = readWish(body);
  if (!wish.ok) return apiError(wish.failure);
  const { address, ...said } = wish.value;
  const message = { v: 1, at: now, ...said } as const;
  const answer = await deps.ingress.unsuppress(recipientKeyOf(address), message);
  if (!answer.ok) return ingressFailed(deps, 'unsuppress', answer.failure);
  const { decision, was } = answer.value;
  const { by, reason, consent } = said;
  deps.log.info('unsuppress', { decision, was: was?.reason ?? null, by, consent });
  const problem = whyNot(answer.value);
  return problem === null
    ? jsonResponse(200, { address, decision, was: dated(was), by, reason, consent })
    : apiError(problem, { decision, was: dated(was) });
}

interface Wish {
  readonly address: string;
  readonly by: string;
  readonly reason: string;
  readonly consent: boolean;
}

function readWish(body: Body): Result<Wish, ApiProblem> {
  const address = readAddress(body, 'unsuppress', ['address', 'reason', 'actor', 'consent']);
  if (!address.ok) return address;
  const by = readActor(body);
  if (!by.ok) return by;
  const reason = readText(body, 'reason');
  if (!reason.ok) return reason;
  if (reason.value === null)
    return fail(badRequest('It needs a reason.', 'Send {"address": "…", "reason": "…"}.'));
  const { consent = false } = body;
  if (typeof consent !== 'boolean')
    return fail(badRequest('"consent" must be true or false.', 'Send it as a JSON boolean.'));
  return ok({ address: address.value, by: by.value, reason: reason.value, consent });
}

/** The problem names no address: it may be logged where it is shown. */
function readAddress(
  body: Body,
  action: string,
  fields: readonly string[],
): Result<string, ApiProblem> {
  const unknown = unknownField(body, action, fields);
  if (unknown !== null) return fail(unknown);
  const { address } = body;
  if (typeof address === 'string' && checkAddress(address).ok) return ok(address.trim());
  return fail(badRequest('"address" is not one mail address.', 'Send {"address": "a@b.example"}.'));
}

function whyNot({ decision, was }: UnsuppressAnswer): ApiProblem | null {
  if (decision === 'not_suppressed')
    return {
      status: 404,
      code: 'not_suppressed',
      message: 'Nothing keeps reminders from this address, so there is nothing to lift.',
      remedy: 'Check the address; POST /api/recipients/show says what is known of it.',
    };
  if (decision === 'needs_consent')
    return {
      status: 409,
      code: 'needs_consent',
      message:
        `The person ${was?.reason === 'complained' ? 'called a reminder spam' : 'unsubscribed'}: ` +
        'only they can take that back.',
      remedy: 'If they asked to be written to again, send "consent": true and say how in "reason".',
    };
  return null;
}

function dated<Entry extends { readonly at: number }>(entry: Entry | null) {
  return entry === null ? null : { ...entry, at: new Date(entry.at).toISOString() };
}
