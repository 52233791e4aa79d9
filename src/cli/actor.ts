/** Who decides: every decision of an operator is recorded with a name. */
import { userInfo } from 'node:os';

export const BY = {
  kind: 'text',
  value: 'NAME',
  about: 'who decides (default: your user name)',
} as const;

/** The name given with `--by`, or that of the user at this terminal. */
export function actorOf(by: string | null): string {
  if (by !== null) return by;
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
}
