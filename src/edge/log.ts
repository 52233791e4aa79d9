/**
 * Structured logs: one JSON line per entry, written in one place through an injected sink.
 * Secrets, signatures, bodies and addresses have no field here; whatever text arrives from outside
 * is cut, and anything that looks like a mail address is masked, because error texts quote them.
 */
export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;
export type LogSink = (line: string, level: LogLevel) => void;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const TEXT_CHARS_MAX = 300;
/** Looked at for addresses; far more than masking could shrink to what is shown. */
const MASKED_CHARS_MAX = 8192;

/** `wallNow` in epoch ms; the sink gets a line without its line break. */
export function createLog(options: { sink: LogSink; wallNow: () => number }): Log {
  const write = (level: LogLevel, event: string, fields: LogFields = {}): void => {
    const entry: Record<string, string | number | boolean | null> = {
      at: new Date(options.wallNow()).toISOString(),
      level,
      event,
    };
    for (const [name, value] of Object.entries(fields))
      entry[name] = typeof value === 'string' ? printable(value) : value;
    options.sink(JSON.stringify(entry), level);
  };
  return {
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  };
}

/** Standard output for what happened, standard error for what went wrong; Node and workerd alike. */
export const consoleSink: LogSink = (line, level) => {
  // biome-ignore lint/suspicious/noConsole: the one place that writes log lines
  (level === 'error' ? console.error : console.log)(line);
};

/** The text of an error for a log or a note: its message only, never a stack or its fields. */
export function errorText(error: unknown): string {
  return printable(error instanceof Error ? error.message : 'unknown error');
}

/** Mail addresses masked (`a***@example.com`), then cut to 300 characters. */
export function printable(text: string): string {
  // Masked before the cut, which could take the host away and leave a name that is no address.
  const masked = maskAddresses(text.slice(0, MASKED_CHARS_MAX));
  return masked.length > TEXT_CHARS_MAX ? `${masked.slice(0, TEXT_CHARS_MAX)}…` : masked;
}

/** Everything that looks like a mail address keeps its first character and its host. */
export function maskAddresses(text: string): string {
  return text.replace(
    /([^\s@<>"',;:()]{1,64})@([A-Za-z0-9.-]{1,253})/g,
    (_, local: string, host) => `${local.slice(0, 1)}***@${host}`,
  );
}
