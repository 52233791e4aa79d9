/** Facts drawn at random, and what of a state must not depend on the order they came in. */
import fc from 'fast-check';
import type { AlertFact, PaymentFact, PaymentFactName, SubjectFact } from '../../src/core/fact.ts';
import type { OperatorInput, SubjectState } from '../../src/core/follow-up/types.ts';
import { alert, DAY, HOUR, MONDAY_NOON, payment, type Told } from './follow-up.ts';

const NAMES: readonly PaymentFactName[] = [
  'payment.due',
  'payment.overdue',
  'payment.failed',
  'payment.action_required',
  'payment.paid',
  'payment.voided',
  'payment.uncollectible',
  'payment.partially_refunded',
  'payment.refunded',
  'payment.disputed',
  'payment.dispute_won',
  'payment.dispute_lost',
  'payment.linked',
];

export interface Said<Fact extends SubjectFact = SubjectFact> {
  readonly fact: Fact;
  readonly eventKey: string;
}

/** Few distinct seconds on purpose: ties are where order-dependence hides. */
export const said = (spanMs: number): fc.Arbitrary<Said<PaymentFact>> =>
  fc
    .record({
      name: fc.constantFrom(...NAMES),
      ref: fc.constantFrom('in_1', 'in_1', 'pi_1'),
      second: fc.nat({ max: 8 }),
      email: fc.constantFrom(null, 'ada@example.com', 'bob@example.com'),
      amountMinor: fc.constantFrom(null, 100, 4900, 2_000_000),
      decline: fc.constantFrom(null, 'hard' as const, 'soft' as const),
      retry: fc.constantFrom(null, 12 * HOUR, 5 * DAY),
      due: fc.constantFrom(null, null, 10 * DAY),
      id: fc.nat({ max: 30 }),
      dispute: fc.constantFrom(null, 'du_1', 'du_2'),
    })
    .map(({ name, ref, second, email, amountMinor, decline, retry, due, id, dispute }) => {
      const at = MONDAY_NOON + Math.round((second / 8) * spanMs);
      const customer = { email, name: null, locale: null, zone: null, country: null };
      const fact = payment(name, at, {
        ref,
        customer,
        amountMinor,
        decline,
        nextAttemptAt: retry === null ? null : at + retry,
        attemptCount: retry === null ? null : 1,
        dueAt: due === null ? null : MONDAY_NOON + due,
        aliases: id % 5 === 0 ? [`pi_${id}`] : [],
        ...(dispute !== null && name.startsWith('payment.dispute') ? { dispute } : {}),
      });
      // An event key stands for one content: the same key never says two different things.
      const eventKey = `evt_${id}_${ref}_${name}_${second}_${email}_${amountMinor}_${decline}_${retry}_${due}_${dispute}`;
      return { fact, eventKey };
    });

/** The same of an alert: fewer names, and what is said of it may change how bad it is. */
export const saidOfAlert = (spanMs: number): fc.Arbitrary<Said<AlertFact>> =>
  fc
    .record({
      name: fc.constantFrom(
        'alert.opened' as const,
        'alert.updated' as const,
        'alert.closed' as const,
      ),
      second: fc.nat({ max: 8 }),
      severity: fc.constantFrom(null, 'critical' as const, 'high' as const, 'low' as const),
      id: fc.nat({ max: 30 }),
    })
    .map(({ name, second, severity, id }) => {
      const at = MONDAY_NOON + Math.round((second / 8) * spanMs);
      const eventKey = `evt_${id}_${name}_${second}_${severity}`;
      return { fact: alert(name, at, { severity }), eventKey };
    });

/** What must not depend on order: everything but the story of how it came to be. */
export function essence(state: SubjectState | null): unknown {
  if (state === null) return null;
  const { status, marks, openings, parts, details, detailMarks, followUp, aliases } = state;
  const verdicts = state.verdicts ?? [];
  return {
    status,
    marks,
    openings,
    parts,
    verdicts,
    details,
    detailMarks,
    aliases: [...aliases].sort(),
    followUp:
      followUp === null || followUp.closedAt !== null
        ? null
        : {
            openedAt: followUp.openedAt,
            anchorAt: followUp.anchorAt,
            ladder: followUp.ladder.id,
            // The generation counts what changed on the way, and the way may differ.
            steps: followUp.steps.map(({ generation: _, subject: __, ...step }) => step),
            next: followUp.next,
          },
  };
}

/** What a person may ask for, each once. */
export const WISHES: readonly OperatorInput[] = [
  { kind: 'hold', until: null, reason: 'x', actor: 'ada' },
  { kind: 'hold', until: MONDAY_NOON + 20 * DAY, reason: 'x', actor: 'ada' },
  { kind: 'release', actor: 'ada' },
  { kind: 'acknowledge', actor: 'ada' },
  { kind: 'resolve', reason: null, actor: 'ada' },
  { kind: 'reopen', actor: 'ada' },
  { kind: 'note', text: 'called', actor: 'ada' },
];

/** What was told, when and to whom, without the ids that depend on the way it came about. */
export function tellings(told: readonly Telling[]): unknown {
  return told.map(({ at, step, template, audience, to, content }) => [
    [at, step, template, audience, content],
    to.map(({ person: { address } }) => address),
  ]);
}

type Telling = Pick<Told, 'at' | 'step' | 'template' | 'audience' | 'to' | 'content'>;
