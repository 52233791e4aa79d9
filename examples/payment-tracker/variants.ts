/**
 * Restate's payment tracker as its documentation describes it, in five languages: one object per
 * variant, with the names and the interval of each. Written from the description, not from the
 * code; the defects are part of the description and therefore here.
 */
import * as restate from '@restatedev/restate-sdk';

export interface Variant {
  readonly language: 'ts' | 'go' | 'java' | 'kotlin' | 'python';
  /** All are called PaymentTracker upstream; one server needs one name each. */
  readonly objectName: string;
  readonly onFailure: string;
  readonly onSuccess: string;
  /** State key of the counter. */
  readonly counter: string;
  /** Between two steps, in real time: a day, except for go, which waits five seconds. */
  readonly intervalMs: number;
}

const DAY_MS = 86_400_000;
const CAMEL = { onFailure: 'onPaymentFailure', onSuccess: 'onPaymentSuccess' } as const;

export const VARIANTS: readonly Variant[] = [
  {
    language: 'ts',
    objectName: 'PaymentTrackerTs',
    ...CAMEL,
    counter: 'reminders_count',
    intervalMs: DAY_MS,
  },
  {
    language: 'go',
    objectName: 'PaymentTrackerGo',
    onFailure: 'OnPaymentFailure',
    onSuccess: 'OnPaymentSuccess',
    counter: 'reminders_count',
    intervalMs: 5_000,
  },
  {
    language: 'java',
    objectName: 'PaymentTrackerJava',
    ...CAMEL,
    counter: 'reminder_count',
    intervalMs: DAY_MS,
  },
  {
    language: 'kotlin',
    objectName: 'PaymentTrackerKotlin',
    ...CAMEL,
    counter: 'reminder_count',
    intervalMs: DAY_MS,
  },
  {
    language: 'python',
    objectName: 'PaymentTrackerPython',
    ...CAMEL,
    counter: 'reminder_count',
    intervalMs: DAY_MS,
  },
];

const REMINDERS_MAX = 3;

const EVENT: restate.Serde<TrackerEvent> = {
  contentType: 'application/json',
  serialize: (event) => new TextEncoder().encode(JSON.stringify(event)),
  deserialize: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
};

/** What the trackers get: no signature, no key of the event, and `data.id` names the payment. */
export interface TrackerEvent {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly data: { readonly id: string; readonly customer: string };
}

export type TrackerMail = (told: 'reminder' | 'escalation', payment: string) => Promise<void>;

/**
 * One variant. `scale`: seconds of its interval in a second, so that all intervals take equally
 * long here. `mail` is the stub that upstream prints with: there is nothing by which a mail server
 * could tell a repeated mail from a new one.
 */
export function paymentTracker(
  variant: Variant,
  options: { readonly scale: (intervalMs: number) => number; readonly mail: TrackerMail },
) {
  const { objectName, counter } = variant;
  const onSuccess = async (ctx: restate.ObjectContext, _event: TrackerEvent): Promise<void> => {
    ctx.set('paid', true);
  };
  const onFailure = async (ctx: restate.ObjectContext, event: TrackerEvent): Promise<void> => {
    if ((await ctx.get<boolean>('paid')) === true) return;
    const sent = (await ctx.get<number>(counter)) ?? 0;
    if (sent >= REMINDERS_MAX) {
      await ctx.run('escalate', () => options.mail('escalation', ctx.key));
      return;
    }
    ctx.set(counter, sent + 1);
    await ctx.run('remind', () => options.mail('reminder', ctx.key));
    // The event again, to the same handler: a timer looks like one more failure.
    ctx.genericSend<TrackerEvent>({
      service: objectName,
      method: variant.onFailure,
      key: ctx.key,
      parameter: event,
      inputSerde: EVENT,
      delay: options.scale(variant.intervalMs),
    });
  };
  return restate.object({
    name: objectName,
    handlers: { [variant.onSuccess]: onSuccess, [variant.onFailure]: onFailure },
  });
}
