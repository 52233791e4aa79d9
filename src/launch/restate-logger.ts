/** The SDK's log lines, in our log: what a handler failed with, never its payload. */
import type { LoggerTransport } from '@restatedev/restate-sdk';
import { errorText, type Log } from '../edge/log.ts';

/**
 * Warnings and errors only; the journal's own chatter is Restate's business. What belongs to no
 * invocation, and what breaks because we are stopping, is no news for the terminal.
 */
export function restateLogger(log: Log, isStopping: () => boolean): LoggerTransport {
  return (meta, message, ...rest) => {
    if (meta.replaying || (meta.level !== 'warn' && meta.level !== 'error')) return;
    const { context } = meta;
    const error: unknown = [message, ...rest].find((part) => part instanceof Error);
    const level = context === undefined || isStopping() ? 'info' : meta.level;
    log[level]('object', {
      handler: context === undefined ? null : `${context.serviceName}.${context.handlerName}`,
      invocation: context?.invocationId ?? null,
      message: error === undefined ? String(message) : errorText(error),
    });
  };
}
