/**
 * Message-IDs are derived, never drawn: SMTP cannot tell a repeat, so a mail that is sent again
 * after a crash carries the id of the first and the recipient's program folds the two into one.
 */
import { createHash } from 'node:crypto';

function hostPart(host: string): string {
  const name = host
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 200);
  return /^[a-z0-9]/.test(name) ? name.replace(/[.-]+$/, '') : 'hookline.invalid';
}

function derivedId(text: string, host: string): string {
  return `<${createHash('sha256').update(text.toWellFormed()).digest('hex')}@${hostPart(host)}>`;
}

/** The same for every attempt to send one notice. `host`: a name, `:` and the like become `-`. */
export function messageIdOf(noticeId: string, host: string): string {
  return derivedId(noticeId, host);
}

/**
 * The root that all mails about one subject to one kind of reader refer to, so that they thread.
 * Customer and team are apart: a shared mailbox must not fold the escalation under the reminder.
 */
export function threadIdOf(subject: string, audience: string, host: string): string {
  return derivedId(`thread ${audience} ${subject}`, host);
}

/** One id for a digest of these notices, whatever their order. */
export function digestIdOf(noticeIds: readonly string[], host: string): string {
  return derivedId(`digest ${JSON.stringify([...noticeIds].sort())}`, host);
}
