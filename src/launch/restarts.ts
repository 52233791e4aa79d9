/** When a child that failed is started again, and when to stop trying. Pure: times are arguments. */

export interface RestartPolicy {
  /** Crashes in a row that are answered with another start. */
  readonly crashesMax: number;
  /** Being ready for this long ends the row. */
  readonly healthyMs: number;
  /** Before the first start again; doubled for each one after it. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

export const RESTART_POLICY: RestartPolicy = {
  crashesMax: 5,
  healthyMs: 60_000,
  pauseMs: 500,
  pauseMsMax: 10_000,
};

/** What went before without a healthy stretch in between. */
export interface Row {
  readonly crashes: number;
  readonly tries: number;
}

export const NO_FAILURES: Row = { crashes: 0, tries: 0 };

export interface Failure {
  /** How long it had been ready; 0 when it never was. */
  readonly readyForMs: number;
  /** Something outside is in its way: a taken port, a full disk. That is no fault of the child. */
  readonly isBlocked: boolean;
}

export type NextTry =
  | { readonly kind: 'retry'; readonly row: Row; readonly pauseMs: number }
  | { readonly kind: 'give_up' };

/**
 * The answer to one more failure. Only crashes are counted against the child: what is in its way
 * may last for hours, and whoever removes it must find the rest alive.
 */
export function nextTry(before: Row, failure: Failure, policy: RestartPolicy): NextTry {
  const { crashes, tries } = failure.readyForMs >= policy.healthyMs ? NO_FAILURES : before;
  if (!failure.isBlocked && crashes >= policy.crashesMax) return { kind: 'give_up' };
  return {
    kind: 'retry',
    row: { crashes: failure.isBlocked ? crashes : crashes + 1, tries: tries + 1 },
    pauseMs: pauseMsAfter(tries, policy),
  };
}

/** The pause after so many tries: doubled each time, up to a limit. */
export function pauseMsAfter(tries: number, policy: RestartPolicy): number {
  return Math.min(policy.pauseMs * 2 ** tries, policy.pauseMsMax);
}
