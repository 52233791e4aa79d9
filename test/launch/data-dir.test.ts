import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimDataDir } from '../../src/launch/data-dir.ts';
import { makeDirectory } from '../../src/launch/files.ts';
import { commandOf } from '../../src/launch/processes.ts';
import { keepSecrets, secretsPath } from '../../src/launch/secrets.ts';
import { wantedSecrets } from '../../src/launch/wanted-secrets.ts';
import { dir, freshDir, WANTED } from '../support/data-dir.ts';

freshDir();

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

  it.each([
    ['a list', '[]', 'it is no JSON object'],
    ['a word', '"whsec_x"', 'it is no JSON object'],
    ['nothing', 'null', 'it is no JSON object'],
    ['an empty file', '', 'it is no JSON object'],
    ['a number for a secret', '{"GITHUB_WEBHOOK_SECRET": 7}', 'GITHUB_WEBHOOK_SECRET'],
    ['an empty secret', '{"GITHUB_WEBHOOK_SECRET": ""}', 'GITHUB_WEBHOOK_SECRET'],
  ])('are never written over %s', (_what, text, problem) => {
    writeFileSync(secretsPath(dir), text);
    expect(() => keepSecrets(dir, WANTED, {}, randomBytes)).toThrow(
      new RegExp(`secrets\\.json is damaged: .*${problem}`),
    );
    expect(readFileSync(secretsPath(dir), 'utf8')).toBe(text);
  });

  it('are added to an object that holds others', () => {
    writeFileSync(secretsPath(dir), '{"OTHER": "kept"}');
    keepSecrets(dir, WANTED, {}, randomBytes);
    expect(JSON.parse(readFileSync(secretsPath(dir), 'utf8'))).toMatchObject({ OTHER: 'kept' });
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

/** A process that does what `code` says after it claimed `dir`, and says so. */
async function claimant(code: string): Promise<ChildProcess> {
  const module = JSON.stringify(import.meta.resolve('../../src/launch/data-dir.ts'));
  const script = `const { claimDataDir } = await import(${module});
    globalThis.release = claimDataDir(${JSON.stringify(dir)});
    ${code}
    console.log('claimed');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

describe('a data directory', () => {
  it('is refused while a live copy holds it, and given after that copy was killed', async () => {
    const other = await claimant('');
    try {
      expect(() => claimDataDir(dir)).toThrow(`another Hookline (process ${other.pid})`);
    } finally {
      await kill(other);
    }
    const release = claimDataDir(dir);
    expect(readFileSync(join(dir, 'hookline.pid'), 'utf8')).toBe(`${process.pid}\n`);
    expect(statSync(join(dir, 'hookline.lock')).mode & 0o777).toBe(0o600);
    release();
    expect(existsSync(join(dir, 'hookline.pid'))).toBe(false);
    claimDataDir(dir)();
  });

  it('is refused through a link to it, and after somebody removed or garbled the pid file', async () => {
    const link = `${dir}-link`;
    symlinkSync(dir, link);
    const release = claimDataDir(dir);
    try {
      expect(() => claimDataDir(link)).toThrow('in use by another Hookline');
      writeFileSync(join(dir, 'hookline.pid'), 'x');
      expect(() => claimDataDir(dir)).toThrow('in use by another Hookline. Stop');
      rmSync(join(dir, 'hookline.pid'));
      expect(() => claimDataDir(dir)).toThrow('in use by another Hookline. Stop');
    } finally {
      release();
      rmSync(link);
    }
  });

  it('is not held by what the copy started, once the copy itself is gone', async () => {
    const start = `const { spawn } = await import('node:child_process');
      const left = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      (await import('node:fs')).writeFileSync(${JSON.stringify(join(dir, 'left'))}, String(left.pid));`;
    await kill(await claimant(start));
    const left = Number(readFileSync(join(dir, 'left'), 'utf8'));
    expect(commandOf(left)).toContain('sleep 60');
    try {
      claimDataDir(dir)();
    } finally {
      process.kill(left, 'SIGKILL');
    }
  });

  it('is given when the recorded id now belongs to another program, also one with a name like ours', async () => {
    const script = join(dir, 'not-hookline-node.ts');
    writeFileSync(script, 'setInterval(() => {}, 1000);');
    const other = spawn(process.execPath, [script], { stdio: 'ignore' });
    await new Promise((resolve) => other.once('spawn', resolve));
    try {
      writeFileSync(join(dir, 'hookline.pid'), `${other.pid}\n`);
      claimDataDir(dir)();
    } finally {
      await kill(other);
    }
  });

  it('is made with every directory above it, and again is nothing', () => {
    const deep = join(dir, 'a', 'b', 'c');
    makeDirectory(deep);
    makeDirectory(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
  });
});
