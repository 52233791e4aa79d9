/** Asks the gateway's `/api`. Every failure is a sentence that says what to type next. */
import { fail, ok, type Result } from '../core/result.ts';
import type { World } from './command.ts';
import { type Connection, connectionOf } from './connection.ts';

export interface ApiFailure {
  /** Null: no answer at all. */
  readonly status: number | null;
  /** What was answered: parsed JSON, or text. */
  readonly answer?: unknown;
  readonly sentence: string;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  /** Starts with `/api/`; its parts already encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** What to type when the wish is not granted, by what was answered. */
  readonly next?: (answer: unknown) => string;
}

const TIMEOUT_MS = 15_000;

/** One request with the operator token. */
export async function askApi(
  world: World,
  request: ApiRequest,
): Promise<Result<unknown, ApiFailure>> {
  const connection = connectionOf(world);
  if (connection.token === null) {
    return fail({
      status: null,
      sentence:
        `No operator token: HOOKLINE_TOKEN is not set, and ${connection.notKept}. Run this where ` +
        'you ran `npm start`, with the same HOOKLINE_DATA_DIR, or set HOOKLINE_TOKEN.',
    });
  }
  // Sent as it is, the error would print it.
  if (!/^[\x21-\x7e]+$/.test(connection.token)) {
    return fail({
      status: null,
      sentence:
        'HOOKLINE_TOKEN holds a space, a line break or a letter that no token has. Set it to the ' +
        'one that `npm start` printed.',
    });
  }
  let response: Response;
  try {
    response = await world.fetch(`${connection.url}${request.path}`, {
      method: request.method,
      headers: {
        authorization: `Bearer ${connection.token}`,
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      // A redirect would carry the token to wherever it points.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    return fail({ status: null, sentence: noAnswerSentence(connection, error) });
  }
  const answer = await readJson(response);
  if (response.ok) return ok(answer);
  return fail({
    status: response.status,
    answer,
    sentence: refusalSentence(response.status, answer, request),
  });
}

/** Why nobody answered, and what to do. */
export function noAnswerSentence(connection: Pick<Connection, 'url'>, error: unknown): string {
  if (!isAddress(connection.url)) {
    // Not repeated: it may hold a password.
    return (
      'What HOOKLINE_URL or HOOKLINE_PORT says is no address of a gateway. Write it as ' +
      'HOOKLINE_URL=http://127.0.0.1:8787, without a login, or HOOKLINE_PORT=8787.'
    );
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code =
    cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
      ? cause.code
      : cause instanceof Error
        ? cause.message || cause.name
        : String(cause);
  const why = code === 'ECONNREFUSED' ? 'nothing listens there' : code;
  return (
    `No gateway answers at ${connection.url} (${why}). Start one with \`npm start\`, or say where ` +
    'it is with HOOKLINE_URL or HOOKLINE_PORT.'
  );
}

function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  return isHttp && url.username === '' && url.password === '';
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 500);
  }
}

/** What to type after a refusal with this code, whatever was asked. */
const NEXT_OF: ReadonlyMap<unknown, string> = new Map([
  ['unknown_subject', 'hookline events list'],
  ['unknown_source', 'hookline sources list'],
  ['unknown_issue', 'hookline issues'],
  ['not_suppressed', 'hookline recipients show ADDRESS'],
]);

function refusalSentence(status: number, answer: unknown, { next }: ApiRequest): string {
  if (status === 401) {
    return (
      'The gateway does not accept this operator token. Use the HOOKLINE_TOKEN it was started with ' +
      '(`npm start` prints it), or run this in its directory.'
    );
  }
  const error = fieldOf(answer, 'error');
  const message = fieldOf(error, 'message') ?? (typeof error === 'string' ? error : null);
  // The remedies of the API are written for scripts; where the CLI knows better it says so.
  const typed =
    NEXT_OF.get(fieldOf(error, 'code')) ?? (status === 409 ? next?.(answer) : undefined);
  const remedy = typed === undefined ? fieldOf(error, 'remedy') : `Type: ${typed}`;
  if (typeof message === 'string') {
    const said = /[.!?]$/.test(message) ? message : `${message}.`;
    return [said, remedy].filter((part) => typeof part === 'string').join(' ');
  }
  return `The gateway answered ${status}${typeof answer === 'string' && answer !== '' ? `: ${answer}` : '.'}`;
}

/** A field of an object of unknown shape. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name] // an object, just checked
    : undefined;
}
