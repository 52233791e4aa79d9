/**
 * Several subjects that send each other messages, on one clock: an invoice, its payment, its charge.
 * Messages arrive in the order they were sent, as between two keys of Restate.
 */
import type { PaymentFact } from '../../src/core/fact.ts';
import { decide, stillWanted, whileHandedOver } from '../../src/core/follow-up/index.ts';
import type {
  Decision,
  Effect,
  Input,
  NoticeRecord,
  OperatorInput,
  Policy,
  SubjectState,
} from '../../src/core/follow-up/types.ts';
import { MONDAY_NOON, policy } from './follow-up.ts';
import type { Said } from './said.ts';

type Notify = Effect & { readonly kind: 'notify' };

/** What was decided to be sent, by whom, when. */
export interface FamilyTold extends Notify {
  readonly subject: string;
  readonly at: number;
}

export class Family {
  readonly states = new Map<string, SubjectState>();
  readonly told: FamilyTold[] = [];
  readonly policy: Policy;
  now = MONDAY_NOON;
  private readonly timers = new Map<string, { at: number; generation: number }>();
  private readonly post: { readonly subject: string; readonly input: Input }[] = [];
  private readonly pick: (count: number) => number;

  /** `pick`: which of so many messages on their way arrives next; in order unless told otherwise. */
  constructor(over: Partial<Policy> = {}, pick: (count: number) => number = () => 0) {
    this.policy = policy(over);
    this.pick = pick;
  }

  /** Decides, then delivers what that sent until nothing is on its way. */
  give(subject: string, input: Input): Decision {
    const decision = this.decide(subject, input);
    this.deliver();
    return decision;
  }

  fact(fact: PaymentFact, eventKey: string): Decision {
    return this.give(`stripe/${fact.ref}`, { kind: 'fact', fact, eventKey, via: 'webhook' });
  }

  /** Facts that are all on their way at once. */
  facts(said: readonly Said<PaymentFact>[]): void {
    for (const { fact, eventKey } of said) {
      const input = { kind: 'fact', fact, eventKey, via: 'webhook' } as const;
      this.post.push({ subject: `stripe/${fact.ref}`, input });
    }
    this.deliver();
  }

  /** Forgets a settled subject, when its time has come. */
  expire(subject: string): void {
    const at = this.state(subject)?.expiresAt ?? null;
    if (at !== null && at <= this.now) this.states.delete(subject);
  }

  /** A person acts on the subject that an id belongs to. */
  operate(subject: string, input: OperatorInput): Decision {
    return this.give(this.rootOf(subject), input);
  }

  rootOf(subject: string): string {
    const linkedTo = this.states.get(subject)?.linkedTo ?? null;
    return linkedTo === null ? subject : this.rootOf(linkedTo);
  }

  state(subject: string): SubjectState | null {
    return this.states.get(subject) ?? null;
  }

  notices(subject: string): readonly NoticeRecord[] {
    return this.state(subject)?.notices ?? [];
  }

  /** As a recipient asks before it sends: the id that decided it, and from there on. */
  isWanted(subject: string, noticeId: string): ReturnType<typeof stillWanted> {
    const root = this.rootOf(subject);
    const isHandedOn = root !== subject;
    const answer = stillWanted(this.state(root), noticeId, this.policy, null, isHandedOn);
    const own = this.state(subject);
    return isHandedOn && own !== null ? whileHandedOver(own, noticeId, null, answer) : answer;
  }

  /** Lets time pass; of the timers that are due the earliest fires first. */
  advanceTo(at: number): void {
    for (let fired = 0; ; fired += 1) {
      if (fired > 1000) throw new Error('timers never come to rest');
      const [due] = [...this.timers]
        .filter(([, timer]) => timer.at <= at)
        .sort(([, a], [, b]) => a.at - b.at);
      if (due === undefined) break;
      const [subject, timer] = due;
      this.timers.delete(subject);
      this.now = Math.max(this.now, timer.at);
      this.give(subject, { kind: 'timer', generation: timer.generation });
    }
    this.now = Math.max(this.now, at);
  }

  private deliver(): void {
    for (let sent = 0; this.post.length > 0; sent += 1) {
      if (sent > 1000) throw new Error('the post never comes to rest');
      const [message] = this.post.splice(this.pick(this.post.length), 1);
      if (message !== undefined) this.decide(message.subject, message.input);
    }
  }

  private decide(subject: string, input: Input): Decision {
    const { now, policy: rules } = this;
    const state = this.state(subject);
    const decision = decide({ state, subject, kind: 'payment', input, now, policy: rules });
    this.states.set(subject, decision.state);
    for (const effect of decision.effects) this.apply(subject, effect);
    return decision;
  }

  private apply(subject: string, effect: Effect): void {
    switch (effect.kind) {
      case 'arm':
        this.timers.set(subject, effect);
        return;
      case 'disarm':
        this.timers.delete(subject);
        return;
      case 'notify':
        this.told.push({ ...effect, subject, at: this.now });
        return;
      case 'expire':
        return;
      default:
        this.post.push(messageOf(subject, effect));
    }
  }
}

type Sent = Exclude<Effect, { kind: 'arm' | 'disarm' | 'notify' | 'expire' }>;

/** The message that an effect puts in the post, and to whom. */
function messageOf(
  from: string,
  effect: Sent,
): { readonly subject: string; readonly input: Input } {
  switch (effect.kind) {
    case 'link':
      return { subject: `stripe/${effect.alias}`, input: { kind: 'link', to: from } };
    case 'forward': {
      const { to, fact, eventKey, hops } = effect;
      return { subject: to, input: { kind: 'fact', fact, eventKey, via: 'forwarded', hops } };
    }
    case 'handOver': {
      const { to, path, estate } = effect;
      return { subject: to, input: { kind: 'handOver', path, estate } };
    }
    case 'outcome': {
      const { to, noticeId, outcome, hops } = effect;
      return { subject: to, input: { kind: 'outcome', noticeId, outcome, hops } };
    }
  }
}
