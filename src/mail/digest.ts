/** One mail for a burst: an incident's worth of escalations must not be an incident of its own. */
import type { Notice } from '../core/notice.ts';
import { ok, type Result } from '../core/result.ts';
import type { BadAddress } from './address.ts';
import type { MailMessage, NoticeLinks } from './contract.ts';
import { standardHeaders } from './headers.ts';
import { type Block, type Letter, type Phrase, paragraph, say } from './letter.ts';
import { digestIdOf } from './message-id.ts';
import { letterHtml, letterText, subjectText } from './render.ts';
import { envelopeOf, readerFor, type Sender } from './sender.ts';
import { type Shown, shownOf } from './shown.ts';
import { teamSummary } from './templates-team.ts';

/** Listed one by one; the rest is counted. A mail of 100 entries stays below 102 KB, Gmail's cut. */
const LISTED_MAX = 100;
const HEADER_SUBJECTS_MAX = 20;

export interface DigestInput extends Sender {
  /** At least one, all to the same address. */
  readonly notices: readonly { readonly notice: Notice; readonly links: NoticeLinks }[];
}

function itemOf(shown: Shown, notice: Notice): Block {
  const lines: Phrase[] = [];
  if (shown.intended !== null) lines.push(say`Shadow mode, would have gone to: ${shown.intended}`);
  if (shown.since !== null) lines.push(say`Open since ${shown.since}`);
  if (shown.subjectLink !== null) {
    lines.push(['See: ', { kind: 'link', link: shown.subjectLink }]);
  }
  if (shown.acknowledgeLink !== null) {
    lines.push(['Acknowledge: ', { kind: 'link', link: shown.acknowledgeLink }]);
  }
  lines.push(say`${shown.subject}, ${notice.template}`);
  return { kind: 'item', title: teamSummary(shown), lines };
}

/**
 * One mail that lists notices to one address. Its Message-ID follows from the ids of the notices,
 * so a repeated attempt at the same digest is the same mail. Refuses what `buildMail` refuses.
 */
export function buildDigest(input: DigestInput): Result<MailMessage, BadAddress> {
  const [first] = input.notices;
  if (first === undefined) throw new Error('a digest of no notices');
  const { address } = first.notice.to;
  if (input.notices.some(({ notice }) => notice.to.address !== address)) {
    throw new Error('a digest goes to one address');
  }
  const envelope = envelopeOf(first.notice.to, input);
  if (!envelope.ok) return envelope;
  const reader = readerFor(first.notice, input);
  const items = input.notices
    .slice(0, LISTED_MAX)
    .map(({ notice, links }) => itemOf(shownOf(notice, links, input.businessName, reader), notice));
  const letter = digestLetter(items, input.notices.length, input.businessName);
  const messageId = digestIdOf(
    input.notices.map(({ notice }) => notice.id),
    input.messageIdHost,
  );
  const subjects = input.notices.slice(0, HEADER_SUBJECTS_MAX).map(({ notice }) => notice.subject);
  return ok({
    ...envelope.value,
    subject: subjectText(letter.subject),
    text: letterText(letter),
    html: letterHtml(letter),
    messageId,
    headers: standardHeaders(subjects, 'digest'),
  });
}

function digestLetter(items: readonly Block[], count: number, businessName: string): Letter {
  const rest = count - items.length;
  const unlisted = `And ${rest} more, for which this mail has no room. "hookline events list" names the subject of each event.`;
  const more: readonly Block[] = rest > 0 ? [paragraph([unlisted])] : [];
  const isOne = count === 1;
  const subject = isOne ? '1 notice that needs a person' : `${count} notices that need a person`;
  return {
    subject: [`${subject}: ${businessName}`],
    blocks: [
      paragraph([
        isOne
          ? '1 notice came up for you right after others. It stays open until somebody acknowledges it or it is settled.'
          : `${count} notices came up for you within minutes, so they are in one mail. Each stays open until somebody acknowledges it or it is settled.`,
      ]),
      ...items,
      ...more,
      {
        kind: 'small',
        phrase: ['An acknowledge link opens a page; only the button on that page acknowledges.'],
      },
    ],
  };
}
