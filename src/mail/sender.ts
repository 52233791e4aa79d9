/** Who a mail comes from and goes to, checked; and how its reader reads. */
import type { Notice } from '../core/notice.ts';
import { ok, type Result } from '../core/result.ts';
import {
  type BadAddress,
  checkAddress,
  checkMailbox,
  type Mailbox,
  mailboxText,
} from './address.ts';
import { type Reader, readerOf } from './format.ts';
import { personName } from './shown-text.ts';

/** Who sends, and the defaults for a reader of whom nothing is known. */
export interface Sender {
  /** `billing@acme.example` or `Acme <billing@acme.example>`. */
  readonly from: string;
  /** Null: answers go to `from`. */
  readonly replyTo: string | null;
  /** What the customer knows you as. */
  readonly businessName: string;
  /** BCP 47; used where the reader's own is unknown or malformed. */
  readonly locale: string;
  /** IANA zone; used where the reader's own is not known. Absent: UTC. */
  readonly zone?: string;
  /** Right-hand side of Message-IDs. Must not change between two attempts. */
  readonly messageIdHost: string;
}

/** The addresses of a mail, checked. */
export interface Envelope {
  readonly from: string;
  readonly replyTo: string | null;
  readonly to: Mailbox;
}

/** Checks recipient and sender; a display name that poses as an address is left out. */
export function envelopeOf(
  to: { readonly address: string; readonly name: string | null },
  sender: Sender,
): Result<Envelope, BadAddress> {
  const address = checkAddress(to.address);
  if (!address.ok) return address;
  const from = checkMailbox(sender.from);
  if (!from.ok) return from;
  const replyTo = sender.replyTo === null ? null : checkMailbox(sender.replyTo);
  if (replyTo !== null && !replyTo.ok) return replyTo;
  return ok({
    from: mailboxText(from.value),
    replyTo: replyTo === null ? null : mailboxText(replyTo.value),
    to: { address: address.value, name: personName(to.name) },
  });
}

/** How this person reads amounts and dates. */
export function readerFor(notice: Notice, sender: Sender): Reader {
  return readerOf([notice.to.locale, sender.locale], [notice.to.zone, sender.zone ?? null]);
}
