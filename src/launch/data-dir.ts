/**
 * One live copy per data directory: `{dataDir}/hookline.pid` names it. Two copies on one Restate
 * base directory or one clock would corrupt both.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchRefused } from './faults.ts';
import { commandOf } from './processes.ts';

/** Something only our own start commands have on their command line. */
const OWN_COMMAND = /node\.ts|dev-edge\.ts/;

/**
 * Creates the directory if needed and claims it for this process; returns the release. Refuses
 * while another live copy holds it; a pid file left by a crash is taken over.
 */
export function claimDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'hookline.pid');
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = Number(readFileSync(path, 'utf8').trim());
    // In a container every start has the same small pid: our own number is never another copy.
    const alive = holder !== process.pid && OWN_COMMAND.test(commandOf(holder) ?? '');
    if (alive || attempt > 3) {
      throw new LaunchRefused(
        `${dataDir} is in use by another Hookline (process ${holder}). Stop that one, or give this ` +
          'one its own HOOKLINE_DATA_DIR and ports.',
      );
    }
    rmSync(path, { force: true });
  }
}
