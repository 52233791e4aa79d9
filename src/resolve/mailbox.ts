/** Addresses in the config: the parser that sends also decides here, so what starts can be sent. */
import { fail, ok, type Result } from '../core/result.ts';
import { checkMailbox, type Mailbox } from '../mail/address.ts';

export interface MailboxFailure {
  readonly reason: 'bad_mailbox';
  /** What is wrong, in words, with at most 60 characters of the text. */
  readonly detail: string;
}

/** Line breaks start a header of someone else's choice; bidi controls make a name read backwards. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/**
 * Reads `a@b.example` or `Name <a@b.example>`: exactly one mailbox. Refuses lists, line breaks and
 * other controls, quoted local parts, domains without a dot (but localhost), and names that pose as
 * an address.
 */
export function parseMailbox(text: string): Result<Mailbox, MailboxFailure> {
  if (UNPRINTABLE.test(text)) {
    return fail({ reason: 'bad_mailbox', detail: 'line break or control character' });
  }
  const checked = checkMailbox(text.trim());
  if (!checked.ok) return fail({ reason: 'bad_mailbox', detail: checked.failure.detail });
  const written = text.includes('<') ? text.slice(0, text.indexOf('<')).replace(/[\s"]/g, '') : '';
  if (written !== '' && checked.value.name === null) {
    return fail({ reason: 'bad_mailbox', detail: 'the name poses as an address' });
  }
  return ok(checked.value);
}
