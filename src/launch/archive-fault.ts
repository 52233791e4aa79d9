/** Why the archive's file cannot be opened, as one sentence a person can act on. */
import { dirname } from 'node:path';
import { ArchiveError } from '../archive/errors.ts';
import { diskFullSentence, isDiskFull, LaunchRefused } from './faults.ts';

/** What to throw in place of `error`, which opening the archive at `path` rejected with. */
export function archiveRefusal(error: unknown, path: string): unknown {
  return error instanceof ArchiveError ? new LaunchRefused(sentence(error, path)) : error;
}

function sentence({ reason, message }: ArchiveError, path: string): string {
  if (reason === 'full' || isDiskFull(message)) return diskFullSentence(dirname(path));
  const text = message.replace(/\.$/, '');
  switch (reason) {
    case 'newer_schema':
    case 'changed_migration':
      return `The archive ${path} does not fit this program. ${text}.`;
    case 'locked':
      return `The archive ${path} is in use: ${text}. Stop the program that holds it, and start again.`;
    case 'corrupt':
      return (
        `The archive ${path} cannot be read: ${text}. Put it back from a copy, or move it away ` +
        'together with its -wal and -shm files to start an empty one: follow-ups go on, and events ' +
        'kept so far are then not found in it.'
      );
    default:
      return (
        `The archive ${path} cannot be opened: ${text}. Make it a file that this user may write, ` +
        'or name another place with DATABASE_URL=file:/path/to/archive.db.'
      );
  }
}
