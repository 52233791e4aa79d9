import { describe, expect, it } from 'vitest';
import { check, type Evidence } from '../support/checker.ts';
import { FALSEHOODS } from '../support/falsify.ts';
import { honestEvidence } from './honest-evidence.ts';

describe('the checker of fault tests', () => {
  const honest = honestEvidence();

  /** A mail was taken, and the object says it was not sent. */
  function skippedMail(detail: string | null): { evidence: Evidence; at: number } {
    const mail = honest.mails.find(({ step }) => step !== 'digest');
    if (mail === undefined) throw new Error('no mail');
    const states = new Map(
      [...honest.states].map(([subject, state]) => {
        const notices = state.notices.map((notice) =>
          notice.outcome?.kind === 'sent' && notice.outcome.messageId === mail.messageId
            ? { ...notice, outcome: { kind: 'skipped', at: 0, rule: 'settled', detail } as const }
            : notice,
        );
        return [subject, { ...state, notices }] as const;
      }),
    );
    return { evidence: { ...honest, states }, at: mail.receivedAt };
  }

  it('finds nothing wrong in a run without faults', () => {
    const verdict = check(honest);
    expect(verdict).toMatchObject({
      violations: [],
      acked: 12,
      repeatedAroundKill: 0,
      staleAroundKill: 0,
    });
    expect(verdict.orderedPairs).toBe(3 * 6);
    expect(verdict.mails).toBeGreaterThan(4);
  });

  it.each(FALSEHOODS)('catches $name', ({ falsify, caughtAs }) => {
    const rules = check(falsify(honest)).violations.map(({ rule }) => rule);
    expect(rules).toContain(caughtAs);
  });

  it('excuses and counts a mail repeated under its id around a kill', () => {
    const [mail] = honest.mails;
    if (mail === undefined) throw new Error('no mail');
    const again = { ...mail, receivedAt: mail.receivedAt + 2_000 };
    const kills = [{ at: mail.receivedAt + 500, backAt: mail.receivedAt + 1_500 }];
    const verdict = check({ ...honest, mails: [...honest.mails, again], kills });
    expect(verdict).toMatchObject({ violations: [], repeatedAroundKill: 1 });
  });

  it('does not excuse a repeat after a kill that came long after the first copy', () => {
    const [mail] = honest.mails;
    if (mail === undefined) throw new Error('no mail');
    const killedAt = mail.receivedAt + 60_000;
    const again = { ...mail, receivedAt: killedAt + 500 };
    const kills = [{ at: killedAt, backAt: killedAt + 400 }];
    const { violations } = check({ ...honest, mails: [...honest.mails, again], kills });
    expect(violations.map(({ rule }) => rule)).toEqual(['mail_twice']);
  });

  it('excuses a mail that left right before a kill if its notice says that it may have', () => {
    const { evidence, at } = skippedMail('an attempt before may have reached the reader');
    const kills = [{ at: at + 100, backAt: at + 1_500 }];
    expect(check({ ...evidence, kills })).toMatchObject({ violations: [], unclaimedAroundKill: 1 });
    expect(check(evidence).violations.map(({ rule }) => rule)).toEqual(['mail_phantom']);
  });

  it('does not excuse it if the notice claims that nothing left', () => {
    const { evidence, at } = skippedMail(null);
    const kills = [{ at: at + 100, backAt: at + 1_500 }];
    expect(check({ ...evidence, kills }).violations.map(({ rule }) => rule)).toEqual([
      'mail_phantom',
    ]);
  });

  it('does not excuse a repeat that was over before the kill', () => {
    const [mail] = honest.mails;
    if (mail === undefined) throw new Error('no mail');
    const again = { ...mail, receivedAt: mail.receivedAt + 2_000 };
    const kills = [{ at: mail.receivedAt + 2_500, backAt: mail.receivedAt + 3_500 }];
    const { violations } = check({ ...honest, mails: [...honest.mails, again], kills });
    expect(violations.map(({ rule }) => rule)).toEqual(['mail_twice']);
  });

  it('does not demand an order that the sender could not know', () => {
    const atOnce: Evidence = {
      ...honest,
      attempts: honest.attempts.map((attempt) => ({ ...attempt, sentAt: 0 })),
    };
    const swap = FALSEHOODS.find(({ caughtAs }) => caughtAs === 'order');
    expect(check(atOnce).orderedPairs).toBe(0);
    expect(check(swap?.falsify(atOnce) ?? atOnce).violations).not.toContainEqual(
      expect.objectContaining({ rule: 'order' }),
    );
  });

  it('does not demand that an event without an acknowledgement was kept', () => {
    const [event] = honest.sent;
    if (event === undefined) throw new Error('no event');
    const unheard = honest.attempts.map((attempt) =>
      attempt.key === event.key ? { ...attempt, status: 503 } : attempt,
    );
    const archived = honest.archived.filter(({ key }) => key !== event.key);
    expect(check({ ...honest, attempts: unheard, archived }).violations).toEqual([]);
  });

  it('refuses a timeline that is cut: it would prove nothing', () => {
    const [subject, state] = [...honest.states][0] ?? [];
    if (subject === undefined || state === undefined) throw new Error('no state');
    const line = { at: 0, cause: 'timer g0', decision: 'ignored', rule: 'stale_generation' };
    const full = { ...state, timeline: Array.from({ length: 100 }, () => line) };
    expect(() => check({ ...honest, states: new Map([[subject, full]]) })).toThrow('is full');
  });
});
