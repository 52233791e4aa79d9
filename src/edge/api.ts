/** The operator API under `/api`: what the CLI and scripts use. Every request needs the token. */

import type { Context } from 'hono';
import { Hono } from 'hono';
import type { SubjectKind } from '../core/fact.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type ApiProblem, ARCHIVE_DOWN, apiError, badRequest, ingressFailed } from './api-error.ts';
import { collectIssues, resolveIssues } from './api-issues.ts';
import {
  EVENT_PARAMETERS,
  type ListQuery,
  listEvents,
  listRejections,
  REJECTION_PARAMETERS,
  readListQuery,
} from './api-lists.ts';
import { showRecipient, unsuppressRecipient } from './api-recipients.ts';
import type { BodyBudget } from './body-budget.ts';
import type { EdgeDeps, EdgeLimits } from './deps.ts';
import { joinedView } from './joined-view.ts';
import { errorText } from './log.ts';
import { isOperatorAction, OPERATOR_ACTIONS, readOperatorInput } from './operator-body.ts';
import { readBody } from './read-body.ts';
import { jsonResponse } from './respond.ts';
import { readSubjectPath } from './subject-path.ts';

const BODY_BYTES_MAX = 64 * 1024;

type Body = Readonly<Record<string, unknown>>;

/**
 * The routes without the token's check, which stands before them. Bodies are JSON of at most 64 KiB
 * and count against `budget`.
 */
export function createApi(deps: EdgeDeps, limits: EdgeLimits, budget: BodyBudget): Hono {
  const api = new Hono();
  const now = (): number => deps.clock.fromWall(deps.wallNow());
  const post = (path: string, act: (body: Body, c: Context) => Promise<Response>) =>
    api.post(path, async (c) => {
      const body = await readJson(c, limits, budget);
      return body.ok ? act(body.value, c) : apiError(body.failure);
    });
  for (const kind of ['payment', 'alert'] as const) {
    api.get(`/${kind}s/*`, (c) => readSubject(deps, c, kind, now()));
    post(`/${kind}s/*`, (body, c) => changeSubject(deps, c, kind, body, now()));
  }
  // The address is in the body: URLs end up in the logs of every proxy on the way.
  post('/recipients/show', (body) => showRecipient(deps, body));
  post('/recipients/unsuppress', (body) => unsuppressRecipient(deps, body, now()));
  api.get('/issues', async () => jsonResponse(200, await collectIssues(deps)));
  post('/issues/resolve', (body) => resolveIssues(deps, body));
  api.get('/events', (c) => list(deps, c, EVENT_PARAMETERS, listEvents));
  api.get('/rejections', (c) => list(deps, c, REJECTION_PARAMETERS, listRejections));
  api.get('/sources', () => jsonResponse(200, { sources: describeSources(deps) }));
  api.get('/now', () =>
    jsonResponse(200, {
      wall: new Date(deps.wallNow()).toISOString(),
      followUp: new Date(now()).toISOString(),
      scale: deps.clock.scale,
    }),
  );
  api.all('*', () =>
    apiError({
      status: 404,
      code: 'not_found',
      message: 'There is nothing at this address.',
      remedy: 'See the README for the addresses of the operator API.',
    }),
  );
  return api;
}

async function readSubject(
  deps: EdgeDeps,
  c: Context,
  kind: SubjectKind,
  now: number,
): Promise<Response> {
  const path = readSubjectPath(c.req.url, deps.gateway.sources, ['simulate']);
  if (!path.ok) return apiError(path.failure);
  const { subject, action } = path.value;
  if (action === 'simulate') return simulate(deps, kind, subject, c.req.query('ladder'), now);
  const view = await deps.ingress.view(kind, subject);
  if (!view.ok) return ingressFailed(deps, 'view', view.failure);
  return view.value.known ? jsonResponse(200, view.value) : unknownSubject(kind, subject);
}

/** The ladder with its dates; an id that belongs to another subject has its ladder there. */
async function simulate(
  deps: EdgeDeps,
  kind: SubjectKind,
  asked: string,
  ladder: string | undefined,
  now: number,
): Promise<Response> {
  if (ladder !== undefined && !deps.gateway.ladders.has(ladder)) {
    const known = [...deps.gateway.ladders.keys()].join(', ');
    return apiError(badRequest('There is no such ladder.', `Known: ${known}.`));
  }
  const view = await joinedView(deps.ingress, kind, asked);
  if (!view.ok) return ingressFailed(deps, 'view', view.failure);
  const { known, subject } = view.value;
  if (!known) return unknownSubject(kind, subject);
  const message = { at: now, ladder: ladder ?? null };
  const plan = await deps.ingress.simulate(kind, subject, message);
  return plan.ok ? jsonResponse(200, plan.value) : ingressFailed(deps, 'simulate', plan.failure);
}

