/** Ways in which evidence can be made untrue: each of them the checker must catch. */
import type { NoticeRecord, SubjectState } from '../../src/core/follow-up/types.ts';
import { appliedEvent, check, type Evidence, type Rule } from './checker.ts';

export interface Falsehood {
  readonly name: string;
  readonly caughtAs: Rule;
  /** Throws where the evidence holds nothing that could be changed so. */
  readonly falsify: (evidence: Evidence) => Evidence;
}

export const FALSEHOODS: readonly Falsehood[] = [
  {
    name: 'an acked event that the archive does not have',
    caughtAs: 'acked_not_archived',
    falsify: (evidence) => ({ ...evidence, archived: evidence.archived.slice(1) }),
  },
  {
    name: 'an archived event with other bytes',
    caughtAs: 'acked_not_archived',
    falsify: (evidence) => ({
      ...evidence,
      archived: evidence.archived.map((event, place) =>
        place === 0 ? { ...event, bodySha256: '0'.repeat(64) } : event,
      ),
    }),
  },
  {
    name: 'an acked event that no object has seen',
    caughtAs: 'acked_not_processed',
    falsify: (evidence) =>
      changed(evidence, 'an event', ({ timeline, ...state }) => {
        const place = timeline.findIndex((entry) => appliedEvent(entry) !== null);
        return place < 0 ? null : { ...state, timeline: timeline.toSpliced(place, 1) };
      }),
  },
  {
    name: 'an event that took effect twice',
    caughtAs: 'processed_twice',
    falsify: (evidence) =>
      changed(evidence, 'an event', ({ timeline, ...state }) => {
        const again = timeline.find((entry) => appliedEvent(entry) !== null);
        return again === undefined ? null : { ...state, timeline: [...timeline, again] };
      }),
  },
  {
    name: 'a second invocation of one event',
    caughtAs: 'processed_twice',
    falsify: (evidence) => ({
      ...evidence,
      invocations: [...evidence.invocations, ...evidence.invocations.slice(0, 1)],
    }),
  },
  {
    name: 'an acknowledgement before Restate had the event',
    caughtAs: 'acked_before_accepted',
    falsify: (evidence) => ({
      ...evidence,
      invocations: evidence.invocations.map((run, place) =>
        place === 0 ? { ...run, createdAt: run.createdAt + 3_600_000 } : run,
      ),
    }),
  },
  {
    name: 'an event that nobody sent',
    caughtAs: 'phantom',
    falsify: (evidence) => ({ ...evidence, sent: evidence.sent.slice(1) }),
  },
  { name: 'two events of one payment swapped', caughtAs: 'order', falsify: swapTwoEvents },
  {
    name: 'a payment that ended in another status',
    caughtAs: 'end_state',
    falsify: (evidence) =>
      changed(evidence, 'a state', (state) => ({
        ...state,
        status: state.status === 'voided' ? 'paid' : 'voided',
      })),
  },
  {
    name: 'a mail that never arrived',
    caughtAs: 'mail_lost',
    falsify: (evidence) => ({ ...evidence, mails: withoutFirst(evidence) }),
  },
  {
    name: 'one mail taken twice with no kill in between',
    caughtAs: 'mail_twice',
    falsify: (evidence) => ({
      ...evidence,
      kills: [],
      mails: [...evidence.mails, ...evidence.mails.slice(0, 1)],
    }),
  },
  {
    name: 'all mails sent again after a kill',
    caughtAs: 'mail_twice',
    falsify: (evidence) => {
      const after = Math.max(...evidence.mails.map(({ receivedAt }) => receivedAt)) + 60_000;
      const again = evidence.mails.map((mail) => ({ ...mail, receivedAt: after + 1 }));
      return {
        ...evidence,
        mails: [...evidence.mails, ...again],
        kills: [{ at: after, backAt: after }],
      };
    },
  },
  {
    name: 'a reminder skipped although its mail had left, with no kill in between',
    caughtAs: 'mail_phantom',
    falsify: (evidence) => {
      const first = evidence.mails.find(({ step }) => step !== 'digest');
      const skipped = { kind: 'skipped', at: 0, rule: 'settled', detail: 'perhaps' } as const;
      return changed({ ...evidence, kills: [] }, 'a notice', (state) => {
        if (state.subject !== first?.subject) return null;
        const notices = state.notices.map((notice) => ({ ...notice, outcome: skipped }));
        return { ...state, notices };
      });
    },
  },
  {
    name: 'one step told twice under two Message-IDs',
    caughtAs: 'mail_twice',
    falsify: (evidence) => ({
      ...evidence,
      mails: evidence.mails.flatMap((mail) =>
        mail.step === 'digest' ? [mail] : [mail, { ...mail, messageId: `other-${mail.messageId}` }],
      ),
    }),
  },
  {
    name: 'a mail that no object knows of',
    caughtAs: 'mail_phantom',
    falsify: (evidence) => {
      // One whose notice says so: around a kill some mails are unclaimed as it is.
      const claimed = evidence.mails.findIndex(({ messageId }) => isClaimed(evidence, messageId));
      if (claimed < 0) throw new Error('no mail that an object knows of');
      return {
        ...evidence,
        mails: evidence.mails.map((mail, place) =>
          place === claimed ? { ...mail, messageId: '<nobody@knows>' } : mail,
        ),
      };
    },
  },
  {
    name: 'an open payment whose step was forgotten',
    caughtAs: 'step_not_told',
    falsify: (evidence) =>
      changed(evidence, 'an open payment', (state) => {
        const { followUp } = state;
        if (followUp === null || followUp.closedAt !== null) return null;
        return { ...state, followUp: { ...followUp, steps: followUp.steps.slice(1) } };
      }),
  },
  {
    name: 'a reminder decided after the payment',
    caughtAs: 'told_after_settlement',
    falsify: remindAfterPayment,
  },
  {
    name: 'a reminder that left long after the payment was known',
    caughtAs: 'told_after_settlement',
    falsify: mailAfterPayment,
  },
];

