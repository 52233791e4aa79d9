/**
 * The pages behind links in mails. Mail scanners and previews open every link they see, so GET and
 * HEAD only show a page; the button's POST acts. The token is the capability: no session, and
 * nothing for a forged request to ride on.
 */
import type { Context } from 'hono';
import type { SubjectKind } from '../core/fact.ts';
import type { FollowUp } from '../core/follow-up/types.ts';
import { shellWord } from '../core/shell-word.ts';
import type { SubjectView } from '../durable/contract.ts';
import type { IngressFailure } from '../durable/ingress-contract.ts';
import type { EdgeDeps } from './deps.ts';
import { joinedView } from './joined-view.ts';
import type { AcknowledgeLink } from './links.ts';
import { type PageContent, page } from './page.ts';
import { refuse } from './respond.ts';
import { readSubjectPath } from './subject-path.ts';

/** Clocks of providers may run ahead of ours by minutes; episodes are days apart. */
const CLOCK_SLACK_MS = 15 * 60_000;

/**
 * Answers pages for people: 404 for a forged or expired token, 409 where an acknowledgement changes
 * nothing any more, 403 when another site sent it, 503 while Restate gives no answer.
 */
export function createLinkPages(deps: EdgeDeps) {
  const now = (): number => deps.clock.fromWall(deps.wallNow());
  return {
    showAcknowledge: async (c: Context): Promise<Response> => {
      const link = deps.links.readAcknowledge(tokenOf(c), now());
      return link.ok ? showAcknowledge(deps, link.value) : unusable();
    },
    acknowledge: async (c: Context): Promise<Response> => {
      const link = deps.links.readAcknowledge(tokenOf(c), now());
      if (!link.ok) return unusable();
      if (isCrossSite(c)) return fromElsewhere();
      return acknowledge(deps, link.value, now());
    },
    /** Where mails point for details. Open to anyone, so it holds no more than its own address. */
    showSubject: (c: Context, kind: SubjectKind): Response | Promise<Response> => {
      const path = readSubjectPath(c.req.url, deps.gateway.sources, [], 2);
      if (!path.ok) return refuse({ kind: 'not_found' });
      const { subject } = path.value;
      return page(200, {
        title: subject,
        paragraphs: [
          'Its timeline holds every event, notice and decision with its rule. To read it, type:',
          `npx hookline ${kind}s show ${shellWord(subject)}`,
        ],
      });
    },
    showUnsubscribe: (c: Context): Promise<Response> => {
      const link = deps.links.readUnsubscribe(tokenOf(c), now());
      if (!link.ok) return unusable();
      return page(200, {
        title: 'Stop these reminders?',
        paragraphs: ['No more payment reminders will be sent to your address.'],
        button: 'Unsubscribe',
        footnote: 'What you owe does not change by this.',
      });
    },
    /** Also RFC 8058: a mail provider posts `List-Unsubscribe=One-Click`, from wherever it sits. */
    unsubscribe: async (c: Context): Promise<Response> => {
      const link = deps.links.readUnsubscribe(tokenOf(c), now());
      return link.ok ? unsubscribe(deps, link.value.recipientKey, now()) : unusable();
    },
  };
}

/** Looks, so that nobody is asked to take over what is over; a look changes nothing. */
async function showAcknowledge(deps: EdgeDeps, link: AcknowledgeLink): Promise<Response> {
  const view = await joinedView(deps.ingress, link.kind, link.subject);
  if (!view.ok) return notNow(deps, 'view', view.failure);
  const obstacle = whyNot(view.value, link);
  if (obstacle !== null) return page(200, obstacle);
  return page(200, {
    title: 'Take over this follow-up?',
    paragraphs: [
      `It is about ${view.value.subject}.`,
      'Acknowledging tells the rest of the team that you are on it: nobody else is paged.',
    ],
    button: 'Acknowledge',
    footnote: 'Nothing has happened yet. Only the button acts, and it works once.',
  });
}

