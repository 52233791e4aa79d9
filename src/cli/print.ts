/** The only writer of the CLI: results to standard output, everything else to standard error. */

export interface Print {
  /** A line of the result. */
  line(text?: string): void;
  /** The whole result, for programs. */
  json(value: unknown): void;
  /** A line about what is going on, or went wrong. */
  remark(text: string): void;
  /** A line that replaces the one before; nothing unless a person is watching. */
  progress(text: string): void;
}

interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** `out` and `err` are the process's streams, or a test's. */
export function createPrint(out: Sink, err: Sink): Print {
  let progressShown = false;
  const clear = (): void => {
    if (progressShown) err.write('\r\u001b[K');
    progressShown = false;
  };
  return {
    line: (text = '') => {
      clear();
      out.write(`${printable(text)}\n`);
    },
    json: (value) => {
      clear();
      out.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    remark: (text) => {
      clear();
      err.write(`${printable(text)}\n`);
    },
    progress: (text) => {
      if (err.isTTY !== true) return;
      err.write(`\r\u001b[K${printable(text)}`);
      progressShown = true;
    },
  };
}

/**
 * Control characters become visible: a payload's text ends on an operator's terminal, where an
 * escape sequence could rewrite what was printed before it.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /(?![\t\n])[\p{Cc}\p{Bidi_Control}]/gu,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** Columns padded to their widest cell, two spaces between; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
