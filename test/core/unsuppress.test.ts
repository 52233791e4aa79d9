import { describe, expect, it } from 'vitest';
import { decideUnsuppress, expiryOf, isForgettable, suppress } from '../../src/core/recipient.ts';
import { newRecipient, type SuppressionReason } from '../../src/core/recipient-state.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const WISH = { at: NOW + 5, by: 'ada', reason: 'asked by phone', consent: false };
const suppressed = (reason: SuppressionReason) =>
  suppress(newRecipient(), { reason, at: NOW, by: 'link' });

describe('taking a suppression back', () => {
  it.each(['unsubscribed', 'complained'] as const)(
    'needs the consent of a person who %s, and records who lifted it',
    (reason) => {
      const was = { reason, at: NOW, by: 'link' };
      const state = suppressed(reason);
      expect(decideUnsuppress(state, WISH)).toEqual({ kind: 'needs_consent', was });
      const lifting = { was, at: NOW + 5, by: 'ada', reason: 'asked by phone' };
      expect(decideUnsuppress(state, { ...WISH, consent: true })).toEqual({
        kind: 'lifted',
        was,
        state: { ...state, suppression: null, lifting },
      });
    },
  );

  it.each(['bounced', 'suppressed'] as const)('needs no consent after %s', (reason) => {
    const decided = decideUnsuppress(suppressed(reason), WISH);
    expect(decided).toMatchObject({ kind: 'lifted', state: { suppression: null } });
  });

  it('needs the consent when a bounce came after the unsubscribe', () => {
    const bounced = { reason: 'bounced', at: NOW + 1, by: 'webhook' } as const;
    const state = suppress(suppressed('unsubscribed'), bounced);
    expect(decideUnsuppress(state, WISH).kind).toBe('needs_consent');
  });

  it('of a mailbox that is not suppressed changes nothing, with consent or without', () => {
    for (const consent of [false, true]) {
      const decided = decideUnsuppress(newRecipient(), { ...WISH, consent });
      expect(decided).toEqual({ kind: 'not_suppressed' });
    }
  });

  it('is remembered for ever, and does not stand in the way of the next unsubscribe', () => {
    const decided = decideUnsuppress(suppressed('bounced'), WISH);
    if (decided.kind !== 'lifted') throw new Error(decided.kind);
    expect(isForgettable(decided.state, expiryOf(decided.state))).toBe(false);
    expect(isForgettable(newRecipient(), expiryOf(newRecipient()))).toBe(true);
    const again = suppress(decided.state, { reason: 'unsubscribed', at: NOW + 9, by: 'link' });
    expect(again).toMatchObject({ suppression: { at: NOW + 9 }, lifting: { by: 'ada' } });
    expect(decideUnsuppress(again, WISH).kind).toBe('needs_consent');
  });
});
