import { describe, expect, it } from 'vitest';
import type { Notice } from '../../src/core/notice.ts';
import { decideDelivery, isForgettable } from '../../src/core/recipient.ts';
import {
  type AfterAttempt,
  type AttemptResult,
  afterAttempt,
  afterFlush,
  type SendResult,
  type Unwanted,
} from '../../src/core/recipient-attempt.ts';
import {
  DAY_MS,
  type Digest,
  failuresOf,
  IDLE_MS,
  newRecipient,
  type PendingNotice,
  type RecipientState,
} from '../../src/core/recipient-state.ts';
import { nextAttemptAfterMs } from '../../src/mail/backoff.ts';
import { noticeWith } from '../mail/samples.ts';

const FRIDAY_EVENING = Date.UTC(2026, 2, 6, 17);
const MONDAY_MORNING = Date.UTC(2026, 2, 9, 8);
const NOW = FRIDAY_EVENING;
const MESSAGE_ID = `<${'a'.repeat(64)}@hooks.acme.example>`;

const SENT: SendResult = { kind: 'sent', messageId: MESSAGE_ID };
const REFUSED: SendResult = { kind: 'refused', error: '550 no such user' };
const UNKNOWN: SendResult = {
  kind: 'unknown',
  error: 'no answer to the whole message: ECONNECTION',
  messageId: MESSAGE_ID,
  repeatAfterMs: 60_000,
};
const PAID: Unwanted = {
  kind: 'unwanted',
  rule: 'settled',
  until: null,
  wasInterrupted: false,
};
const QUIET: AttemptResult = { ...PAID, rule: 'quiet_hours', until: MONDAY_MORNING };

const reminder = (id: string): Notice => noticeWith('reminder-1', { id });
const escalation = (id: string): Notice => noticeWith('escalation', { id, audience: 'team' });

function pendingOf(after: AfterAttempt): PendingNotice {
  if (after.retry === null) throw new Error(`nothing pending: ${JSON.stringify(after.report)}`);
  return after.retry.pending;
}

/** One attempt after the other, each with the next result. */
function attempts(results: readonly AttemptResult[], notice = reminder('n')): AfterAttempt {
  let after: AfterAttempt = {
    state: newRecipient(),
    report: null,
    retry: { pending: { notice, attempt: 1 }, afterMs: 0 },
  };
  for (const result of results) after = afterAttempt(after.state, pendingOf(after), result, NOW);
  return after;
}

/** A failure as the schedule of attempts has it. */
function downAt(pending: PendingNotice | Digest): SendResult {
  const retryAfterMs = nextAttemptAfterMs(failuresOf(pending) + 1, 0);
  return { kind: 'retry', error: 'ECONNREFUSED', retryAfterMs };
}
const DOWN: AttemptResult = { kind: 'retry', error: 'ECONNREFUSED', retryAfterMs: 60_000 };

