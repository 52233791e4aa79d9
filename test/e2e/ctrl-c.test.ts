import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { commandOf } from '../../src/launch/processes.ts';
import { type Launched, launchEnvironment, launchInTerminal } from '../support/launched.ts';

const dir = mkdtempSync(join(tmpdir(), 'hookline-ctrl-c-'));
let running: Launched | null = null;
afterAll(async () => {
  if (running !== null && groupLives(running.pid)) running.signal('SIGKILL');
  await running?.exited;
  rmSync(dir, { recursive: true, force: true });
});

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

// Ctrl-C reaches npm, the gateway and whatever shares their group, all at the same moment.
it('ends npm start on Ctrl-C, cleanly, with nothing left running', async () => {
  const env = await launchEnvironment(join(dir, 'data'));
  running = launchInTerminal(['npm', 'start'], env);
  await running.ready;
  const children = ['restate.pid', 'maildev.pid'].map((name) =>
    Number(readFileSync(join(dir, 'data', name), 'utf8')),
  );
  expect(children.map((pid) => commandOf(pid) !== null)).toEqual([true, true]);
  running.signal('SIGINT');
  // What npm's own shell makes of the signal is npm's; the gateway says how it ended itself.
  expect([0, 130, 'SIGINT']).toContain(await running.exited);
  expect(running.stderr()).toMatch(/\nStopping\. Press Ctrl-C again to force\.\nStopped\.\n$/);
  expect(children.map(commandOf)).toEqual([null, null]);
  expect(groupLives(running.pid)).toBe(false);
  const left = readdirSync(join(dir, 'data'));
  expect(left.filter((name) => /\.pid$|-wal$/.test(name))).toEqual([]);
}, 120_000);
