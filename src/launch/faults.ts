/** Turns what can go wrong while starting into one sentence a person can act on. */

/** An expected refusal to start or to go on; its message is the whole sentence. */
export class LaunchRefused extends Error {
  override name = 'LaunchRefused';
}

const FULL_DISK =
  /ENOSPC|no space left on device|database or disk is full|disk quota exceeded|EDQUOT/i;

/** True for every way a full disk shows itself: Node, SQLite, RocksDB and their logs. */
export function isDiskFull(text: string): boolean {
  return FULL_DISK.test(text);
}

/** The sentence about a full disk. */
export function diskFullSentence(dataDir: string): string {
  return (
    `The disk that holds ${dataDir} is full. Free some space, or move the data with ` +
    'HOOKLINE_DATA_DIR, and start again; nothing that was acknowledged is lost.'
  );
}

/** One sentence for an error nobody expected where it happened; stack only when it is a bug. */
export function explainFault(error: unknown, dataDir: string): string {
  if (error instanceof LaunchRefused) return error.message;
  const text = error instanceof Error ? `${codeOf(error)} ${error.message}` : String(error);
  if (isDiskFull(text)) return diskFullSentence(dataDir);
  if (error instanceof Error && /^(EACCES|EROFS|EPERM)$/.test(codeOf(error))) {
    return `${dataDir} cannot be written (${codeOf(error)}). Give this user the right to, or set HOOKLINE_DATA_DIR.`;
  }
  if (error instanceof Error) return `Hookline could not go on: ${error.stack ?? error.message}`;
  return `Hookline could not go on: ${text}`;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