describe('a mail that the server took without confirming it', () => {
  it('is handed over once more, and its subject hears that it may have arrived', () => {
    const after = attempts([UNKNOWN]);
    expect(after.report).toMatchObject({ kind: 'retrying', attempt: 1 });
    expect(after.report).toMatchObject({ error: expect.stringMatching(/without confirming/) });
    expect(after.retry).toMatchObject({ afterMs: 60_000, pending: { attempt: 2 } });
    expect(after.state.pending).toEqual([pendingOf(after)]);
  });

  it('is given up after the second time, with what to look at within what a timeline shows', () => {
    const { report, retry, state } = attempts([UNKNOWN, UNKNOWN]);
    expect([retry, state.pending]).toEqual([null, []]);
    if (report?.kind !== 'failed') throw new Error(JSON.stringify(report));
    const shown = report.error.slice(0, 200);
    expect(shown).toContain('took the mail twice without confirming it');
    expect(shown).toContain('probably arrived');
    expect(shown).toContain(`look in its log for ${MESSAGE_ID}`);
  });

  it('is sent when the second time is confirmed', () => {
    expect(attempts([UNKNOWN, SENT])).toMatchObject({ report: { kind: 'sent' }, retry: null });
  });

  it('is given up after two of them, however many plain failures lie before and between', () => {
    const between = attempts([DOWN, DOWN, UNKNOWN, DOWN, DOWN]);
    expect(pendingOf(between)).toMatchObject({ attempt: 6, failures: 4, unconfirmed: true });
    expect(attempts([DOWN, UNKNOWN, DOWN, UNKNOWN])).toMatchObject({
      report: { kind: 'failed' },
      retry: null,
    });
  });

  it('leaves the plain failures their whole day', () => {
    const failuresUntilGivenUp = (before: readonly AttemptResult[]): number => {
      let after = attempts(before);
      let count = 0;
      for (; after.retry !== null; count += 1) {
        const { pending } = after.retry;
        after = afterAttempt(after.state, pending, downAt(pending), NOW);
      }
      expect(after.report?.kind).toBe('failed');
      return count;
    };
    expect(failuresUntilGivenUp([])).toBe(17);
    expect(failuresUntilGivenUp([UNKNOWN])).toBe(17);
    expect(failuresUntilGivenUp([QUIET, QUIET, QUIET])).toBe(17);
    expect(failuresUntilGivenUp([DOWN, UNKNOWN, DOWN, QUIET])).toBe(15);
  });

  it.each([
    { what: 'refused', last: REFUSED },
    { what: 'down for a day', last: { ...DOWN, retryAfterMs: null } as const },
  ])('says that it may have arrived when the server is $what later', ({ last }) => {
    const { report } = attempts([UNKNOWN, last]);
    expect(report).toMatchObject({
      error: expect.stringMatching(/^an earlier attempt.* may have/),
    });
    expect(attempts([DOWN, last]).report).toMatchObject({ error: last.error });
  });

  it('says so too when it is not wanted any more', () => {
    expect(attempts([UNKNOWN, PAID]).report).toMatchObject({
      kind: 'skipped',
      rule: 'settled',
      detail: expect.stringContaining('may have arrived'),
    });
    expect(attempts([DOWN, PAID]).report).toMatchObject({ rule: 'settled', detail: null });
  });

  it('says so, and counts it, when an interrupted attempt is not wanted any more', () => {
    const interrupted = { ...PAID, wasInterrupted: true };
    const { report, state } = attempts([interrupted]);
    expect(report).toMatchObject({ detail: expect.stringContaining('may have arrived') });
    expect(state.remindersAt).toHaveLength(1);
    const { report: other, state: without } = attempts([PAID]);
    expect(other).toMatchObject({ detail: null });
    expect(without.remindersAt).toEqual([]);
  });

  it.each([
    { what: 'given up', results: [UNKNOWN, UNKNOWN], reminders: 1 },
    { what: 'sent', results: [UNKNOWN, SENT], reminders: 1 },
    { what: 'not wanted any more', results: [UNKNOWN, PAID], reminders: 1 },
    { what: 'refused without it', results: [DOWN, REFUSED], reminders: 0 },
  ])('counts as $reminders for the daily cap when it is $what', ({ results, reminders }) => {
    expect(attempts(results).state.remindersAt).toHaveLength(reminders);
    expect(attempts(results, escalation('e')).state.remindersAt).toEqual([]);
  });
});

describe('a mail that waits for better hours', () => {
  it('is kept under its id until then, and its subject hears until when', () => {
    const after = attempts([DOWN, QUIET]);
    expect(after.report).toEqual({
      kind: 'retrying',
      at: NOW,
      attempt: 2,
      error: 'waits until 2026-03-09T08:00Z (quiet_hours)',
    });
    expect(after.retry).toMatchObject({
      afterMs: MONDAY_MORNING - NOW,
      pending: { notice: { id: 'n' }, attempt: 3, failures: 1 },
    });
    expect(attempts([DOWN, QUIET, SENT]).report).toMatchObject({ kind: 'sent' });
  });

  it('is stopped by what stops any mail', () => {
    const held: AttemptResult = { ...PAID, rule: 'held' };
    for (const stop of [PAID, held]) {
      expect(attempts([DOWN, QUIET, stop])).toMatchObject({
        report: { kind: 'skipped', rule: 'rule' in stop ? stop.rule : '' },
        retry: null,
        state: { pending: [], remindersAt: [] },
      });
    }
  });

  it('still counts as one of the reminders that its mailbox is owed', () => {
    const { state } = attempts([DOWN, QUIET]);
    const ask = (remindersPerDay: number) =>
      decideDelivery({ state, notice: reminder('other'), now: NOW + 1, remindersPerDay }).kind;
    expect(ask(1)).toBe('answer');
    expect(ask(2)).toBe('send');
  });

  it('keeps its mailbox from being forgotten', () => {
    const { state } = attempts([DOWN, QUIET]);
    expect(isForgettable(state, NOW + 2 * IDLE_MS)).toBe(false);
    const paid = attempts([DOWN, QUIET, PAID]).state;
    expect(isForgettable(paid, NOW + 2 * IDLE_MS)).toBe(true);
  });
});

