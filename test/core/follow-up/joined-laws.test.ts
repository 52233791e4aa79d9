/**
 * Charges, payment intents and their invoice are told of apart, and that they belong together is
 * told last, first or in between. None of it may matter.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decide } from '../../../src/core/follow-up/index.ts';
import type { Input, SubjectState } from '../../../src/core/follow-up/types.ts';
import { HOUR, MONDAY_NOON, payment, policy } from '../../support/follow-up.ts';
import { holds } from '../../support/property.ts';
import { essence, type Said, said } from '../../support/said.ts';

interface Message {
  readonly subject: string;
  readonly input: Input;
}

const NOW = MONDAY_NOON + HOUR;
const POLICY = policy();

/** Subjects and what they send each other, taken from the post in the order that `picks` says. */
function settled(facts: readonly Said[], picks: readonly number[]): Map<string, SubjectState> {
  const states = new Map<string, SubjectState>();
  const post: Message[] = facts.map(({ fact, eventKey }) => ({
    subject: `stripe/${fact.ref}`,
    input: { kind: 'fact', fact, eventKey, via: 'webhook' },
  }));
  for (let turn = 0; post.length > 0; turn += 1) {
    if (turn > 1000) throw new Error('the post never comes to rest');
    const [message] = post.splice((picks[turn % picks.length] ?? 0) % post.length, 1);
    if (message === undefined) break;
    const { subject, input } = message;
    const state = states.get(subject) ?? null;
    const decision = decide({ state, subject, kind: 'payment', input, now: NOW, policy: POLICY });
    states.set(subject, decision.state);
    for (const effect of decision.effects) {
      if (effect.kind === 'link') {
        post.push({ subject: `stripe/${effect.alias}`, input: { kind: 'link', to: subject } });
      }
      if (effect.kind === 'forward') {
        const { to, fact, eventKey } = effect;
        post.push({ subject: to, input: { kind: 'fact', fact, eventKey, via: 'forwarded' } });
      }
    }
  }
  return states;
}

const LINK: Said = {
  fact: payment('payment.linked', MONDAY_NOON, { aliases: ['pi_1'] }),
  eventKey: 'evt_link',
};

const scenario = fc
  .array(fc.record({ one: said(30 * 60_000), ofPart: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((list) =>
    list.map(({ one, ofPart }): Said => {
      // A charge is told of under the id of its intent, as a part of it.
      const isCharge = ofPart && one.fact.ref === 'pi_1';
      const fact = isCharge ? { ...one.fact, ofPart: true as const } : one.fact;
      return { fact: { ...fact, aliases: [] }, eventKey: `${one.eventKey}_${isCharge}` };
    }),
  );

vi.setConfig({ testTimeout: 180_000 });

describe('ids that belong together', () => {
  it('make one invoice, whenever the link arrives and whatever overtakes it', () => {
    const picks = fc.array(fc.nat({ max: 50 }), { minLength: 40, maxLength: 40 });
    holds(
      'joined',
      fc.property(scenario, picks, (facts, order) => {
        const inOrder = settled([LINK, ...facts], [0]);
        const mixed = settled([...facts, LINK, ...facts], order);
        expect(essence(mixed.get('stripe/in_1') ?? null)).toEqual(
          essence(inOrder.get('stripe/in_1') ?? null),
        );
        expect(mixed.get('stripe/pi_1')?.status).toBe('joined');
      }),
    );
  });
});
