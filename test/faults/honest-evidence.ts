/** What a run without faults leaves behind, made by the engine alone: three payments, four events each. */
import { createHash } from 'node:crypto';
import type { PaymentFactName } from '../../src/core/fact.ts';
import { decide } from '../../src/core/follow-up/index.ts';
import type { Effect, Input, SubjectState } from '../../src/core/follow-up/types.ts';
import type { Ladder } from '../../src/core/ladder.ts';
import type { Evidence, SentEvent, TakenMail } from '../support/checker.ts';
import { HOUR, MONDAY_NOON, payment, policy } from '../support/follow-up.ts';

const LADDER: Ladder = {
  id: 'quick',
  version: 1,
  anchor: 'failure',
  steps: [
    { id: 'reminder-1', after: '1h', action: 'remind', template: 'reminder-1' },
    { id: 'escalation', after: '2h', action: 'escalate', template: 'escalation', tier: 2 },
    { id: 'close', after: '300d', action: 'close' },
  ],
};
const BASE = policy({ minGapMs: 0 });
const POLICY = { ...BASE, ladders: { ...BASE.ladders, failed: LADDER, actionRequired: LADDER } };

/** Hours apart, so that the ladder has time in between. The last payment stays open. */
const STORIES: readonly (readonly PaymentFactName[])[] = [
  ['payment.failed', 'payment.failed', 'payment.action_required', 'payment.paid'],
  ['payment.paid', 'payment.failed', 'payment.failed', 'payment.paid'],
  ['payment.failed', 'payment.paid', 'payment.failed', 'payment.action_required'],
];
const APART = 1.5 * HOUR;

export function honestEvidence(): Evidence {
  const sent: SentEvent[] = [];
  const mails: TakenMail[] = [];
  const states = new Map<string, SubjectState>();
  for (const [place, story] of STORIES.entries()) {
    const subject = `stripe/in_${place}`;
    const events = story.map((fact, nth) => eventOf(subject, fact, nth));
    sent.push(...events);
    const { state, taken } = live(subject, events);
    states.set(subject, state);
    mails.push(...taken);
  }
  return {
    sent,
    mails,
    states,
    kills: [],
    toWall: (followUpMs) => followUpMs,
    attempts: sent.map(({ key, occurredAt }) => ({
      key,
      sentAt: occurredAt + 10,
      endedAt: occurredAt + 20,
      status: 200,
      retryAfter: null,
    })),
    archived: sent.map(({ key, subject, bodySha256 }) => ({ key, subject, bodySha256 })),
    invocations: sent.map(({ key, subject, occurredAt }) => ({
      key,
      subject,
      succeeded: true,
      createdAt: occurredAt + 15,
      completedAt: occurredAt + 25,
    })),
  };
}

function eventOf(subject: string, fact: PaymentFactName, nth: number): SentEvent {
  const key = `evt_${subject.slice(-1)}_${nth}`;
  const bodySha256 = createHash('sha256').update(key).digest('hex');
  return { key, subject, fact, occurredAt: MONDAY_NOON + nth * APART, bodySha256 };
}

/** One subject through its facts, its timers and its mails, each mail taken at once. */
function live(subject: string, events: readonly SentEvent[]) {
  const taken: TakenMail[] = [];
  let state: SubjectState | null = null;
  let timer: Extract<Effect, { kind: 'arm' }> | null = null;
  const give = (input: Input, now: number): void => {
    const decision = decide({ state, subject, kind: 'payment', input, now, policy: POLICY });
    state = decision.state;
    for (const effect of decision.effects) {
      if (effect.kind === 'arm') timer = effect;
      if (effect.kind === 'disarm') timer = null;
      if (effect.kind === 'notify') for (const to of effect.to) mail(effect, to, now);
    }
  };
  const mail = (
    { generation, step }: Extract<Effect, { kind: 'notify' }>,
    { noticeId, person }: Extract<Effect, { kind: 'notify' }>['to'][number],
    now: number,
  ): void => {
    const messageId = `<${noticeId}@merchant.test>`;
    taken.push({
      messageId,
      step: `g${generation}/${step}`,
      subject,
      to: person.address,
      receivedAt: now,
    });
    give({ kind: 'outcome', noticeId, outcome: { kind: 'sent', at: now, messageId } }, now);
  };
  const letTimePass = (until: number): void => {
    while (timer !== null && timer.at <= until) {
      const { generation, at } = timer;
      timer = null;
      give({ kind: 'timer', generation }, at);
    }
  };
  for (const { key, fact, occurredAt } of events) {
    letTimePass(occurredAt);
    const said = payment(fact, occurredAt, { ref: subject.slice('stripe/'.length) });
    give({ kind: 'fact', fact: said, eventKey: key, via: 'webhook' }, occurredAt);
  }
  letTimePass(MONDAY_NOON + 100 * HOUR);
  if (state === null) throw new Error('no events');
  return { state, taken };
}
