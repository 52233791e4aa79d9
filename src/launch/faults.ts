/** Turns what can go wrong while starting into one sentence a person can act on. */
import { dirname, sep } from 'node:path';

/** An expected refusal to start or to go on; its message is the whole sentence. */
export class LaunchRefused extends Error {
  override name = 'LaunchRefused';
}

const FULL_DISK =
  /ENOSPC|no space left on device|database or disk is full|the disk under the archive is full|disk quota exceeded|EDQUOT/i;

/** True for every way a full disk shows itself: Node, SQLite, RocksDB and their logs. */
export function isDiskFull(text: string): boolean {
  return FULL_DISK.test(text);
}

/** The sentence about a full disk that ends the process. */
export function diskFullSentence(dataDir: string): string {
  return (
    `The disk that holds ${dataDir} is full. Free some space, or move the data with ` +
    'HOOKLINE_DATA_DIR, and start again; nothing that was acknowledged is lost.'
  );
}

/** The sentence about a full disk that the process waits out. */
export function diskFullWhileRunning(dataDir: string): string {
  return (
    `The disk that holds ${dataDir} is full. Free some space: until then, deliveries that cannot ` +
    'be kept are answered 503, so that providers send them again; after that it goes on by ' +
    'itself. Nothing that was acknowledged is lost.'
  );
}

/** What is the matter with a path of ours, as the rest of a sentence that starts with the path. */
const PATH_FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read or written by this user',
  EPERM: 'may not be read or written by this user',
  EROFS: 'cannot be written: its disk is read-only',
  EISDIR: 'is a directory where a file belongs',
  ENOTDIR: 'cannot be made or read: part of this path is a file',
  EEXIST: 'cannot be made: a file, or a link that leads nowhere, has this name',
  ENOENT: 'cannot be made or read: the place does not exist, or takes no files',
  ELOOP: 'cannot be read: it is a link that leads to itself',
  ENAMETOOLONG: 'cannot be made: its name is too long',
  EIO: 'cannot be read or written: its disk fails',
};

/** One sentence for an error nobody expected where it happened; stack only when it is a bug. */
export function explainFault(error: unknown, dataDir: string): string {
  if (error instanceof LaunchRefused) return error.message;
  const code = faultCode(error);
  const text = error instanceof Error ? `${code} ${error.message}` : String(error);
  if (isDiskFull(text)) return diskFullSentence(dataDir);
  if (error instanceof Error && 'syscall' in error && error.syscall === 'listen') {
    return `Hookline cannot ${error.message}. Stop what listens there, or move ours: --help says how.`;
  }
  const path = pathOf(error);
  const what = PATH_FAULTS[code];
  if (path !== null && what !== undefined && isOnTheWay(path, dataDir)) {
    return `${path} ${what} (${code}). Put that right, or set HOOKLINE_DATA_DIR to another place.`;
  }
  if (error instanceof Error) return `Hookline could not go on: ${error.stack ?? error.message}`;
  return `Hookline could not go on: ${text}`;
}

/** The system's name of a fault (`ENOENT`); empty when it has none. */
export function faultCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** A rename fails for its target: the draft that it starts from is no business of the reader. */
function pathOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('dest' in error && typeof error.dest === 'string') return error.dest;
  return 'path' in error && typeof error.path === 'string' ? error.path : null;
}

/** Inside the data directory, or above it: a fault anywhere else is a bug or a broken installation. */
function isOnTheWay(path: string, dataDir: string): boolean {
  if (path === dataDir || path.startsWith(dataDir + sep)) return true;
  return path !== dirname(path) && dataDir.startsWith(path + sep);
}
