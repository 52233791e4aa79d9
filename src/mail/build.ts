/** From a notice to a mail. Pure: the same notice always makes the same mail, byte for byte. */
import type { TemplateOverride } from '../config.ts';
import type { Notice } from '../core/notice.ts';
import { ok, type Result } from '../core/result.ts';
import type { BadAddress } from './address.ts';
import type { MailMessage, NoticeLinks } from './contract.ts';
import { standardHeaders, threadHeaders, unsubscribeHeaders } from './headers.ts';
import { type Block, type Letter, type Phrase, paragraph, say } from './letter.ts';
import { messageIdOf, threadIdOf } from './message-id.ts';
import { mentions, withOverride } from './override.ts';
import { letterHtml, letterText, subjectText } from './render.ts';
import { envelopeOf, readerFor, type Sender } from './sender.ts';
import { type Shown, shownOf } from './shown.ts';
import { customerFooter, customerLetter } from './templates-customer.ts';
import { teamFooter, teamLetter, teamLinks } from './templates-team.ts';

export type { BadAddress } from './address.ts';
export { buildDigest } from './digest.ts';
export { messageIdOf } from './message-id.ts';
export { checkOverride } from './override.ts';

export interface MailInput extends Sender {
  readonly notice: Notice;
  readonly links: NoticeLinks;
  readonly override: TemplateOverride | null;
}

function letterOf({ template, kind, audience }: Notice, shown: Shown): Letter {
  switch (template) {
    case 'escalation':
    case 're-escalation':
    case 'resolved':
      return teamLetter(template, shown);
    default:
      // An alert has no payer: whoever is reminded of it works on it.
      if (kind === 'alert' || audience === 'team') return teamLetter(template, shown);
      return customerLetter(template, shown);
  }
}

/** An escalation can be acknowledged from the mail even when the config replaced its text. */
function keptLinks(shown: Shown, override: TemplateOverride | null): readonly Block[] {
  return teamLinks({
    ...shown,
    acknowledgeLink: mentions(override, 'acknowledgeUrl') ? null : shown.acknowledgeLink,
    subjectLink: mentions(override, 'subjectUrl') ? null : shown.subjectLink,
    page: null,
  });
}

/** In shadow mode the operator must see at once that no customer got this, and how to change it. */
function shadowed(letter: Letter, shown: Shown): Letter {
  if (shown.intended === null) return letter;
  const mark: Phrase = say`[shadow → ${shown.intended}] `;
  const notice = paragraph(
    say`Shadow mode: nothing was sent to the customer. This mail would have gone to ${shown.intended}. To send such mails for real, set live: true for the source ${shown.source} in gateway.config.ts.`,
  );
  return { subject: [...mark, ...letter.subject], blocks: [notice, ...letter.blocks] };
}

/**
 * The mail of a notice: one recipient, one subject line of at most 200 characters, a text and an
 * HTML part. Refuses (`bad_address`) what is not exactly one plain address; nothing else is
 * refused: a field that cannot be shown is left out, never a reason to say nothing.
 */
export function buildMail(input: MailInput): Result<MailMessage, BadAddress> {
  const { notice, links, override, messageIdHost } = input;
  // A shadow copy is in the customer's name and not addressed in it.
  const name = notice.intended === null ? notice.to.name : null;
  const envelope = envelopeOf({ ...notice.to, name }, input);
  if (!envelope.ok) return envelope;
  const shown = shownOf(notice, links, input.businessName, readerFor(notice, input));
  const toCustomer = notice.audience === 'customer' && notice.kind === 'payment';
  const footer = toCustomer ? customerFooter(shown) : teamFooter(shown);
  const tail = toCustomer ? [] : keptLinks(shown, override);
  const worded = withOverride(letterOf(notice, shown), override, shown, tail);
  const letter = shadowed({ ...worded, blocks: [...worded.blocks, ...footer] }, shown);
  const threadId = threadIdOf(notice.subject, notice.audience, messageIdHost);
  return ok({
    ...envelope.value,
    subject: subjectText(letter.subject),
    text: letterText(letter),
    html: letterHtml(letter),
    messageId: messageIdOf(notice.id, messageIdHost),
    headers: {
      ...standardHeaders([notice.subject], `g${notice.generation}/${notice.step}`),
      ...threadHeaders(threadId),
      ...unsubscribeHeaders(shown.unsubscribeLink),
    },
  });
}
