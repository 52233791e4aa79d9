import { describe, expect, it } from 'vitest';
import type { Notice } from '../../src/core/notice.ts';
import {
  type DeliveryDecision,
  decideDelivery,
  expiryOf,
  isForgettable,
  suppress,
} from '../../src/core/recipient.ts';
import { type AttemptResult, afterAttempt, afterFlush } from '../../src/core/recipient-attempt.ts';
import {
  BURST_WINDOW_MS,
  DAY_MS,
  DIGEST_MAX,
  newRecipient,
  PENDING_MAX,
  type RecipientState,
  SEEN_MAX,
} from '../../src/core/recipient-state.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const SENT: AttemptResult = { kind: 'sent', messageId: '<m@h>' };

function notice(id: string, over: Partial<Notice> = {}): Notice {
  return {
    id,
    subject: 'stripe/in_1',
    kind: 'payment',
    source: 'stripe',
    generation: 1,
    step: 'reminder-1',
    template: 'reminder-1',
    audience: 'customer',
    to: { address: 'ada@example.com', name: null, locale: null, zone: null },
    intended: null,
    content: {
      amountMinor: null,
      currency: null,
      number: null,
      payUrl: null,
      reason: null,
      anchorAt: null,
      dueAt: null,
      customer: null,
      title: null,
      url: null,
      severity: null,
      cause: null,
      tier: null,
    },
    decidedAt: NOW,
    ...over,
  };
}
const escalation = (id: string): Notice => notice(id, { audience: 'team', template: 'escalation' });

function decideOn(
  state: RecipientState,
  wanted: Notice,
  now = NOW,
  remindersPerDay = 2,
): DeliveryDecision {
  return decideDelivery({ state, notice: wanted, now, remindersPerDay });
}

/** Takes a notice on and books its attempt. */
function sendOne(state: RecipientState, wanted: Notice, now = NOW): RecipientState {
  const decision = decideOn(state, wanted, now);
  if (decision.kind !== 'send') throw new Error(`not sent: ${decision.kind}`);
  return afterAttempt(decision.state, decision.pending, SENT, now).state;
}

describe('taking a notice on', () => {
  it('ignores a notice it has taken on before', () => {
    const state = sendOne(newRecipient(), notice('a'));
    expect(decideOn(state, notice('a')).kind).toBe('duplicate');
    expect(decideOn(state, notice('b')).kind).toBe('send');
  });

  it.each(['unsubscribed', 'bounced', 'complained', 'suppressed'] as const)(
    'sends no reminder to a mailbox that is %s, and says so',
    (reason) => {
      const state = suppress(newRecipient(), { reason, at: NOW, by: 'link' });
      const decision = decideOn(state, notice('a'));
      expect(decision).toMatchObject({
        kind: 'answer',
        outcome: { kind: 'skipped', rule: reason },
      });
    },
  );

  it('escalates to the team whatever its mailbox is suppressed for', () => {
    const state = suppress(newRecipient(), { reason: 'unsubscribed', at: NOW, by: 'link' });
    expect(decideOn(state, escalation('a')).kind).toBe('send');
  });

  it('keeps the first reason of a suppression', () => {
    const first = suppress(newRecipient(), { reason: 'unsubscribed', at: NOW, by: 'link' });
    const second = suppress(first, { reason: 'bounced', at: NOW + 1, by: 'postmark' });
    expect(second.suppression).toEqual({ reason: 'unsubscribed', at: NOW, by: 'link' });
  });
});

describe('the daily cap', () => {
  const two = sendOne(sendOne(newRecipient(), notice('a'), NOW), notice('b'), NOW + 1000);

  it('postpones the third reminder of a day until the first is a day old', () => {
    const decision = decideOn(two, notice('c'), NOW + 2000);
    expect(decision).toMatchObject({
      kind: 'answer',
      outcome: { kind: 'postponed', until: NOW + DAY_MS, rule: 'daily_cap' },
    });
  });

  it('is over one day after the first reminder, and not a millisecond before', () => {
    expect(decideOn(two, notice('c'), NOW + DAY_MS - 1).kind).toBe('answer');
    expect(decideOn(two, notice('c'), NOW + DAY_MS).kind).toBe('send');
  });

  it('forgets a postponed notice, so that its subject may ask again', () => {
    const decision = decideOn(two, notice('c'), NOW + 2000);
    expect(decideOn(decision.state, notice('c'), NOW + DAY_MS).kind).toBe('send');
  });

  it('counts neither escalations nor shadow copies', () => {
    expect(decideOn(two, escalation('c')).kind).toBe('send');
    const shadow = notice('d', { intended: 'ada@example.com' });
    expect(decideOn(two, shadow).kind).toBe('send');
  });
});

