/** What the gateway, the pages and the CLI ask of Restate. Implemented over HTTP in `ingress.ts`. */
import type { SubjectKind } from '../core/fact.ts';
import type { Result } from '../core/result.ts';
import type {
  FactMessage,
  OperatorAnswer,
  OperatorMessage,
  ParkMessage,
  QuarantineGroup,
  QuarantineResolveMessage,
  RecipientView,
  SimulateAnswer,
  SimulateMessage,
  SubjectView,
  SuppressMessage,
  UnsuppressAnswer,
  UnsuppressMessage,
} from './contract.ts';

/**
 * `unreachable`, `timeout`, `overloaded`: try again later, nothing is known to be accepted.
 * `refused`: Restate answered that it will never take this (unknown handler, bad request): our
 * fault, not the sender's. `handler`: the handler itself failed terminally.
 */
export type IngressFailure =
  | { readonly reason: 'unreachable'; readonly detail: string }
  | { readonly reason: 'timeout'; readonly afterMs: number }
  | { readonly reason: 'overloaded'; readonly status: number }
  | { readonly reason: 'refused'; readonly status: number; readonly detail: string }
  | { readonly reason: 'handler'; readonly status: number; readonly detail: string };

export interface Accepted {
  readonly invocationId: string;
  /** Restate had this idempotency key already: the first send won. */
  readonly duplicate: boolean;
}

/** An invocation that failed, is paused or keeps failing. `failure` is cut at 500 characters. */
export interface FailedInvocation {
  readonly invocationId: string;
  readonly target: string;
  readonly status: string;
  readonly attempts: number;
  readonly failure: string | null;
  /** RFC 3339, Restate's own wall clock. */
  readonly modifiedAt: string | null;
}

export interface Ingress {
  /** One-way to `onFact`; resolves when Restate holds it durably. Idempotent by event key. */
  sendFact(
    kind: SubjectKind,
    subject: string,
    message: FactMessage,
    idempotencyKey: string,
  ): Promise<Result<Accepted, IngressFailure>>;
  /** Parks bytes in Restate until the archive is back. */
  park(message: ParkMessage, idempotencyKey: string): Promise<Result<Accepted, IngressFailure>>;
  /** Calls an operator handler and waits for its answer. */
  operate(
    kind: SubjectKind,
    subject: string,
    message: OperatorMessage,
  ): Promise<Result<OperatorAnswer, IngressFailure>>;
  view(kind: SubjectKind, subject: string): Promise<Result<SubjectView, IngressFailure>>;
  simulate(
    kind: SubjectKind,
    subject: string,
    message: SimulateMessage,
  ): Promise<Result<SimulateAnswer, IngressFailure>>;
  suppress(
    recipientKey: string,
    message: SuppressMessage,
  ): Promise<Result<{ readonly suppressed: boolean }, IngressFailure>>;
  unsuppress(
    recipientKey: string,
    message: UnsuppressMessage,
  ): Promise<Result<UnsuppressAnswer, IngressFailure>>;
  recipient(recipientKey: string): Promise<Result<RecipientView, IngressFailure>>;
  quarantined(source: string): Promise<Result<readonly QuarantineGroup[], IngressFailure>>;
  /** `resolved` is false when there is no such group, or it grew since it was looked at. */
  resolveQuarantined(
    source: string,
    message: QuarantineResolveMessage,
  ): Promise<Result<{ readonly resolved: boolean }, IngressFailure>>;
  /**
   * Invocations a person should look at, newest first, from Restate's SQL. `refused` when no admin
   * address is configured.
   */
  failedInvocations(limit: number): Promise<Result<readonly FailedInvocation[], IngressFailure>>;
  /** Can it really accept? Not `/health`, which says yes while partitions are dead. */
  ready(): Promise<Result<null, IngressFailure>>;
}