describe('a state written before this was kept', () => {
  it('counts every attempt before as a failure', () => {
    const notice = reminder('old');
    const state: RecipientState = { ...newRecipient(), pending: [{ notice, attempt: 16 }] };
    const pending = { notice, attempt: 16 };
    expect(downAt(pending)).toMatchObject({ retryAfterMs: 120 * 60_000 });
    const after = afterAttempt(state, pending, downAt(pending), NOW);
    expect(downAt(pendingOf(after))).toMatchObject({ retryAfterMs: null });
  });
});

describe('a digest that the server took without confirming it', () => {
  const open: Digest = {
    number: 3,
    openedAt: NOW - 600_000,
    flushAt: NOW,
    attempt: 1,
    notices: [escalation('a'), escalation('b')],
  };
  const first = afterFlush({ ...newRecipient(), digest: open }, open, UNKNOWN, NOW);
  const told = ({ reports }: ReturnType<typeof afterFlush>) =>
    reports.map(({ notice, outcome }) => [notice.id, outcome.kind]);
  const again = first.state.digest;
  if (again === null) throw new Error('not kept');

  it('is handed over once more, whole', () => {
    expect(first.retry).toEqual({ digest: again, afterMs: 60_000 });
    expect(again).toMatchObject({ number: 3, attempt: 2, notices: open.notices });
    expect(told(first)).toEqual([
      ['a', 'retrying'],
      ['b', 'retrying'],
    ]);
    expect(told(afterFlush(first.state, again, SENT, NOW))).toEqual([
      ['a', 'sent'],
      ['b', 'sent'],
    ]);
  });

  it('is given up after the second time, each of its notices with what to look at', () => {
    const second = afterFlush(first.state, again, UNKNOWN, NOW);
    expect([second.state.digest, second.retry]).toEqual([null, null]);
    for (const { outcome } of second.reports) {
      expect(outcome).toMatchObject({ kind: 'failed', error: expect.stringContaining(MESSAGE_ID) });
    }
    expect(second.reports).toHaveLength(2);
  });

  it('is handed over a second time for a notice that joined after the first', () => {
    const joined = { ...again, notices: [...again.notices, escalation('c')] };
    const second = afterFlush({ ...first.state, digest: joined }, joined, UNKNOWN, NOW);
    expect(told(second)).toEqual([
      ['a', 'failed'],
      ['b', 'failed'],
      ['c', 'retrying'],
    ]);
    expect(second.state.digest).toMatchObject({ attempt: 3, notices: [{ id: 'c' }] });
    const third = second.state.digest;
    if (third === null) throw new Error('not kept');
    expect(told(afterFlush(second.state, third, UNKNOWN, NOW))).toEqual([['c', 'failed']]);
  });

  it('keeps its day of plain failures, and says at their end what may have arrived', () => {
    let state = first.state;
    let last = first;
    for (let failures = 0; state.digest !== null; failures += 1) {
      expect(failuresOf(state.digest)).toBe(failures);
      last = afterFlush(state, state.digest, downAt(state.digest), NOW + DAY_MS);
      state = last.state;
    }
    for (const { outcome } of last.reports) {
      expect(outcome).toMatchObject({
        kind: 'failed',
        error: expect.stringMatching(/may have arrived; ECONNREFUSED$/),
      });
    }
    expect(last.reports).toHaveLength(2);
  });
});
