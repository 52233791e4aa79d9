/**
 * Charges, payment intents and their invoice are told of apart, and that they belong together is
 * told last, first or in between. None of it may matter.
 */
import fc from 'fast-check';
import { describe, it, vi } from 'vitest';
import type { PaymentFact, PaymentFactName } from '../../../src/core/fact.ts';
import type { OperatorInput } from '../../../src/core/follow-up/types.ts';
import { Family } from '../../support/family.ts';
import { DAY, HOUR, MONDAY_NOON, payment } from '../../support/follow-up.ts';
import { holds, same } from '../../support/property.ts';
import { essence, type Said, said, tellings, WISHES } from '../../support/said.ts';

const NOW = MONDAY_NOON + HOUR;

/** Subjects and what they send each other, taken from the post in the order that `picks` says. */
function settled(facts: readonly Said<PaymentFact>[], picks: readonly number[]): Family {
  let turn = 0;
  const family = new Family({}, (count) => (picks[turn++ % picks.length] ?? 0) % count);
  family.now = NOW;
  family.facts(facts);
  return family;
}

const LINK: Said<PaymentFact> = {
  fact: payment('payment.linked', MONDAY_NOON, { aliases: ['pi_1'] }),
  eventKey: 'evt_link',
};

const scenario = fc
  .array(fc.record({ one: said(30 * 60_000), ofPart: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) =>
    list.map(({ one, ofPart }): Said<PaymentFact> => {
      // A charge is told of under the id of its intent, as a part of it.
      const isCharge = ofPart && one.fact.ref === 'pi_1';
      const fact = isCharge ? { ...one.fact, ofPart: true as const } : one.fact;
      return { fact: { ...fact, aliases: [] }, eventKey: `${one.eventKey}_${isCharge}` };
    }),
  );

/** What happens to the payment at one moment: it is told of under the id of its intent. */
interface Moment {
  readonly waitMs: number;
  readonly name: PaymentFactName | null;
  readonly decline: 'hard' | 'soft' | null;
  readonly isSent: boolean;
  readonly wish: OperatorInput | null;
}

/** Of an intent and of the invoice it pays these say the same. */
const SAME_OF_BOTH: readonly PaymentFactName[] = [
  'payment.failed',
  'payment.action_required',
  'payment.disputed',
  'payment.dispute_won',
  'payment.paid',
];

const moment: fc.Arbitrary<Moment> = fc.record({
  waitMs: fc.oneof(fc.integer({ min: 1, max: 6 * DAY }), fc.constantFrom(30_000, HOUR, 3 * DAY)),
  name: fc.constantFrom(null, 'payment.failed', ...SAME_OF_BOTH),
  decline: fc.constantFrom('hard', 'soft', null),
  isSent: fc.boolean(),
  wish: fc.constantFrom(null, null, ...WISHES),
});

/** The history of one payment, where the link is learned at the moment numbered `linkedAt`. */
function history(moments: readonly Moment[], linkedAt: number): Family {
  const family = new Family();
  let answered = 0;
  for (const [place, { waitMs, name, decline, isSent, wish }] of moments.entries()) {
    family.advanceTo(family.now + waitMs);
    if (place === linkedAt) family.fact(LINK.fact, LINK.eventKey);
    if (name !== null) {
      family.fact(payment(name, family.now, { ref: 'pi_1', decline }), `evt_${place}`);
    }
    for (; isSent && answered < family.told.length; answered += 1) {
      for (const { noticeId } of family.told[answered]?.to ?? []) {
        const outcome = { kind: 'sent', at: family.now, messageId: '<m@x>' } as const;
        const subject = family.told[answered]?.subject ?? '';
        family.give(subject, { kind: 'outcome', noticeId, outcome });
      }
    }
    if (wish !== null) family.operate('stripe/pi_1', wish);
  }
  if (linkedAt >= moments.length) family.fact(LINK.fact, LINK.eventKey);
  family.advanceTo(family.now + 90 * DAY);
  return family;
}

function lived(moments: readonly Moment[], linkedAt: number): void {
  const early = history(moments, 0);
  const late = history(moments, linkedAt);
  same(tellings(late.told), tellings(early.told));
  same(lasting(late), lasting(early));
}

/** Links that cross: each is told to belong to the other at once. */
const CROSSING: readonly Said<PaymentFact>[] = [
  LINK,
  {
    fact: payment('payment.linked', MONDAY_NOON, { ref: 'pi_1', aliases: ['in_1'] }),
    eventKey: 'evt_back',
  },
];

/** Both fail, people act on one or the other, and then the links are learned. */
function oneFollowUp(
  moments: readonly { readonly one: Moment; readonly ref: string }[],
  links: readonly Said<PaymentFact>[],
  picks: readonly number[],
): void {
  let turn = 0;
  const family = new Family({}, (count) => (picks[turn++ % picks.length] ?? 0) % count);
  for (const [place, { one, ref }] of moments.entries()) {
    family.advanceTo(family.now + one.waitMs);
    const { decline, wish } = one;
    family.fact(payment('payment.failed', family.now, { ref, decline }), `evt_${place}`);
    if (one.isSent) arrive(family, `stripe/${ref}`);
    const isEnd = wish?.kind === 'resolve' || wish?.kind === 'reopen';
    if (wish !== null && !isEnd) family.operate(`stripe/${ref}`, wish);
  }
  const before = [...family.states.values()].map(({ followUp, hold }) => ({ followUp, hold }));
  // A ladder that has ended is another story: what fails after it begins anew.
  if (before.some(({ followUp }) => followUp?.closedAt !== null)) return;
  const known = new Set(family.told.map(({ step }) => step));
  const toldCount = family.told.length;
  family.facts(links);
  same(family.rootOf('stripe/pi_1'), family.rootOf('stripe/in_1'));
  const root = family.state(family.rootOf('stripe/in_1'));
  if (moments.length > 0) same(root?.status, 'failed');
  onceWanted(family);
  family.advanceTo(family.now + 90 * DAY);
  const after = family.told.slice(toldCount);
  same(
    after.filter(({ step }) => known.has(step)).map(({ step }) => step),
    [],
  );
  if (before.some(({ followUp }) => followUp?.acknowledged)) {
    same(
      after.filter(({ audience }) => audience === 'team'),
      [],
    );
  }
  if (before.some(({ hold }) => hold !== null && hold.until === null)) same(after, []);
}

/** Every mail that was decided under this id is delivered. */
function arrive(family: Family, subject: string): void {
  for (const { id: noticeId, outcome } of family.notices(subject)) {
    if (outcome !== null) continue;
    const sent = { kind: 'sent', at: family.now, messageId: '<m@x>' } as const;
    family.give(subject, { kind: 'outcome', noticeId, outcome: sent });
  }
}

/** Of the mails about one step each person gets at most one: what arrived counts, what waits is asked about. */
function onceWanted(family: Family): void {
  const waiting = family.told.flatMap(({ subject, step, to }) =>
    to.flatMap(({ noticeId, person }) => {
      const root = family.rootOf(subject);
      const known = family.notices(root).find(({ id }) => id === noticeId);
      const waits = known?.outcome === null && family.isWanted(subject, noticeId).wanted;
      return waits ? [`${step} to ${person.address}`] : [];
    }),
  );
  const sent = family
    .notices(family.rootOf('stripe/in_1'))
    .filter(({ outcome }) => outcome?.kind === 'sent')
    .map(({ step, to }) => `${step} to ${to}`);
  same(
    waiting.filter((one, place) => sent.includes(one) || waiting.indexOf(one) !== place),
    [],
  );
}

function lasting(family: Family): unknown {
  const state = family.state('stripe/in_1');
  const outcomes = state?.notices.map(({ at, step, outcome }) => [at, step, outcome?.kind]);
  return [essence(state), state?.hold, state?.manual, outcomes];
}

vi.setConfig({ testTimeout: 180_000 });

describe('ids that belong together', () => {
  it('make one invoice, whenever the link arrives and whatever overtakes it', () => {
    const picks = fc.array(fc.nat({ max: 50 }), { minLength: 40, maxLength: 40 });
    holds(
      'joined',
      fc.property(scenario, picks, (facts, order) => {
        const inOrder = settled([LINK, ...facts], [0]);
        const mixed = settled([...facts, LINK, ...facts], order);
        same(essence(mixed.state('stripe/in_1')), essence(inOrder.state('stripe/in_1')));
        same(mixed.state('stripe/pi_1')?.status, 'joined');
      }),
    );
  });

  it('tell nobody more, less or later because the link came late, and keep what people did', () => {
    holds(
      'late link',
      fc.property(fc.array(moment, { minLength: 1, maxLength: 7 }), fc.nat({ max: 7 }), lived),
    );
  });

  it('that were both followed up repeat nothing after they were joined, and a hold or an acknowledgement counts for both', () => {
    holds(
      'two follow-ups',
      fc.property(
        fc.array(fc.record({ one: moment, ref: fc.constantFrom('in_1', 'pi_1') }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.constantFrom([LINK], CROSSING),
        fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 12 }),
        oneFollowUp,
      ),
    );
  });
});
