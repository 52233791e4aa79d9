/** Turns the engine's wish to notify into one notice per mailbox. Pure. */
import type { SubjectKind } from '../core/fact.ts';
import type { Addressee, Effect } from '../core/follow-up/types.ts';
import type { Notice, NoticeContent } from '../core/notice.ts';
import type { ResolvedSource } from '../gateway.ts';
import { recipientKeyOf } from './recipient-key.ts';

export type NotifyEffect = Extract<Effect, { kind: 'notify' }>;

export interface AddressedNotice {
  readonly recipientKey: string;
  readonly notice: Notice;
}

export interface NoticeQuestion {
  readonly effect: NotifyEffect;
  readonly kind: SubjectKind;
  readonly subject: string;
  readonly source: ResolvedSource;
  readonly now: number;
}

/** One notice per addressee, in the engine's order. */
export function noticesOf(question: NoticeQuestion): readonly AddressedNotice[] {
  return question.effect.to.map((addressee) => addressedTo(addressee, question));
}

function addressedTo(
  { noticeId, person, intended }: Addressee,
  { effect, kind, subject, source, now }: NoticeQuestion,
): AddressedNotice {
  return {
    recipientKey: recipientKeyOf(person.address),
    notice: {
      id: noticeId,
      subject,
      kind,
      source: source.id,
      generation: effect.generation,
      step: effect.step,
      template: effect.template,
      audience: effect.audience,
      to: person,
      intended,
      content: clipped(effect.content),
      decidedAt: now,
    },
  };
}

const TEXT_CHARS_MAX = 500;
const URL_CHARS_MAX = 2000;

/** A payload may carry a megabyte of title; a mailbox's state keeps a hundred notices. */
function clipped(content: NoticeContent): NoticeContent {
  return {
    ...content,
    number: clip(content.number, TEXT_CHARS_MAX),
    reason: clip(content.reason, TEXT_CHARS_MAX),
    customer: clip(content.customer, TEXT_CHARS_MAX),
    title: clip(content.title, TEXT_CHARS_MAX),
    // A cut address leads somewhere else; none is better.
    payUrl: tooLong(content.payUrl) ? null : content.payUrl,
    url: tooLong(content.url) ? null : content.url,
  };
}

function clip(text: string | null, charsMax: number): string | null {
  return text === null ? null : text.slice(0, charsMax);
}

function tooLong(url: string | null): boolean {
  return url !== null && url.length > URL_CHARS_MAX;
}
