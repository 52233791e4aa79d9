/** What the engine is told: facts, people's wishes, timers, and what subjects say to each other. */
import type { SubjectFact } from '../fact.ts';
import type { NoticeOutcome } from '../notice.ts';
import type { FollowUp, Hold, ManualSettlement, NoticeRecord, SubjectState } from './types.ts';

/**
 * All that an id which turned out to belong to another subject hands over: what was said, what was
 * sent or is on its way, and what people did about it. It waits in messages while versions change:
 * whatever is added is optional.
 */
export interface Estate {
  readonly facts: SubjectState['carried'];
  readonly followUp: FollowUp | null;
  readonly hold: Hold | null;
  readonly manual: ManualSettlement | null;
  readonly notices: readonly NoticeRecord[];
}

/** `path`: the subjects it went through, the one it came from first. */
export interface HandOver {
  readonly kind: 'handOver';
  readonly path: readonly string[];
  readonly estate: Estate;
}

export interface FactInput {
  readonly kind: 'fact';
  readonly fact: SubjectFact;
  readonly eventKey: string;
  /** `webhook`, `replay`, `reconcile`, `forwarded`. */
  readonly via: string;
  /** How many ids that belong to another subject passed it on. Absent: none. */
  readonly hops?: number;
}

export interface OutcomeInput {
  readonly kind: 'outcome';
  readonly noticeId: string;
  readonly outcome: NoticeOutcome;
  /** How many ids that belong to another subject passed it on. Absent: none. */
  readonly hops?: number;
}

export type OperatorInput =
  | {
      readonly kind: 'hold';
      readonly until: number | null;
      readonly reason: string;
      readonly actor: string;
    }
  | { readonly kind: 'release'; readonly actor: string }
  | { readonly kind: 'acknowledge'; readonly actor: string }
  | { readonly kind: 'resolve'; readonly reason: string | null; readonly actor: string }
  | { readonly kind: 'reopen'; readonly actor: string }
  | { readonly kind: 'note'; readonly text: string; readonly actor: string };

export type Input =
  | FactInput
  | { readonly kind: 'timer'; readonly generation: number }
  | { readonly kind: 'link'; readonly to: string }
  | HandOver
  | OutcomeInput
  | OperatorInput;
