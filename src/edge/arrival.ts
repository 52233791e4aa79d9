import type { Context } from 'hono';
import type { ResolvedSource } from '../gateway.ts';
import type { BodyBudget } from './body-budget.ts';
import type { EdgeDeps, EdgeLimits } from './deps.ts';
import type { RecordRejection } from './rejections.ts';

/** What receiving needs besides the delivery, made once. */
export interface Receiver {
  readonly deps: EdgeDeps;
  readonly limits: EdgeLimits;
  readonly budget: BodyBudget;
  readonly reject: RecordRejection;
  /** Deliveries being made durable now. */
  readonly flight: { count: number };
}

/** A delivery on its way: what every later step needs of the earlier ones. */
export interface Arrival {
  readonly c: Context;
  readonly source: ResolvedSource;
  readonly encoding: 'none' | 'gzip';
  readonly headers: Readonly<Record<string, string>>;
  readonly startedAt: number;
}
