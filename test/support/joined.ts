/** A payment intent and its invoice, as tests of what joins them speak of them. */
import type { PaymentFact } from '../../src/core/fact.ts';
import { decide } from '../../src/core/follow-up/index.ts';
import type { NoticeOutcome, SkipRule } from '../../src/core/notice.ts';
import type { Family } from './family.ts';
import { MONDAY_NOON, payment } from './follow-up.ts';

export const INTENT = 'stripe/pi_1';
export const INVOICE = 'stripe/in_1';

export function failed(ref: string, at: number, over: Partial<PaymentFact> = {}): PaymentFact {
  return payment('payment.failed', at, { ref, ...over });
}

/** `alias` turns out to belong to `ref`. */
export function link(family: Family, ref = 'in_1', alias = 'pi_1'): void {
  const fact = payment('payment.linked', MONDAY_NOON, { ref, aliases: [alias] });
  family.fact(fact, `evt_link_${alias}_${ref}`);
}

/** `from` knows that it belongs to `to`; what it handed over is still on its way, and returned. */
export function linkedWithoutHandOver(family: Family, from: string, to: string) {
  const { policy, now } = family;
  const input = { kind: 'link', to } as const;
  const state = family.state(from);
  const decision = decide({ state, subject: from, kind: 'payment', now, policy, input });
  family.states.set(from, decision.state);
  return decision.effects.filter((effect) => effect.kind === 'handOver');
}

export function sent(at: number): NoticeOutcome {
  return { kind: 'sent', at, messageId: '<m@x>' };
}

export function retrying(at: number): NoticeOutcome {
  return { kind: 'retrying', at, attempt: 1, error: 'x' };
}

export function skipped(at: number, rule: SkipRule): NoticeOutcome {
  return { kind: 'skipped', at, rule, detail: null };
}

/** The same outcome for every mail of a subject that is not known to have arrived. */
export function become(family: Family, subject: string, outcome: NoticeOutcome): void {
  for (const notice of family.notices(subject)) {
    if (notice.outcome?.kind === 'sent') continue;
    report(family, subject, notice.id, outcome);
  }
}

export function report(
  family: Family,
  subject: string,
  noticeId: string,
  outcome: NoticeOutcome,
): void {
  family.give(subject, { kind: 'outcome', noticeId, outcome });
}

/** The id of the first notice of a subject. */
export function noticeOf(family: Family, subject: string): string {
  const [notice] = family.notices(subject);
  if (notice === undefined) throw new Error('no notice');
  return notice.id;
}

export function steps(family: Family): readonly string[] {
  return family.told.map(({ step }) => step);
}
