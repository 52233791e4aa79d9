/**
 * Links in mails that act without a login: the token is the capability. Compact form
 * `base64url(payload).base64url(HMAC-SHA-256)`, the MAC taken over the purpose and the payload, so
 * that a token for one purpose is worth nothing for the other.
 */

import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { SubjectKind } from '../core/fact.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { LinksFor } from '../mail/contract.ts';

export interface AcknowledgeLink {
  readonly subject: string;
  readonly kind: SubjectKind;
  readonly noticeId: string;
  /** The team member the mail went to; null: unknown. */
  readonly address: string | null;
  /** Follow-up time of the notice, epoch ms. */
  readonly issuedAt: number;
}

export interface UnsubscribeLink {
  readonly recipientKey: string;
  readonly issuedAt: number;
}

/** Visitors are told one thing for both; only the log may tell them apart. */
export type LinkFailure = { readonly reason: 'forged' } | { readonly reason: 'expired' };

export interface LinkCodec {
  acknowledge(link: AcknowledgeLink): string;
  unsubscribe(link: UnsubscribeLink): string;
  /** `now` in follow-up time, epoch ms. */
  readAcknowledge(token: string, now: number): Result<AcknowledgeLink, LinkFailure>;
  readUnsubscribe(token: string, now: number): Result<UnsubscribeLink, LinkFailure>;
}

type Purpose = 'ack' | 'unsub';

/** Measured in wall time, so that links in a sped-up demo do not die within a minute. */
export const LINK_LIFETIME_MS = 60 * 86_400_000;
const TOKEN_CHARS_MAX = 8192;

/** Refuses an empty secret: a link anybody can mint is worse than none. */
export function createLinkCodec(options: { secret: string; clock: Clock }): LinkCodec {
  if (options.secret === '') throw new Error('The link secret is empty.');
  const mac = (purpose: Purpose, payload: string): Buffer =>
    createHmac('sha256', options.secret).update(`hookline.${purpose}.${payload}`).digest();
  const mint = (purpose: Purpose, content: object): string => {
    const payload = Buffer.from(JSON.stringify(content)).toString('base64url');
    return `${payload}.${mac(purpose, payload).toString('base64url')}`;
  };
  const read = (purpose: Purpose, token: string, now: number): Result<Content, LinkFailure> => {
    const match = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/.exec(
      token.length > TOKEN_CHARS_MAX ? '' : token,
    );
    const [, payload, signature] = match ?? [];
    if (payload === undefined || signature === undefined) return fail({ reason: 'forged' });
    const given = Buffer.from(signature, 'base64url');
    // 43 characters have two spare bits: only the canonical spelling is accepted.
    if (given.toString('base64url') !== signature) return fail({ reason: 'forged' });
    if (!timingSafeEqual(given, mac(purpose, payload))) return fail({ reason: 'forged' });
    // What we signed, we wrote: the cast is that promise.
    const content = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Content;
    const ageMs = options.clock.wallSpanMs(now - content.t);
    return ageMs > LINK_LIFETIME_MS ? fail({ reason: 'expired' }) : ok(content);
  };
  return {
    acknowledge: ({ subject, kind, noticeId, address, issuedAt }) =>
      mint('ack', { s: subject, k: kind, n: noticeId, a: address, t: issuedAt }),
    unsubscribe: ({ recipientKey, issuedAt }) => mint('unsub', { r: recipientKey, t: issuedAt }),
    readAcknowledge: (token, now) => {
      const content = read('ack', token, now);
      return content.ok ? ok(toAcknowledge(content.value)) : content;
    },
    readUnsubscribe: (token, now) => {
      const content = read('unsub', token, now);
      return content.ok
        ? ok({ recipientKey: content.value.r ?? '', issuedAt: content.value.t })
        : content;
    },
  };
}

interface Content {
  readonly t: number;
  readonly s?: string;
  readonly k?: SubjectKind;
  readonly n?: string;
  readonly a?: string | null;
  readonly r?: string;
}

function toAcknowledge(content: Content): AcknowledgeLink {
  return {
    subject: content.s ?? '',
    kind: content.k ?? 'payment',
    noticeId: content.n ?? '',
    address: content.a ?? null,
    issuedAt: content.t,
  };
}

/**
 * Mints the links of a notice; the same notice gets the same links at every attempt. A customer's
 * notice that shadow mode sends to the team carries no unsubscribe link: a team member clicking it
 * would suppress the team's own mailbox.
 */
export function createLinks(options: { codec: LinkCodec; publicUrl: string }): LinksFor {
  const { codec, publicUrl } = options;
  return (notice, recipientKey) => {
    const issuedAt = notice.decidedAt;
    const acknowledgeable = notice.audience === 'team' && notice.template !== 'resolved';
    const unsubscribable = notice.audience === 'customer' && notice.intended === null;
    const { subject, kind, to } = notice;
    return {
      acknowledge: acknowledgeable
        ? `${publicUrl}/ack/${codec.acknowledge({ subject, kind, noticeId: notice.id, address: to.address, issuedAt })}`
        : null,
      unsubscribe: unsubscribable
        ? `${publicUrl}/unsubscribe/${codec.unsubscribe({ recipientKey, issuedAt })}`
        : null,
      subject: `${publicUrl}/${kind}s/${subjectPath(subject)}`,
    };
  };
}

/** `{source}/{ref}` as two path segments, the ref encoded once. */
function subjectPath(subject: string): string {
  const slash = subject.indexOf('/');
  const source = subject.slice(0, Math.max(0, slash));
  return `${encodeURIComponent(source)}/${encodeURIComponent(subject.slice(slash + 1))}`;
}
