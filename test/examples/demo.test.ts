/** `npm run demo`, as a person runs it, only faster. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../examples/support/example.ts';

async function runDemo(): Promise<{ readonly code: unknown; readonly output: string }> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')); // our own file
  const [program, ...args] = String(scripts.demo).split(' ');
  if (program !== 'node') throw new Error(`the demo is not started by node: ${scripts.demo}`);
  // A day in one and a half seconds; what the shell knows of real servers must stay out of it.
  const env = { ...process.env, DEMO_SCALE: '57600', SMTP_URL: 'smtp://mail.invalid' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

describe('the demo', () => {
  it('tells its story to the end, and every expectation holds', async () => {
    const { code, output } = await runDemo();
    expect(output).not.toMatch(/^ {2}NO /m);
    const [, held, all] = /^(\d+) of (\d+) as expected\.$/m.exec(output) ?? [];
    expect(Number(held)).toBeGreaterThanOrEqual(19);
    expect(held).toBe(all);
    expect(output).toMatch(/day +\d+\.\d +mail to ada@example\.com: /);
    expect(output).toMatch(/ {2}1 +team@example\.com +escalation/);
    expect(output).toContain('it stops cleanly');
    expect(code).toBe(0);
  }, 150_000);

  it('fails when one expectation is broken, and when there was none', () => {
    const kept = { claim: 'it holds', held: true, seen: '' };
    expect(exitCodeOf([kept])).toBe(0);
    expect(exitCodeOf([kept, { ...kept, held: false }])).toBe(1);
    expect(exitCodeOf([])).toBe(1);
  });
});
