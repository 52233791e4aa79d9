/** What the objects are given. They own no clock, no network and no configuration. */
import type { Archive } from '../archive/contract.ts';
import type { Clock } from '../core/clock.ts';
import type { Gateway } from '../gateway.ts';
import type { LinksFor, MailTransport } from '../mail/contract.ts';

export interface ServiceDeps {
  readonly gateway: Gateway;
  readonly clock: Clock;
  /**
   * Wall time, epoch ms, read only to turn a moment into the delay of a send. It needs no journal
   * entry: Restate stores the moment at which the send was first made and ignores it on replay.
   */
  readonly wallNow: () => number;
  readonly archive: Archive;
  readonly transport: MailTransport;
  readonly linksFor: LinksFor;
  /** True on Node. On Workers, remembering a timer's id costs a request per armed timer. */
  readonly cancelTimers: boolean;
}

/**
 * Wall milliseconds to keep what nobody needs any more. Retention guards against providers that
 * repeat themselves, and they live in wall time however fast follow-up time runs.
 */
export function retentionUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil(at - now));
}

/** Wall milliseconds until a moment of follow-up time; 0 when it has passed. */
export function delayUntil(deps: Pick<ServiceDeps, 'clock' | 'wallNow'>, at: number): number {
  const spanMs = at - deps.clock.fromWall(deps.wallNow());
  return Math.max(0, Math.ceil(deps.clock.wallSpanMs(spanMs)));
}
