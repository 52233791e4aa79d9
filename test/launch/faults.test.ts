import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';
import { archiveRefusal } from '../../src/launch/archive-fault.ts';
import { keepClock } from '../../src/launch/clock-file.ts';
import { claimDataDir } from '../../src/launch/data-dir.ts';
import { diskFullWhileRunning, explainFault, isDiskFull } from '../../src/launch/faults.ts';
import { hasRoom, writeFileDurably } from '../../src/launch/files.ts';
import { keepSecrets } from '../../src/launch/secrets.ts';
import { dir, freshDir, WANTED } from '../support/data-dir.ts';

freshDir();

/** What `explainFault` says about what `act` throws. */
function explained(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return explainFault(error, dir);
  }
  throw new Error('nothing was thrown');
}

describe('a data directory that cannot be used is one sentence with its path and the remedy', () => {
  const sentence = (path: string, code: string) =>
    expect.stringMatching(new RegExp(`^${path} .* \\(${code}\\)\\. .*HOOKLINE_DATA_DIR.*\\.$`));
  const fileIn = (name: string): string => {
    writeFileSync(join(dir, name), '');
    return join(dir, name);
  };

  it('where a file is', () => {
    const path = fileIn('file');
    expect(explained(() => claimDataDir(path))).toEqual(sentence(path, 'EEXIST'));
  });

  it('below a file', () => {
    const path = join(fileIn('file'), 'data');
    expect(explained(() => claimDataDir(path))).toEqual(sentence(path, 'ENOTDIR'));
  });

  it('behind a link that leads nowhere', () => {
    symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
    const path = join(dir, 'link');
    expect(explained(() => claimDataDir(path))).toEqual(sentence(path, 'EEXIST'));
  });

  it('with a directory where the lock, a secret or the clock belongs', () => {
    for (const [name, act] of [
      ['hookline.lock', () => claimDataDir(dir)],
      ['secrets.json', () => keepSecrets(dir, WANTED, {}, randomBytes)],
      ['clock.json', () => keepClock(dir, null, 1, false)],
      ['ready.json', () => writeFileDurably(join(dir, 'ready.json'), '', 0o644)],
    ] as const) {
      mkdirSync(join(dir, name));
      expect(explained(act)).toEqual(sentence(join(dir, name), 'EISDIR'));
      rmSync(join(dir, name), { recursive: true });
    }
    expect(readdirSync(dir).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('with a lock file that is something else', () => {
    writeFileSync(join(dir, 'hookline.lock'), 'not ours');
    expect(explained(() => claimDataDir(dir))).toMatch(/hookline\.lock .* Remove it/);
  });

  // The kernel answers ENOENT for every name there, and mkdirSync with `recursive` then never
  // returns: in a process of its own that is a failed test and no hung one.
  it.runIf(process.platform === 'linux')('in a place where nothing can be made', () => {
    const module = (name: string) =>
      JSON.stringify(import.meta.resolve(`../../src/launch/${name}`));
    const script = `const { makeDirectory } = await import(${module('files.ts')});
      const { explainFault } = await import(${module('faults.ts')});
      for (const path of ['/proc/x', '/proc/x/data']) {
        try { makeDirectory(path); } catch (error) { console.log(explainFault(error, path)); }
      }`;
    const argv = ['--input-type=module', '--eval', script];
    const run = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 10_000 });
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines).toEqual([sentence('/proc/x', 'ENOENT'), sentence('/proc/x', 'ENOENT')]);
  });

  it('and so is an address that somebody took since it was found free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo; // a TCP server, which has a port
    const [error] = await once(createServer().listen(port, '127.0.0.1'), 'never').catch(
      (thrown: unknown) => [thrown],
    );
    holder.close();
    expect(explainFault(error, dir)).toMatch(
      new RegExp(`^Hookline cannot listen EADDRINUSE.*127\\.0\\.0\\.1:${port}\\. .*--help`),
    );
  });

  it('and a fault somewhere else keeps its stack, because it is a bug', () => {
    const bug = thrownBy(() => readFileSync('/nowhere/at/all'));
    expect(explainFault(bug, dir)).toContain('    at ');
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}

describe('an archive that cannot be opened is one sentence with its path and the remedy', () => {
  async function refusalOf(path: string): Promise<string> {
    const opened = openNodeArchive(path);
    const error: unknown = await opened.then(() => null).catch((thrown: unknown) => thrown);
    return explainFault(archiveRefusal(error, path), dir);
  }

  it('when it is no database', async () => {
    const path = join(dir, 'archive.db');
    writeFileSync(path, 'garbage '.repeat(1000));
    expect(await refusalOf(path)).toMatch(
      new RegExp(`^The archive ${path} .*not a SQLite database.* move it away`),
    );
  });

  it('when a newer version wrote it', async () => {
    const path = join(dir, 'archive.db');
    await (await openNodeArchive(path)).close();
    const database = new DatabaseSync(path);
    database.exec("INSERT INTO schema_migrations (version, name) VALUES (9999, 'later')");
    database.close();
    expect(await refusalOf(path)).toMatch(new RegExp(`^The archive ${path} .*newer Hookline`));
  });

  it('when a directory is there, or none above it', async () => {
    mkdirSync(join(dir, 'archive.db'));
    expect(await refusalOf(join(dir, 'archive.db'))).toMatch(/archive\.db .*EISDIR.*DATABASE_URL/);
    expect(await refusalOf(join(dir, 'no', 'a.db'))).toMatch(/no\/a\.db .*ENOENT.*DATABASE_URL/);
  });
});

describe('a disk', () => {
  it('with room is found to have it, and nothing is left there', () => {
    expect(hasRoom(dir)).toBe(true);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('that cannot be written for another reason is not called full', () => {
    expect(hasRoom(join(dir, 'nowhere'))).toBe(true);
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

  it('in the middle of a run asks for room and for nothing else', () => {
    const sentence = diskFullWhileRunning('/srv/x');
    expect(sentence).toMatch(/^The disk that holds \/srv\/x is full\. .*503.*by itself/);
    expect(sentence).not.toContain('start again');
  });

  it('is not seen in other faults', () => {
    expect(isDiskFull('EADDRINUSE: address already in use')).toBe(false);
  });
});
