/**
 * The only place where a `TerminalError` is made or told apart. A terminal error ends an
 * invocation for good, so each one here says why no retry could help.
 */
import * as restate from '@restatedev/restate-sdk';

/** The caller sent what no handler of ours can read; sending it again cannot help. */
export function unreadableMessage(detail: string): restate.TerminalError {
  return new restate.TerminalError(`unreadable message: ${detail}`, { errorCode: 400 });
}

/**
 * True when a `ctx.run` gave up after its own attempts. False for a cancellation, which must
 * travel on: swallowing it would make an invocation that cannot be ended.
 */
export function isExhaustedRun(error: unknown): error is restate.TerminalError {
  return error instanceof restate.TerminalError && !(error instanceof restate.CancelledError);
}

/** One line for people, bounded: reasons group failures, so ids and stacks stay out of it. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (text.split('\n')[0] ?? '').slice(0, REASON_CHARS_MAX);
}

export const REASON_CHARS_MAX = 300;

/** A question about a source that is not in the config; it stays wrong until the config changes. */
export function unknownSource(source: string): restate.TerminalError {
  return new restate.TerminalError(`source ${source} is not in the config`, { errorCode: 404 });
}

/** A question about a ladder that neither the config nor the defaults have. */
export function unknownLadder(id: string): restate.TerminalError {
  return new restate.TerminalError(`no ladder is called ${id}`, { errorCode: 404 });
}
