/** The content of a notice, cleaned and formatted for one reader. Templates see nothing else. */
import type { Severity } from '../core/fact.ts';
import type { Notice } from '../core/notice.ts';
import type { NoticeLinks } from './contract.ts';
import { formatDate, formatDateTime, formatMoney, type Reader } from './format.ts';
import { type Link, ownLink, payloadLink } from './letter.ts';
import { FIELD_MAX, NAME_MAX, oneLine, personName, untrustedLine } from './shown-text.ts';

export interface Shown {
  readonly business: string;
  /** For the salutation; null when we know only an address. */
  readonly greeted: string | null;
  /** Name or address, for the team. */
  readonly customer: string | null;
  readonly amount: string | null;
  readonly number: string | null;
  readonly reason: string | null;
  /** For a customer the day, for the team day and minute. */
  readonly since: string | null;
  readonly due: string | null;
  /** The anchor is the due date: nothing failed, an invoice waits. */
  readonly isDueAnchored: boolean;
  readonly isOverdue: boolean;
  readonly kind: 'payment' | 'alert';
  readonly title: string | null;
  readonly severity: Severity | null;
  readonly cause: string | null;
  readonly isLastEscalation: boolean;
  readonly subject: string;
  readonly source: string;
  readonly intended: string | null;
  readonly payLink: Link | null;
  /** The provider's page of an alert. */
  readonly page: Link | null;
  readonly subjectLink: Link | null;
  readonly acknowledgeLink: Link | null;
  /** Null in shadow mode: the operator must not unsubscribe a customer who never got the mail. */
  readonly unsubscribeLink: Link | null;
}

/**
 * What is unknown, or unfit to be shown, is null where it may be. Values from payloads are cut and
 * on one line, links from payloads https alone; money and times are as `reader` writes them.
 */
export function shownOf(
  notice: Notice,
  links: NoticeLinks,
  business: string,
  reader: Reader,
): Shown {
  const { content } = notice;
  const isShadow = notice.intended !== null;
  const toCustomer = notice.audience === 'customer';
  const when = toCustomer ? formatDate : formatDateTime;
  const isDueAnchored = content.dueAt !== null && content.dueAt === content.anchorAt;
  return {
    business: oneLine(business, NAME_MAX) ?? 'us',
    greeted: personName(content.customer) ?? personName(notice.to.name),
    customer: untrustedLine(content.customer, NAME_MAX),
    amount: formatMoney(content.amountMinor, content.currency, reader),
    number: untrustedLine(content.number, NAME_MAX),
    reason: untrustedLine(content.reason, FIELD_MAX),
    since: when(content.anchorAt, reader),
    due: formatDate(content.dueAt, reader),
    isDueAnchored,
    isOverdue: isDueAnchored && (content.dueAt ?? 0) <= notice.decidedAt,
    kind: notice.kind,
    title: untrustedLine(content.title, FIELD_MAX),
    severity: content.severity,
    cause: oneLine(content.cause, NAME_MAX),
    isLastEscalation: content.isLastEscalation === true,
    subject: oneLine(notice.subject, SUBJECT_REF_MAX) ?? '(unnamed)',
    source: oneLine(notice.source, NAME_MAX) ?? '(unnamed)',
    intended: isShadow ? (oneLine(notice.intended, NAME_MAX) ?? '(no address)') : null,
    payLink: payloadLink(content.payUrl),
    page: payloadLink(content.url),
    subjectLink: ownLink(links.subject),
    acknowledgeLink: toCustomer ? null : ownLink(links.acknowledge),
    unsubscribeLink: toCustomer && !isShadow ? ownLink(links.unsubscribe) : null,
  };
}

const SUBJECT_REF_MAX = 200;