function isClaimed({ states }: Evidence, messageId: string): boolean {
  return [...states.values()].some(({ notices }) =>
    notices.some(({ outcome }) => outcome?.kind === 'sent' && outcome.messageId === messageId),
  );
}

export interface Trial {
  /** Names of falsehoods that the checker let pass. */
  readonly uncaught: readonly string[];
  readonly tried: number;
}

/** Every falsehood that this evidence can be turned into, held against the checker. */
export function tryFalsehoods(evidence: Evidence): Trial {
  const trials = FALSEHOODS.flatMap(({ name, caughtAs, falsify }) => {
    try {
      const { violations } = check(falsify(evidence));
      return [{ name, isCaught: violations.some(({ rule }) => rule === caughtAs) }];
    } catch (error) {
      if (error instanceof NothingToFalsify) return [];
      throw error;
    }
  });
  const uncaught = trials.filter(({ isCaught }) => !isCaught).map(({ name }) => name);
  return { uncaught, tried: trials.length };
}

class NothingToFalsify extends Error {}

/** Changes the first state for which `change` finds something to change. */
function changed(
  evidence: Evidence,
  wanted: string,
  change: (state: SubjectState) => SubjectState | null,
): Evidence {
  for (const [subject, state] of evidence.states) {
    const other = change(state);
    if (other !== null)
      return { ...evidence, states: new Map([...evidence.states, [subject, other]]) };
  }
  throw new NothingToFalsify(`the evidence holds no ${wanted}`);
}

/** Without the first that an object claims: one that may have arrived is missed by nobody. */
function withoutFirst({ mails, states }: Evidence): Evidence['mails'] {
  const outcomes = [...states.values()].flatMap(({ notices }) => notices.map((n) => n.outcome));
  const claimed = new Set(outcomes.map((o) => (o?.kind === 'sent' ? o.messageId : null)));
  const lost = mails.find(({ messageId }) => claimed.has(messageId));
  return mails.filter(({ messageId }) => messageId !== lost?.messageId);
}

/** The first and the last event of a payment: the sender knew their order. */
function swapTwoEvents(evidence: Evidence): Evidence {
  return changed(evidence, 'two events', (state) => {
    const places = [...state.timeline.keys()].filter(
      (place) =>
        appliedEvent(state.timeline[place] ?? { at: 0, cause: '', decision: '', rule: '' }) !==
        null,
    );
    const [first, last] = [places[0], places.at(-1)];
    if (first === undefined || last === undefined || first === last) return null;
    const [a, b] = [state.timeline[first], state.timeline[last]];
    if (a === undefined || b === undefined) return null;
    return { ...state, timeline: state.timeline.with(first, b).with(last, a) };
  });
}

const isReminder = ({ audience, outcome }: NoticeRecord): boolean =>
  audience === 'customer' && outcome?.kind === 'sent';

/** Moves the decision of a reminder to the end of the timeline of a payment that ended paid. */
function remindAfterPayment(evidence: Evidence): Evidence {
  return changed(evidence, 'a reminder of a payment that is paid', (state) => {
    const reminder = state.notices.find(isReminder);
    const decision = state.timeline.find(
      ({ cause, detail }) =>
        cause === `timer g${reminder?.generation}` && detail === reminder?.step,
    );
    if (state.status !== 'paid' || decision === undefined) return null;
    return {
      ...state,
      timeline: [...state.timeline.filter((entry) => entry !== decision), decision],
    };
  });
}

/** A day later, and no kill to excuse it. */
function mailAfterPayment(evidence: Evidence): Evidence {
  const reminders = new Set(
    [...evidence.states.values()]
      .filter(({ status }) => status === 'paid')
      .flatMap(({ notices }) => notices.filter(isReminder))
      .flatMap(({ outcome }) => (outcome?.kind === 'sent' ? [outcome.messageId] : [])),
  );
  const late = evidence.mails.find(({ messageId }) => reminders.has(messageId));
  if (late === undefined)
    throw new NothingToFalsify('the evidence holds no reminder of a paid payment');
  const mails = evidence.mails.map((mail) =>
    mail.messageId === late.messageId
      ? { ...mail, receivedAt: mail.receivedAt + 86_400_000 }
      : mail,
  );
  return { ...evidence, kills: [], mails };
}