describe('a burst', () => {
  function escalated(count: number, at = NOW): RecipientState {
    let state = newRecipient();
    for (let i = 0; i < count; i += 1) state = sendOne(state, escalation(`e${i}`), at);
    return state;
  }

  it('collects the sixth escalation within ten minutes into a digest', () => {
    expect(decideOn(escalated(4), escalation('x')).kind).toBe('send');
    const decision = decideOn(escalated(5), escalation('x'));
    expect(decision).toMatchObject({
      kind: 'collect',
      opened: true,
      full: false,
      digest: { number: 1, flushAt: NOW + BURST_WINDOW_MS },
    });
  });

  it('sends the sixth one by one when ten minutes have passed', () => {
    expect(decideOn(escalated(5), escalation('x'), NOW + BURST_WINDOW_MS - 1).kind).toBe('collect');
    expect(decideOn(escalated(5), escalation('x'), NOW + BURST_WINDOW_MS).kind).toBe('send');
  });

  it('collects everything that comes while a digest is open, once each', () => {
    const opened = decideOn(escalated(5), escalation('x'));
    const joined = decideOn(opened.state, escalation('y'), NOW + BURST_WINDOW_MS);
    expect(joined).toMatchObject({ kind: 'collect', opened: false, digest: { number: 1 } });
    expect(decideOn(joined.state, escalation('x')).kind).toBe('duplicate');
  });

  it('never collects a reminder to a customer', () => {
    expect(decideOn(escalated(5), notice('r')).kind).toBe('send');
  });

  it(`is full at ${DIGEST_MAX} and refuses what comes while it waits for the mail server`, () => {
    let state = escalated(5);
    for (let i = 0; i < DIGEST_MAX - 1; i += 1) state = decideOn(state, escalation(`x${i}`)).state;
    const last = decideOn(state, escalation('last'));
    expect(last).toMatchObject({ kind: 'collect', full: true });
    expect(decideOn(last.state, escalation('over'))).toMatchObject({
      kind: 'answer',
      outcome: { kind: 'failed' },
    });
  });

  it('opens the next digest under another number once one was sent', () => {
    const opened = decideOn(escalated(5), escalation('x'));
    if (opened.kind !== 'collect') throw new Error(opened.kind);
    const after = afterFlush(opened.state, opened.digest, { kind: 'sent', messageId: '<d>' }, NOW);
    expect(after).toMatchObject({
      state: { digest: null },
      reports: [{ notice: { id: 'x' }, outcome: { kind: 'sent' } }],
      retry: null,
    });
    expect(decideOn(after.state, escalation('y'))).toMatchObject({ digest: { number: 2 } });
  });
});

describe('an attempt that fails', () => {
  const retry = (afterMs: number | null): AttemptResult => ({
    kind: 'retry',
    error: '451 later',
    retryAfterMs: afterMs,
  });

  it('waits for its next attempt and reports only the first failure and the last', () => {
    const first = afterAttempt(newRecipient(), { notice: notice('a'), attempt: 1 }, retry(60), NOW);
    expect(first.report).toMatchObject({ kind: 'retrying', error: '451 later' });
    expect(first.state.pending).toHaveLength(1);
    const next = first.retry?.pending;
    if (next === undefined) throw new Error('no retry');
    const second = afterAttempt(first.state, next, retry(60), NOW);
    expect(second.report).toBeNull();
    expect(second.retry).toMatchObject({ pending: { attempt: 3 }, afterMs: 60 });
    const third = afterAttempt(second.state, next, retry(null), NOW);
    expect(third).toMatchObject({
      report: { kind: 'failed' },
      retry: null,
      state: { pending: [] },
    });
  });

  it('is final at once when the server refuses', () => {
    const result = { kind: 'refused', error: '550 no such user' } as const;
    const after = afterAttempt(newRecipient(), { notice: notice('a'), attempt: 1 }, result, NOW);
    expect(after).toMatchObject({
      report: { kind: 'failed', error: '550 no such user' },
      retry: null,
      state: { pending: [] },
    });
  });

  it('ends when the subject no longer wants it', () => {
    const unwanted = { kind: 'unwanted', rule: 'settled', until: null } as const;
    const result = { ...unwanted, wasInterrupted: false };
    const after = afterAttempt(newRecipient(), { notice: notice('a'), attempt: 4 }, result, NOW);
    expect(after).toMatchObject({ report: { kind: 'skipped', rule: 'settled' }, retry: null });
    expect(after.state.remindersAt).toEqual([]);
  });
});

describe('bounds', () => {
  it(`refuses the notice after ${PENDING_MAX} that wait`, () => {
    let state = newRecipient();
    for (let i = 0; i < PENDING_MAX; i += 1) {
      const decision = decideOn(state, notice(`n${i}`), NOW, 1000);
      if (decision.kind !== 'send') throw new Error(decision.kind);
      const failure = { kind: 'retry', error: 'down', retryAfterMs: 60 } as const;
      state = afterAttempt(decision.state, decision.pending, failure, NOW).state;
    }
    expect(state.pending).toHaveLength(PENDING_MAX);
    expect(decideOn(state, notice('over'), NOW, 1000)).toMatchObject({
      kind: 'answer',
      outcome: { kind: 'failed' },
    });
  });

  it('keeps a fixed number of ids and times however much is sent', () => {
    let state = newRecipient();
    for (let i = 0; i < 1000; i += 1) state = sendOne(state, notice(`n${i}`), NOW + i * DAY_MS);
    expect(state.seen).toHaveLength(SEEN_MAX);
    expect(state.remindersAt).toHaveLength(1);
    expect(JSON.stringify(state).length).toBeLessThan(10_000);
  });

  it('is forgotten when idle, and never while suppressed or owed something', () => {
    const idle = sendOne(newRecipient(), notice('a'));
    expect(isForgettable(idle, expiryOf(idle) - 1)).toBe(false);
    expect(isForgettable(idle, expiryOf(idle))).toBe(true);
    const wish = { reason: 'unsubscribed', at: NOW, by: 'link' } as const;
    expect(isForgettable(suppress(idle, wish), expiryOf(idle))).toBe(false);
    const owed = { ...idle, pending: [{ notice: notice('b'), attempt: 2 }] };
    expect(isForgettable(owed, expiryOf(owed))).toBe(false);
  });
});
