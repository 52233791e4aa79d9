/**
 * One live copy per data directory. Two copies on one Restate base directory or one clock would
 * corrupt both.
 */
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LaunchRefused } from './faults.ts';
import { makeDirectory } from './files.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/**
 * Creates the directory if needed and claims it for this process; returns the release. Refuses
 * while another live copy holds it. What decides is a lock of the operating system on
 * `hookline.lock`, which ends with its process however that ends; a process id proves nothing,
 * since ids are used again and mean something else in another container.
 */
export function claimDataDir(dataDir: string): () => void {
  makeDirectory(dataDir);
  const lock = takeLock(join(dataDir, 'hookline.lock'), dataDir);
  const pidPath = join(dataDir, 'hookline.pid');
  // For people, and for the sentence of whoever is refused.
  writeFileSync(pidPath, `${process.pid}\n`);
  return () => {
    rmSync(pidPath, { force: true });
    lock.close();
  };
}

/** SQLite asks every system for its locks in the right way; the file stays empty. */
function takeLock(path: string, dataDir: string): DatabaseSync {
  let lock: DatabaseSync | null = null;
  try {
    // Another user who may open it could hold the lock against us.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('PRAGMA journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const code =
      error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
    if (code === SQLITE_BUSY) throw new LaunchRefused(inUse(dataDir));
    // The system's own error names the path and the reason, where SQLite's says "cannot open".
    closeSync(openSync(path, 'a', 0o600));
    if (code !== SQLITE_NOTADB) throw error;
    throw new LaunchRefused(
      `${path} is not the lock of a Hookline, which is an empty file. Remove it, and start again.`,
    );
  }
}

function inUse(dataDir: string): string {
  const holder = holderOf(dataDir);
  return (
    `${dataDir} is in use by another Hookline${holder === null ? '' : ` (process ${holder})`}. Stop ` +
    'that one, or give this one its own HOOKLINE_DATA_DIR and ports.'
  );
}

function holderOf(dataDir: string): string | null {
  try {
    return /^\d+$/.exec(readFileSync(join(dataDir, 'hookline.pid'), 'utf8').trim())?.[0] ?? null;
  } catch {
    return null;
  }
}
