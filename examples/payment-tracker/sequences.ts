/** What happens to a payment, and when. A beat is the trackers' interval between two mails. */

/** Mails to the customer and to the team. */
export interface Told {
  readonly reminders: number;
  readonly escalations: number;
}

export interface Step {
  readonly what: 'failed' | 'paid' | 'intent_failed';
  /** Waits until people have been told this much; default: nothing to wait for. */
  readonly after?: Partial<Told>;
  /** Waits so many beats more. */
  readonly beats?: number;
  /** Beats between when it happened and when it is delivered. */
  readonly late?: number;
  /** The same event, delivered so often at once. */
  readonly times?: number;
  /** So many events at once, each of its own. */
  readonly attempts?: number;
  /** Not sent by the provider: a stranger's request, unsigned or wrongly signed. */
  readonly forged?: boolean;
}

export interface Sequence {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** What Hookline tells people, in the end. */
  readonly told: Told;
}

/** Beats after which nothing more can come in any sequence. */
export const LAST_BEAT = 5.25;

/** On these the trackers are right, and Hookline does the same. */
export const PLAIN: readonly Sequence[] = [
  {
    id: 'unanswered',
    title: 'a failure that nobody answers',
    steps: [{ what: 'failed' }],
    told: { reminders: 3, escalations: 1 },
  },
  {
    id: 'paidfirst',
    title: 'paid after the first reminder',
    steps: [{ what: 'failed' }, { what: 'paid', after: { reminders: 1 } }],
    told: { reminders: 1, escalations: 0 },
  },
  {
    id: 'paidsecond',
    title: 'paid after the second reminder',
    steps: [{ what: 'failed' }, { what: 'paid', after: { reminders: 2 } }],
    told: { reminders: 2, escalations: 0 },
  },
  {
    id: 'paidthird',
    title: 'paid after the third reminder, before the escalation',
    steps: [{ what: 'failed' }, { what: 'paid', after: { reminders: 3 } }],
    told: { reminders: 3, escalations: 0 },
  },
  {
    id: 'paidonly',
    title: 'paid without a failure',
    steps: [{ what: 'paid' }],
    told: { reminders: 0, escalations: 0 },
  },
  {
    id: 'late',
    title: 'a failure that arrives after the payment that answered it',
    steps: [{ what: 'paid' }, { what: 'failed', beats: 0.5, late: 2 }],
    told: { reminders: 0, escalations: 0 },
  },
];

/** On these every tracker shows a defect. */
export const DEFECTS = {
  retried: {
    id: 'retried',
    title: 'the provider tries three times, and each attempt fails',
    steps: [{ what: 'failed', attempts: 3 }],
    told: { reminders: 3, escalations: 1 },
  },
  duplicated: {
    id: 'duplicated',
    title: 'one failure, delivered three times',
    steps: [{ what: 'failed', times: 3 }],
    told: { reminders: 3, escalations: 1 },
  },
  reopened: {
    id: 'reopened',
    title: 'paid, then failed anew',
    steps: [
      { what: 'failed' },
      { what: 'paid', after: { reminders: 1 } },
      { what: 'failed', beats: 1.25 },
    ],
    told: { reminders: 4, escalations: 1 },
  },
  escalated: {
    id: 'escalated',
    title: 'two more failures after the escalation',
    steps: [
      { what: 'failed' },
      { what: 'failed', after: { escalations: 1 } },
      { what: 'failed', beats: 0.25 },
    ],
    told: { reminders: 3, escalations: 1 },
  },
  intent: {
    id: 'intent',
    title: 'an invoice and its payment intent fail for the same charge',
    steps: [{ what: 'failed' }, { what: 'intent_failed', after: { reminders: 1 } }],
    told: { reminders: 3, escalations: 1 },
  },
  forged: {
    id: 'forged',
    title: 'a stranger posts a failure',
    steps: [{ what: 'failed', forged: true }],
    told: { reminders: 0, escalations: 0 },
  },
} as const satisfies Readonly<Record<string, Sequence>>;

export const SEQUENCES: readonly Sequence[] = [...PLAIN, ...Object.values(DEFECTS)];

/** Played before all others: the first request to anything is slow. */
export const WARM_UP: Sequence = {
  id: 'warmup',
  title: 'one of each, to warm up',
  steps: [{ what: 'failed' }, { what: 'paid', after: { reminders: 1 } }],
  told: { reminders: 1, escalations: 0 },
};
