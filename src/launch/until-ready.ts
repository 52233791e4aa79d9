/** Waits for `/readyz` to say that an event can be accepted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchRefused } from './faults.ts';

/** `name` starts the sentence of the refusal: `The gateway`, `The Worker`. */
export async function untilReady(options: {
  readonly name: string;
  readonly ask: () => Response | Promise<Response>;
  readonly withinMs: number;
  readonly everyMs: number;
}): Promise<void> {
  const { name, ask, withinMs, everyMs } = options;
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const response = await ask();
    const answer = await response.text();
    if (response.ok) return;
    if (performance.now() > deadlineMs) {
      throw new LaunchRefused(`${name} did not become ready: ${answer}`);
    }
    await sleep(everyMs);
  }
}
