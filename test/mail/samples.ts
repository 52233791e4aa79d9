import type { Notice, NoticeContent, TemplateName } from '../../src/core/notice.ts';
import { buildMail, type MailInput } from '../../src/mail/build.ts';
import type { MailMessage } from '../../src/mail/contract.ts';
import { PREVIEW_SENDER, sampleNotice } from '../../src/mail/preview.ts';

export const LINKS = {
  acknowledge: 'https://hooks.acme.example/ack/sample',
  unsubscribe: 'https://hooks.acme.example/unsubscribe/sample',
  subject: 'https://hooks.acme.example/payments/stripe/in_1',
};

/** A notice of the preview with some of its fields replaced. */
export function noticeWith(
  template: TemplateName,
  fields: Partial<Notice> = {},
  content: Partial<NoticeContent> = {},
): Notice {
  const sample = sampleNotice(template);
  return { ...sample, ...fields, content: { ...sample.content, ...content } };
}

export function inputFor(notice: Notice, fields: Partial<MailInput> = {}): MailInput {
  return { ...PREVIEW_SENDER, notice, links: LINKS, override: null, ...fields };
}

/** Builds or fails the test with the reason. */
export function built(notice: Notice, fields: Partial<MailInput> = {}): MailMessage {
  const result = buildMail(inputFor(notice, fields));
  if (!result.ok) throw new Error(result.failure.detail);
  return result.value;
}
