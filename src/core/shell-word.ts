/**
 * One word for a shell that reads as POSIX says: as it is where no shell makes anything of it, else
 * in single quotes. Ids come from senders: pasted as they are, `$(…)` in one would be run.
 */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
