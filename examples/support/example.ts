/** How every example is run, by a person or by a test, and how it says what it expected. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type GivenServers, type Hookline, startHookline } from './hookline.ts';

/** One thing the example claims, and whether it came true. */
export interface Expectation {
  readonly claim: string;
  readonly held: boolean;
  /** What was seen instead; empty when it held. */
  readonly seen: string;
}

export interface Stage {
  readonly hookline: Hookline;
  readonly say: (line?: string) => void;
  /** Notes whether a claim holds, and says so. */
  expect(claim: string, held: boolean, seen?: unknown): void;
}

export interface Example {
  readonly title: string;
  readonly config: string;
  readonly timeScale: number;
  readonly play: (stage: Stage) => Promise<void>;
}

export interface ExampleRun {
  readonly given?: GivenServers | undefined;
  readonly say: (line?: string) => void;
  /** Told about the running Hookline, so that it can be stopped from outside. */
  readonly started?: (hookline: Hookline) => void;
}

/** Plays an example against a Hookline of its own and stops it again, whatever happened. */
export async function playExample(
  example: Example,
  { given, say, started }: ExampleRun,
): Promise<readonly Expectation[]> {
  const expectations: Expectation[] = [];
  say(example.title);
  const hookline = await startHookline({ ...example, given });
  started?.(hookline);
  const expect: Stage['expect'] = (claim, held, seen) => {
    const shown = held || seen === undefined ? '' : JSON.stringify(seen);
    expectations.push({ claim, held, seen: shown });
    say(`  ${held ? 'yes' : 'NO '}  ${claim}${shown === '' ? '' : `; seen: ${shown}`}`);
  };
  let code: number | string = 'not stopped';
  try {
    await example.play({ hookline, say, expect });
  } finally {
    code = await hookline.stop();
  }
  expect('it stops cleanly', code === 0, code);
  return expectations;
}

/** The example as a command: exit 0 only if everything it claims came true. */
export async function runAsCommand(example: Example): Promise<void> {
  const say = (line = ''): void => void process.stdout.write(`${line}\n`);
  const expectations = await playExample(example, {
    say,
    started: (hookline) => {
      // Ctrl-C stops what was started, in order, before this process ends.
      const interrupted = (): void => void hookline.stop().finally(() => process.exit(130));
      process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
    },
  });
  const held = expectations.filter((one) => one.held).length;
  say(`${held} of ${expectations.length} as expected.`);
  process.exitCode = exitCodeOf(expectations);
}

/** 0 only if something was expected and all of it came true. */
export function exitCodeOf(expectations: readonly Expectation[]): 0 | 1 {
  return expectations.length > 0 && expectations.every(({ held }) => held) ? 0 : 1;
}

/** Looks again until there is something to see; null when there is nothing after `withinMs`. */
export async function seenWithin<Value>(
  withinMs: number,
  look: () => Promise<Value | null>,
): Promise<Value | null> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== null || performance.now() > deadline) return value;
    await sleep(300);
  }
}
