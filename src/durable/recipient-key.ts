/** The key of a mailbox's `Recipient` object. */
import { createHash } from 'node:crypto';

/**
 * First 32 hex digits of the SHA-256 of the lower-case address: keys show up in logs, SQL tables
 * and URLs of Restate, where a customer's address has no business.
 */
export function recipientKeyOf(address: string): string {
  return createHash('sha256').update(address.trim().toLowerCase()).digest('hex').slice(0, 32);
}