async function acknowledge(deps: EdgeDeps, link: AcknowledgeLink, now: number): Promise<Response> {
  // The payment may have turned out to be part of another one after the mail was sent: act there.
  const before = await joinedView(deps.ingress, link.kind, link.subject);
  if (!before.ok) return notNow(deps, 'view', before.failure);
  const obstacle = whyNot(before.value, link);
  if (obstacle !== null) return page(409, obstacle);
  const { subject } = before.value;
  const answer = await deps.ingress.operate(link.kind, subject, {
    v: 1,
    at: now,
    input: { kind: 'acknowledge', actor: link.address ?? 'link' },
  });
  if (!answer.ok) return notNow(deps, 'operate', answer.failure);
  if (answer.value.accepted) {
    deps.log.info('acknowledged', { subject, via: 'link' });
    return page(200, {
      title: 'Acknowledged',
      paragraphs: [`You have taken over ${subject}.`, 'Nobody else is paged about it now.'],
    });
  }
  // Somebody was faster between the look and the wish.
  const after = await deps.ingress.view(link.kind, subject);
  const late = after.ok ? whyNot(after.value, link) : null;
  return page(409, late ?? nothingOpen(subject, answer.value.decision));
}

async function unsubscribe(deps: EdgeDeps, recipientKey: string, now: number): Promise<Response> {
  const answer = await deps.ingress.suppress(recipientKey, {
    v: 1,
    at: now,
    reason: 'unsubscribed',
    by: 'link',
  });
  if (!answer.ok) return notNow(deps, 'suppress', answer.failure);
  deps.log.info('unsubscribed', {});
  return page(200, {
    title: 'You are unsubscribed',
    paragraphs: ['No more payment reminders will be sent to your address.'],
  });
}

/** What the page says when this link changes nothing, or null when it still may. */
function whyNot(view: SubjectView, link: AcknowledgeLink): PageContent | null {
  const { followUp, subject } = view;
  if (!view.known) {
    return {
      title: 'Nothing to acknowledge',
      paragraphs: [`Nothing is known of ${subject} any more: it was settled and then forgotten.`],
    };
  }
  if (followUp === null) return nothingOpen(subject, `status: ${view.status}`);
  if (followUp.closedAt !== null) return isOver(view, followUp, followUp.closedAt);
  // An old mail must not silence a new failure of the same payment.
  if (link.issuedAt < followUp.openedAt - CLOCK_SLACK_MS) {
    return {
      title: 'This link belongs to an earlier follow-up',
      paragraphs: [`${subject} has failed again since. Please use the newest mail about it.`],
    };
  }
  if (followUp.acknowledged === null) return null;
  const { by, at } = followUp.acknowledged;
  return {
    title: 'Already acknowledged',
    paragraphs: [`${by} acknowledged ${subject} on ${dateText(at)}.`, 'Nothing has changed.'],
  };
}

function isOver(view: SubjectView, followUp: FollowUp, closedAt: number): PageContent {
  const { acknowledged } = followUp;
  const how = (followUp.closedBy ?? 'closed').replaceAll('_', ' ');
  const entry = view.timeline.findLast(
    ({ at, rule }) => at === closedAt && rule === followUp.closedBy,
  );
  const who = /^person (.+): resolve$/.exec(entry?.cause ?? '')?.[1];
  const by = who === undefined ? '' : ` by ${who}`;
  return {
    title: 'Nothing to acknowledge',
    paragraphs: [
      `The follow-up of ${view.subject} is over: ${how}${by} on ${dateText(closedAt)}.`,
      ...(acknowledged === null
        ? []
        : [`${acknowledged.by} acknowledged it on ${dateText(acknowledged.at)}.`]),
    ],
  };
}

function nothingOpen(subject: string, detail: string): PageContent {
  return {
    title: 'Nothing to acknowledge',
    paragraphs: [`There is nothing to take over of ${subject} now: ${detail}.`],
  };
}

/** One page for forged and expired links: it gives no hint which it was. */
function unusable(): Promise<Response> {
  return page(404, {
    title: 'This link does not work',
    paragraphs: ['It may be incomplete or too old. Please use the link of a newer mail.'],
  });
}

function fromElsewhere(): Promise<Response> {
  return page(403, {
    title: 'Please open the link itself',
    paragraphs: [
      'The request came from another site. Open the link of the mail and use its button.',
    ],
  });
}

function notNow(deps: EdgeDeps, operation: string, failure: IngressFailure): Promise<Response> {
  deps.metrics.ingressFailed(operation, failure.reason);
  deps.log.error('link_failed', { operation, reason: failure.reason });
  return page(503, {
    title: 'That did not work just now',
    paragraphs: ['Nothing has changed. Please try the same link again in a minute.'],
  });
}

function tokenOf(c: Context): string {
  return c.req.param('token') ?? '';
}

/** Browsers say where a request comes from; absent (old browsers, scripts) is no reason to refuse. */
function isCrossSite(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

function dateText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
