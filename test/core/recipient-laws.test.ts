/**
 * One mailbox over random histories: notices, a mail server that takes, refuses, delays or says
 * nothing, unsubscribes and their lifting, in any interleaving.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Notice, NoticeOutcome } from '../../src/core/notice.ts';
import {
  decideDelivery,
  decideUnsuppress,
  leavingDigest,
  suppress,
  suppressionOf,
} from '../../src/core/recipient.ts';
import {
  type AttemptResult,
  afterAttempt,
  afterFlush,
  skipped,
} from '../../src/core/recipient-attempt.ts';
import {
  BURST_MAX,
  BURST_WINDOW_MS,
  DAY_MS,
  newRecipient,
  type RecipientState,
} from '../../src/core/recipient-state.ts';
import { noticeWith } from '../mail/samples.ts';
import { holds } from '../support/property.ts';

type Answer = 'sent' | 'retry' | 'last retry' | 'refused' | 'unknown';
type Act =
  | { readonly wait: number }
  | { readonly deliver: number; readonly to: 'customer' | 'team' | 'shadow' }
  | { readonly attempt: number; readonly answer: Answer }
  | { readonly flush: Answer }
  | { readonly wish: 'unsubscribed' | 'bounced' | 'lift' | 'lift with consent' };

const answer = fc.constantFrom<Answer>('sent', 'sent', 'retry', 'last retry', 'refused', 'unknown');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(1, 60_000, 3_600_000, DAY_MS / 2) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      deliver: fc.nat({ max: 40 }),
      to: fc.constantFrom('customer' as const, 'team' as const, 'team' as const, 'shadow' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ attempt: fc.nat({ max: 9 }), answer }) },
  { weight: 2, arbitrary: answer.map((flush) => ({ flush })) },
  {
    weight: 1,
    arbitrary: fc.record({
      wish: fc.constantFrom<'unsubscribed' | 'bounced' | 'lift' | 'lift with consent'>(
        'unsubscribed',
        'bounced',
        'lift',
        'lift with consent',
      ),
    }),
  },
);

function resultOf(kind: Answer): Exclude<AttemptResult, { kind: 'unwanted' }> {
  switch (kind) {
    case 'sent':
      return { kind, messageId: '<m@x>' };
    case 'refused':
      return { kind, error: '550' };
    case 'unknown':
      return { kind, error: 'lost', messageId: '<m@x>', repeatAfterMs: 60_000 };
    default:
      return { kind: 'retry', error: '451', retryAfterMs: kind === 'retry' ? 60_000 : null };
  }
}

/** Carries out what the decisions say, as the durable object does, and keeps the books. */
class Mailbox {
  state: RecipientState = newRecipient();
  now = Date.UTC(2026, 2, 2, 12);
  readonly broken = new Set<string>();
  private readonly perDay: number;
  private readonly handed = new Map<string, Answer[]>();
  private readonly remindersAt: number[] = [];
  private readonly singlesAt: number[] = [];
  private accepted = 0;
  private settled = 0;

  constructor(perDay: number) {
    this.perDay = perDay;
  }

  take(one: Act): void {
    if ('wait' in one) this.now += one.wait;
    else if ('deliver' in one) this.deliver(one.deliver, one.to);
    else if ('attempt' in one) this.attempt(one.attempt, one.answer);
    else if ('flush' in one) this.flush(one.flush);
    else this.wish(one.wish);
    const { pending, digest } = this.state;
    const waiting = pending.length + (digest?.notices.length ?? 0);
    if (this.accepted !== this.settled + waiting)
      this.broken.add('a notice is lost, or ends twice');
  }

