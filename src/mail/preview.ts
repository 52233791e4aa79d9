/** Every template with sample content: for the docs, and for a look before going live. */
import type { Notice, NoticeContent, TemplateName } from '../core/notice.ts';
import { buildMail } from './build.ts';
import type { MailMessage, NoticeLinks } from './contract.ts';
import type { Sender } from './sender.ts';

export const PREVIEW_SENDER: Sender = {
  from: 'Acme Books <billing@acme.example>',
  replyTo: null,
  businessName: 'Acme Books',
  locale: 'en-GB',
  zone: 'Europe/London',
  messageIdHost: 'hooks.acme.example',
};

const CONTENT: NoticeContent = {
  amountMinor: 4900,
  currency: 'EUR',
  number: 'F-1001',
  payUrl: 'https://invoice.stripe.com/i/acct_1/live_1',
  reason: 'Your card has expired.',
  anchorAt: Date.UTC(2026, 2, 2, 9, 30),
  dueAt: null,
  customer: 'Ada Lovelace',
  title: null,
  url: null,
  severity: null,
  cause: 'ladder',
  tier: 1,
};

const LINKS: NoticeLinks = {
  acknowledge: 'https://hooks.acme.example/ack/sample',
  unsubscribe: 'https://hooks.acme.example/unsubscribe/sample',
  subject: 'https://hooks.acme.example/payments/stripe/in_1',
};

const CUSTOMER_TEMPLATES = [
  'reminder-1',
  'reminder-2',
  'reminder-final',
  'invoice-upcoming',
  'action-required',
] as const satisfies readonly TemplateName[];
const TEAM_TEMPLATES = [
  'escalation',
  're-escalation',
  'resolved',
] as const satisfies readonly TemplateName[];

/** A sample notice of a template, to Ada for customers' templates and to Grace for the team's. */
export function sampleNotice(template: TemplateName): Notice {
  const isCustomer = CUSTOMER_TEMPLATES.some((name) => name === template);
  const due = template === 'invoice-upcoming' ? { dueAt: Date.UTC(2026, 2, 12) } : {};
  const cause = template === 'resolved' ? { cause: 'paid' } : {};
  return {
    id: `stripe/in_1/3/${template}/sample`,
    subject: 'stripe/in_1',
    kind: 'payment',
    source: 'stripe',
    generation: 3,
    step: template,
    template,
    audience: isCustomer ? 'customer' : 'team',
    to: isCustomer
      ? { address: 'ada@example.com', name: 'Ada Lovelace', locale: null, zone: null }
      : { address: 'grace@acme.example', name: 'Grace', locale: null, zone: null },
    intended: null,
    content: { ...CONTENT, ...due, ...cause },
    decidedAt: Date.UTC(2026, 2, 5, 9, 30),
  };
}

export interface Preview {
  readonly template: TemplateName;
  readonly message: MailMessage;
}

/** All templates in the order in which a payment meets them. */
export function previewMails(sender: Sender = PREVIEW_SENDER): readonly Preview[] {
  return [...CUSTOMER_TEMPLATES, ...TEAM_TEMPLATES].map((template) => {
    const built = buildMail({
      ...sender,
      notice: sampleNotice(template),
      links: LINKS,
      override: null,
    });
    if (!built.ok) throw new Error(`sample ${template}: ${built.failure.detail}`);
    return { template, message: built.value };
  });
}
