/** What happens to a payment, in beats: one beat is the trackers' interval between two mails. */

export interface Step {
  /** When it is delivered. */
  readonly at: number;
  readonly what: 'failed' | 'paid' | 'intent_failed';
  /** When it happened, if it arrives late. */
  readonly happenedAt?: number;
  /** The same event, delivered so often. */
  readonly times?: number;
  /** Not sent by the provider: an unsigned (or wrongly signed) request of a stranger. */
  readonly forged?: boolean;
}

/** Mails to the customer and to the team. */
export interface Told {
  readonly reminders: number;
  readonly escalations: number;
}

export interface Sequence {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** What Hookline tells people, in the end. */
  readonly told: Told;
}

/** Beats after which nothing more can come in any sequence. */
export const LAST_BEAT = 5.75;
/** A look within the first interval: whoever has sent more than one mail by now was too quick. */
export const FIRST_LOOK = 0.75;

/** On these the trackers are right, and Hookline does the same. */
export const PLAIN: readonly Sequence[] = [
  {
    id: 'unanswered',
    title: 'a failure that nobody answers',
    steps: [{ at: 0, what: 'failed' }],
    told: { reminders: 3, escalations: 1 },
  },
  {
    id: 'paidfirst',
    title: 'paid after the first reminder',
    steps: [
      { at: 0, what: 'failed' },
      { at: 0.5, what: 'paid' },
    ],
    told: { reminders: 1, escalations: 0 },
  },
  {
    id: 'paidsecond',
    title: 'paid after the second reminder',
    steps: [
      { at: 0, what: 'failed' },
      { at: 1.5, what: 'paid' },
    ],
    told: { reminders: 2, escalations: 0 },
  },
  {
    id: 'paidthird',
    title: 'paid after the third reminder, before the escalation',
    steps: [
      { at: 0, what: 'failed' },
      { at: 2.5, what: 'paid' },
    ],
    told: { reminders: 3, escalations: 0 },
  },
  {
    id: 'paidonly',
    title: 'paid without a failure',
    steps: [{ at: 0, what: 'paid' }],
    told: { reminders: 0, escalations: 0 },
  },
  {
    id: 'late',
    title: 'a failure that arrives after the payment that answered it',
    steps: [
      { at: 1, what: 'paid' },
      { at: 2, what: 'failed', happenedAt: 0 },
    ],
    told: { reminders: 0, escalations: 0 },
  },
];

/** On these every tracker shows a defect. */
export const DEFECTS = {
  retried: {
    id: 'retried',
    title: 'the provider tries three times, and each attempt fails',
    steps: [
      { at: 0, what: 'failed' },
      { at: 0, what: 'failed' },
      { at: 0, what: 'failed' },
    ],
    told: { reminders: 3, escalations: 1 },
  },
  duplicated: {
    id: 'duplicated',
    title: 'one failure, delivered three times',
    steps: [{ at: 0, what: 'failed', times: 3 }],
    told: { reminders: 3, escalations: 1 },
  },
  reopened: {
    id: 'reopened',
    title: 'paid, then failed anew',
    steps: [
      { at: 0, what: 'failed' },
      { at: 0.5, what: 'paid' },
      { at: 2, what: 'failed' },
    ],
    told: { reminders: 4, escalations: 1 },
  },
  escalated: {
    id: 'escalated',
    title: 'two more failures after the escalation',
    steps: [
      { at: 0, what: 'failed' },
      { at: 4, what: 'failed' },
      { at: 4.5, what: 'failed' },
    ],
    told: { reminders: 3, escalations: 1 },
  },
  intent: {
    id: 'intent',
    title: 'an invoice and its payment intent fail for the same charge',
    steps: [
      { at: 0, what: 'failed' },
      { at: 0.5, what: 'intent_failed' },
    ],
    told: { reminders: 3, escalations: 1 },
  },
  forged: {
    id: 'forged',
    title: 'a stranger posts a failure',
    steps: [{ at: 0, what: 'failed', forged: true }],
    told: { reminders: 0, escalations: 0 },
  },
} as const satisfies Readonly<Record<string, Sequence>>;

export const SEQUENCES: readonly Sequence[] = [...PLAIN, ...Object.values(DEFECTS)];
