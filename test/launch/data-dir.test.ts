import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepClock, nextLine } from '../../src/launch/clock-file.ts';
import { claimDataDir } from '../../src/launch/data-dir.ts';
import { explainFault, isDiskFull } from '../../src/launch/faults.ts';
import { keepSecrets, secretsPath, type WantedSecret } from '../../src/launch/secrets.ts';
import { wantedSecrets } from '../../src/launch/wanted-secrets.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hookline-dir-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const WANTED: readonly WantedSecret[] = [
  { variable: 'STRIPE_WEBHOOK_SECRET', form: 'whsec' },
  { variable: 'GITHUB_WEBHOOK_SECRET', form: 'hex' },
];

describe('secrets', () => {
  it('are generated once, in the form the provider uses', () => {
    const first = keepSecrets(dir, WANTED, {}, randomBytes);
    expect(first.values['STRIPE_WEBHOOK_SECRET']).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(first.values['GITHUB_WEBHOOK_SECRET']).toMatch(/^[0-9a-f]{64}$/);
    expect(keepSecrets(dir, WANTED, {}, randomBytes)).toEqual(first);
  });

  it('are readable by the owner only, also after somebody widened the rights', () => {
    keepSecrets(dir, WANTED, {}, randomBytes);
    expect(statSync(secretsPath(dir)).mode & 0o777).toBe(0o600);
    chmodSync(secretsPath(dir), 0o644);
    keepSecrets(dir, WANTED, {}, randomBytes);
    expect(statSync(secretsPath(dir)).mode & 0o777).toBe(0o600);
  });

  it('come from the environment first and are then not written down', () => {
    const env = { STRIPE_WEBHOOK_SECRET: 'whsec_mine' };
    const kept = keepSecrets(dir, WANTED, env, randomBytes);
    expect(kept.values['STRIPE_WEBHOOK_SECRET']).toBe('whsec_mine');
    expect(kept.fromFile).toEqual(['GITHUB_WEBHOOK_SECRET']);
    expect(readFileSync(secretsPath(dir), 'utf8')).not.toContain('whsec_mine');
  });

  it('are not replaced silently when the file is damaged', () => {
    writeFileSync(secretsPath(dir), '{"STRIPE_WEBHOOK_SE');
    expect(() => keepSecrets(dir, WANTED, {}, randomBytes)).toThrow('is damaged');
  });

  it('are invented for the first variable of a source and never for a rotation or a typo', () => {
    const config = {
      sources: {
        stripe: { provider: 'stripe', secrets: ['A', 'A_OLD'] },
        strip: { provider: 'strip', secrets: ['B'] },
      },
      mail: { from: '', businessName: '', team: [] },
    };
    const variables = wantedSecrets(config, {}).map(({ variable }) => variable);
    expect(variables).toEqual(['HOOKLINE_TOKEN', 'HOOKLINE_LINK_SECRET', 'A']);
  });
});

describe('the clock of a data directory', () => {
  const T0 = 1_700_000_000_000;
  const DAY = 86_400_000;

  it('is real time until a scale is asked for, and stays on its line over restarts', () => {
    expect(keepClock(dir, null, T0)).toMatchObject({ value: { line: { scale: 1 }, remark: null } });
    const scaled = keepClock(dir, 86_400, T0 + 1000);
    if (!scaled.ok) throw new Error(scaled.failure);
    expect(scaled.value.clock.fromWall(T0 + 2000)).toBe(T0 + 1000 + DAY);
    const again = keepClock(dir, null, T0 + 60_000);
    if (!again.ok) throw new Error(again.failure);
    expect(again.value.line).toEqual(scaled.value.line);
    expect(again.value.remark).toContain('86400 times');
  });

  it('never moves back when the scale changes', () => {
    const fast = { scale: 86_400, baseMs: T0 };
    const now = T0 + 10_000;
    const slower = nextLine(fast, 3600, now);
    if (slower === null) throw new Error('refused');
    const ahead = T0 + 10_000 * 86_400;
    const { baseMs, scale } = slower;
    const at = (wall: number) => baseMs + (wall - baseMs) * scale;
    expect(Math.abs(at(now) - ahead)).toBeLessThanOrEqual(scale);
    expect(at(now + 1000) - at(now)).toBe(3_600_000);
  });

  it('refuses to go back to real time once it is ahead', () => {
    keepClock(dir, 10, T0);
    const refused = keepClock(dir, 1, T0 + 1000);
    expect(refused.ok).toBe(false);
    expect(refused).toMatchObject({ failure: expect.stringContaining('HOOKLINE_DATA_DIR') });
  });
});

describe('a data directory', () => {
  it('is refused while a live copy holds it, and given after that copy was killed', async () => {
    const script = join(dir, 'node.ts');
    writeFileSync(script, 'setInterval(() => {}, 1000);');
    const other = spawn(process.execPath, [script], { stdio: 'ignore' });
    try {
      await new Promise((resolve) => other.once('spawn', resolve));
      writeFileSync(join(dir, 'hookline.pid'), `${other.pid}\n`);
      expect(() => claimDataDir(dir)).toThrow(`process ${other.pid}`);
    } finally {
      other.kill('SIGKILL');
      await new Promise((resolve) => other.once('exit', resolve));
    }
    const release = claimDataDir(dir);
    expect(readFileSync(join(dir, 'hookline.pid'), 'utf8')).toBe(`${process.pid}\n`);
    release();
    expect(() => statSync(join(dir, 'hookline.pid'))).toThrow();
  });

  it('is given when the recorded id now belongs to another program', () => {
    writeFileSync(join(dir, 'hookline.pid'), '1\n');
    claimDataDir(dir)();
  });
});

describe('a full disk', () => {
  it.each([
    'ENOSPC: no space left on device, write',
    'database or disk is full',
    'IO error: No space left on device: While appending to file',
  ])('is recognized in "%s"', (text) => {
    expect(isDiskFull(text)).toBe(true);
    expect(explainFault(new Error(text), '/srv/x')).toMatch(
      /^The disk that holds \/srv\/x is full\./,
    );
  });

  it('is not seen in other faults', () => {
    expect(isDiskFull('EADDRINUSE: address already in use')).toBe(false);
  });
});
