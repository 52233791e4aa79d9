/** The CLI in this process: what it printed, and a clock and randomness that the test owns. */

import type { World } from '../../src/cli/command.ts';
import { run } from '../../src/cli/main.ts';
import { createPrint } from '../../src/cli/print.ts';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function cli(argv: readonly string[], over: Partial<World> = {}): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    env: { HOOKLINE_DATA_DIR: '/nonexistent', HOOKLINE_URL: 'http://127.0.0.1:9' },
    cwd: process.cwd(),
    print: createPrint({ write: (text) => out.push(text) }, { write: (text) => err.push(text) }),
    nowMs: () => Date.UTC(2026, 10, 24, 9),
    monotonicMs: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    randomBytes: (count) => new Uint8Array(count).fill(7),
    fetch,
    ...over,
  });
  return { code, out: out.join(''), err: err.join('') };
}
