/**
 * Handler options, all explicit: Restate's defaults keep an idempotency record for a day, retry 70
 * times and then pause, which blocks a key until a person looks.
 */
import type { ObjectHandlerOpts, RetryPolicy, ServiceHandlerOpts } from '@restatedev/restate-sdk';

/**
 * For everything that was accepted and must happen. A handler never throws for a bad event (that
 * is quarantine's work), so what is retried here is an endpoint that is down: Restate counts a
 * refused connection as an attempt, and killing after a few would lose accepted events in the
 * first minute of an outage. A million attempts at ten seconds are 115 days.
 */
export const UNTIL_DONE: RetryPolicy = {
  initialInterval: 100,
  exponentiationFactor: 2,
  maxInterval: { seconds: 10 },
  maxAttempts: 1_000_000,
  onMaxAttempts: 'pause',
};

/** For questions somebody waits for: an answer that is late is no answer, and nothing is lost. */
export const SOON_OR_NEVER: RetryPolicy = {
  initialInterval: 100,
  exponentiationFactor: 2,
  maxInterval: { seconds: 1 },
  maxAttempts: 5,
  onMaxAttempts: 'kill',
};

type Opts = Omit<ObjectHandlerOpts<never, never>, 'input' | 'output'> &
  Omit<ServiceHandlerOpts<never, never>, 'input' | 'output'>;

/**
 * Facts from the gateway. Eight days: longer than any provider's own retries (Stripe 3 days,
 * Standard Webhooks 75.6 h); later repeats are caught by the state. The journal stays long enough
 * for restart-as-new after a fix.
 */
export const FACT_ENTRY = {
  idempotencyRetention: { days: 8 },
  journalRetention: { days: 3 },
  retryPolicy: UNTIL_DONE,
} as const satisfies Opts;

/** A person's wish: answered at once or refused, never done hours later behind their back. */
export const OPERATOR_ENTRY = {
  idempotencyRetention: { minutes: 10 },
  journalRetention: { days: 1 },
  retryPolicy: SOON_OR_NEVER,
} as const satisfies Opts;

/** A wish that must come true even if nobody waits: an unsubscribe, bytes that were parked. */
export const LASTING_ENTRY = {
  idempotencyRetention: { days: 1 },
  journalRetention: 0,
  retryPolicy: UNTIL_DONE,
} as const satisfies Opts;

/**
 * Only our own handlers may call these. Through the ingress anybody who reaches it could fire a
 * timer, forge a delivery outcome or send mail.
 */
export const PRIVATE = {
  ingressPrivate: true,
  idempotencyRetention: { days: 1 },
  journalRetention: { days: 1 },
  retryPolicy: UNTIL_DONE,
} as const satisfies Opts;

/**
 * Reads. Since 1.7 every ingress call gets a random idempotency key, so a polled page would leave
 * a day of records behind.
 */
export const READ = {
  idempotencyRetention: { seconds: 10 },
  journalRetention: 0,
  retryPolicy: SOON_OR_NEVER,
} as const satisfies Opts;

/** A read that a handler of ours waits for: it outlives a restart of the endpoint. */
export const PRIVATE_READ = {
  ingressPrivate: true,
  idempotencyRetention: { seconds: 10 },
  journalRetention: 0,
  retryPolicy: UNTIL_DONE,
} as const satisfies Opts;
