/** The pure model of a subject: the engine folded over facts, with no server, timer or mail. */
import { decide } from '../../src/core/follow-up/index.ts';
import type { SubjectState } from '../../src/core/follow-up/types.ts';
import type { SentEvent } from './checker.ts';
import { payment, policy } from './follow-up.ts';

const POLICY = policy();

/** Null for no events. Facts are made here by hand, so that the provider's table is not its own witness. */
export function modelOf(events: readonly SentEvent[]): SubjectState | null {
  const inOrder = events.toSorted((a, b) => a.occurredAt - b.occurredAt);
  return inOrder.reduce<SubjectState | null>((state, { key, subject, fact, occurredAt }) => {
    const ref = subject.slice(subject.indexOf('/') + 1);
    const said = payment(fact, occurredAt, { ref });
    const input = { kind: 'fact', fact: said, eventKey: key, via: 'webhook' } as const;
    return decide({ state, subject, kind: 'payment', input, now: occurredAt, policy: POLICY })
      .state;
  }, null);
}

/** Somebody may be told about a subject with these facts: it is open. */
export function isOpen(events: readonly SentEvent[]): boolean {
  const status = modelOf(events)?.status ?? 'unknown';
  return ['due', 'overdue', 'failed', 'action_required', 'disputed'].includes(status);
}