/** Never heard of and forgotten look the same: what was forgotten left nothing behind. */
function unknownSubject(kind: SubjectKind, subject: string): Response {
  return apiError({
    status: 404,
    code: 'unknown_subject',
    message:
      `Nothing is known of ${kind} ${subject}: no event told of it, ` +
      'or it was settled and forgotten after its retention.',
    remedy: 'Check the id; GET /api/events?source=… lists what arrived.',
  });
}

async function changeSubject(
  deps: EdgeDeps,
  c: Context,
  kind: SubjectKind,
  body: Body,
  now: number,
): Promise<Response> {
  const path = readSubjectPath(c.req.url, deps.gateway.sources, OPERATOR_ACTIONS);
  if (!path.ok) return apiError(path.failure);
  const { subject, action } = path.value;
  if (action === null || !isOperatorAction(action))
    return apiError({
      status: 404,
      code: 'unknown_action',
      message: 'There is no such action.',
      remedy: `POST …/{${OPERATOR_ACTIONS.join('|')}}.`,
    });
  const input = readOperatorInput(action, body, now);
  if (!input.ok) return apiError(input.failure);
  const answer = await deps.ingress.operate(kind, subject, { v: 1, at: now, input: input.value });
  if (!answer.ok) return ingressFailed(deps, 'operate', answer.failure);
  deps.log.info('operated', { subject, action, accepted: answer.value.accepted });
  if (answer.value.accepted) return jsonResponse(200, { subject, ...answer.value });
  const { decision, rule } = answer.value;
  if (rule === 'unknown_subject') return unknownSubject(kind, subject);
  const problem = { status: 409, code: 'not_accepted' } as const;
  const belongsTo = rule === 'joined' ? await ownerOf(deps, kind, subject) : null;
  if (belongsTo !== null) {
    const message = `belongs to ${belongsTo}: act there`;
    const remedy = `Send the same for ${belongsTo}.`;
    return apiError({ ...problem, message, remedy }, { subject, belongsTo, ...answer.value });
  }
  const remedy = `GET /api/${kind}s/… shows the state it is in.`;
  return apiError({ ...problem, message: decision, remedy }, { subject, ...answer.value });
}

/** The object knows the next id only; whoever acts should not have to go from one to the other. */
async function ownerOf(deps: EdgeDeps, kind: SubjectKind, subject: string): Promise<string | null> {
  const view = await joinedView(deps.ingress, kind, subject);
  return view.ok && view.value.subject !== subject ? view.value.subject : null;
}

/** Refuses anything but one JSON object of at most 64 KiB; no body is an empty object. */
async function readJson(
  c: Context,
  limits: EdgeLimits,
  budget: BodyBudget,
): Promise<Result<Body, ApiProblem>> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  // A form of another site cannot send this type without asking first (CSRF).
  if (type !== '' && type !== 'application/json')
    return fail({
      status: 415,
      code: 'unsupported_type',
      message: 'The body must be JSON.',
      remedy: 'Send the header "Content-Type: application/json".',
    });
  const reservation = budget.open();
  try {
    const body = await readBody({
      stream: c.req.raw.body,
      declaredLength: c.req.header('content-length') ?? null,
      bytesMax: BODY_BYTES_MAX,
      readMs: limits.bodyReadMs,
      reservation,
    });
    if (!body.ok)
      return fail({
        status: body.failure.reason === 'too_large' ? 413 : 503,
        code: body.failure.reason,
        message: 'The body could not be read.',
        remedy:
          body.failure.reason === 'too_large'
            ? `Send at most ${BODY_BYTES_MAX} bytes.`
            : 'Send it again, whole and without pauses.',
      });
    if (body.value.length === 0) return ok({});
    return parseObject(new TextDecoder().decode(body.value));
  } finally {
    reservation.close();
  }
}

function parseObject(text: string): Result<Body, ApiProblem> {
  const problem = badRequest('The body is not a JSON object.', 'Send {"field": "value"}.');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(problem);
    return ok(Object.fromEntries(Object.entries(value)));
  } catch {
    return fail(problem);
  }
}

async function list(
  deps: EdgeDeps,
  c: Context,
  parameters: readonly string[],
  ask: (deps: EdgeDeps, query: ListQuery) => Promise<unknown>,
): Promise<Response> {
  const query = readListQuery(c.req.queries(), parameters, deps.gateway.sources);
  if (!query.ok) return apiError(query.failure);
  try {
    return jsonResponse(200, await ask(deps, query.value));
  } catch (error) {
    deps.log.error('archive_failed', { operation: 'list', error: errorText(error) });
    return apiError(ARCHIVE_DOWN);
  }
}

/** Names, addresses and secret ids; never a secret. */
function describeSources(deps: EdgeDeps) {
  return Array.from(deps.gateway.sources.values(), (source) => ({
    id: source.id,
    provider: source.provider.id,
    webhookUrl: `${deps.gateway.publicUrl}/webhooks/${encodeURIComponent(source.id)}`,
    mode: source.policy.live ? 'live' : 'shadow',
    paused: source.policy.paused,
    secretIds: source.secrets.map((secret) => secret.id),
    bytesMax: source.bytesMax,
    contentEncodings: source.contentEncodings,
  }));
}