  private deliver(id: number, to: 'customer' | 'team' | 'shadow'): void {
    const notice = noticeWith(to === 'team' ? 'escalation' : 'reminder-1', {
      id: `${to}/${id}`,
      audience: to === 'team' ? 'team' : 'customer',
      intended: to === 'shadow' ? 'ada@example.com' : null,
    });
    const { state, now, perDay: remindersPerDay } = this;
    const decision = decideDelivery({ state, notice, now, remindersPerDay });
    this.state = decision.state;
    if (decision.kind === 'duplicate') return;
    this.accepted += 1;
    if (decision.kind === 'answer') this.settle(decision.outcome);
    if (decision.kind !== 'send') return;
    this.state = { ...this.state, pending: [...this.state.pending, decision.pending] };
    if (to === 'customer') return;
    this.singlesAt.push(now);
    const burst = this.singlesAt.filter((at) => at > now - BURST_WINDOW_MS);
    if (burst.length > BURST_MAX) this.broken.add('a burst reaches the team one by one');
  }

  private attempt(place: number, kind: Answer): void {
    const pending = this.state.pending[place % Math.max(1, this.state.pending.length)];
    if (pending === undefined) return;
    const rule = suppressionOf(this.state, pending.notice);
    const unwanted = { kind: 'unwanted', until: null, wasInterrupted: false } as const;
    const result = rule === null ? resultOf(kind) : { ...unwanted, rule };
    if (rule === null) this.hand(pending.notice, kind);
    const { state, report, retry } = afterAttempt(this.state, pending, result, this.now);
    this.state = state;
    if (retry === null && report !== null) this.settle(report);
  }

  private flush(kind: Answer): void {
    const { digest } = this.state;
    if (digest === null) return;
    const { listed, stopped } = leavingDigest(this.state, digest);
    for (const { rule } of stopped) this.settle(skipped(rule, this.now));
    for (const notice of listed) this.hand(notice, kind);
    if (listed.length === 0) {
      this.state = { ...this.state, digest: null };
      return;
    }
    const left = { ...digest, notices: listed };
    const { state, reports } = afterFlush(this.state, left, resultOf(kind), this.now);
    this.state = state;
    for (const { outcome } of reports) this.settle(outcome);
  }

  private hand(notice: Notice, kind: Answer): void {
    const isCustomer = notice.audience === 'customer' && notice.intended === null;
    if (notice.audience === 'customer' && this.state.suppression !== null) {
      this.broken.add('who is suppressed is written to');
    }
    const before = this.handed.get(notice.id) ?? [];
    this.handed.set(notice.id, [...before, kind]);
    const arrived = before.filter((earlier) => earlier === 'sent').length;
    const perhaps = before.filter((earlier) => earlier === 'unknown').length;
    if (arrived > 0 || perhaps > 1) this.broken.add('a mail is sent again');
    if (!isCustomer || kind !== 'sent') return;
    this.remindersAt.push(this.now);
    const inDay = this.remindersAt.filter((at) => at > this.now - DAY_MS);
    if (inDay.length > this.perDay) this.broken.add('more reminders in a day than the cap');
  }

  private wish(wish: 'unsubscribed' | 'bounced' | 'lift' | 'lift with consent'): void {
    const { state, now: at } = this;
    if (wish === 'unsubscribed' || wish === 'bounced') {
      this.state = suppress(state, { reason: wish, at, by: 'link' });
      return;
    }
    const consent = wish === 'lift with consent';
    const decided = decideUnsuppress(state, { at, by: 'ada', reason: 'asked', consent });
    if (decided.kind !== 'lifted') return;
    if (decided.was.reason === 'unsubscribed' && !consent) {
      this.broken.add('a wish is lifted without consent');
    }
    this.state = decided.state;
  }

  private settle({ kind }: NoticeOutcome): void {
    if (kind !== 'retrying' && kind !== 'digested') this.settled += 1;
  }
}

vi.setConfig({ testTimeout: 180_000 });

describe('a mailbox', () => {
  it('loses no notice, sends none twice, and keeps the cap, the wishes and the peace of its owner', () => {
    const scenario = fc.tuple(
      fc.array(act, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
    );
    holds(
      'mailbox',
      fc.property(scenario, ([acts, perDay]) => {
        const mailbox = new Mailbox(perDay);
        for (const one of acts) mailbox.take(one);
        if (mailbox.broken.size > 0) expect([...mailbox.broken]).toEqual([]);
      }),
    );
  });
});
