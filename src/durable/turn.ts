/**
 * One turn of a subject: read the state, decide (pure), write, send. Owns how a decision that
 * throws is set aside so that the key moves on; knows nothing of what the engine decides.
 */
import type * as restate from '@restatedev/restate-sdk';
import type { SubjectKind } from '../core/fact.ts';
import { decide } from '../core/follow-up/index.ts';
import type { Decision, Effect, Input, SubjectState } from '../core/follow-up/types.ts';
import type { ResolvedSource } from '../gateway.ts';
import { RUN, STATE_KEY, subjectKey, TIMER_KEY } from './contract.ts';
import type { ServiceDeps } from './deps.ts';
import { delayUntil, retentionUntil } from './deps.ts';
import { isExhaustedRun, reasonOf } from './errors.ts';
import type { AddressedNotice, NotifyEffect } from './notices.ts';
import { noticesOf } from './notices.ts';
import {
  sendDeliver,
  sendFact,
  sendHandOver,
  sendLink,
  sendOutcome,
  sendQuarantine,
  sendSubjectExpire,
  sendTimer,
} from './sends.ts';

/** Tries at a decision that throws: a bug rarely heals, but a deployment may land in between. */
const DECIDE_AGAIN_ATTEMPTS = 3;

export interface TurnCall {
  readonly kind: SubjectKind;
  readonly handler: string;
  readonly input: Input;
  /** Follow-up time of the decision. */
  readonly now: number;
  /** For the quarantine: the event that caused this, or what stands for it. */
  readonly cause: string;
  /** A late timer or outcome must not bring a forgotten subject back to life. */
  readonly onlyKnown?: boolean;
}

export type TurnAnswer =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** The source is not in the config any more: the state stays as it is. */
  | { readonly kind: 'unknown_source'; readonly source: string }
  | { readonly kind: 'forgotten' };

interface TurnPlan {
  readonly decision: Decision;
  readonly notices: readonly AddressedNotice[];
}

/** The first segment of the key: sources are named by the config and hold no slash. */
export function sourceOf(key: string): string {
  return key.split('/', 1)[0] ?? '';
}

/**
 * Runs one input through the engine. A decision that throws leaves the state untouched, sends
 * nothing but a note to the quarantine, and answers: one bad event must not stop the next.
 */
export async function turn(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  call: TurnCall,
): Promise<TurnAnswer> {
  const sourceId = sourceOf(ctx.key);
  const source = deps.gateway.sources.get(sourceId);
  if (source === undefined) {
    setAside(ctx, call, `source ${sourceId} is not in the config`);
    return { kind: 'unknown_source', source: sourceId };
  }
  const state = await ctx.get<SubjectState>(STATE_KEY);
  if (state === null && call.onlyKnown) return { kind: 'forgotten' };
  const planned = await planOrReason(ctx, () => planTurn(state, ctx.key, source, call));
  if (typeof planned === 'string') {
    setAside(ctx, call, planned);
    return { kind: 'quarantined', reason: planned };
  }
  // State first: a recipient asks back whether a notice is still wanted as soon as it is sent.
  const { decision } = planned;
  if (decision.accepted && decision.state !== state) ctx.set(STATE_KEY, decision.state);
  await carryOut(ctx, deps, call, planned);
  return { kind: 'decided', decision };
}

/** Everything that may throw because of what an event says happens here, before any write. */
function planTurn(
  state: SubjectState | null,
  subject: string,
  source: ResolvedSource,
  { kind, input, now }: TurnCall,
): TurnPlan {
  const decision = decide({ state, subject, kind, input, now, policy: source.policy });
  const notices = decision.effects
    .filter((effect): effect is NotifyEffect => effect.kind === 'notify')
    .flatMap((effect) => noticesOf({ effect, kind, subject, source, now }));
  return { decision, notices };
}

/** The plan, or why there is none. A journal entry is made only when the first try throws. */
async function planOrReason(
  ctx: restate.ObjectContext,
  plan: () => TurnPlan,
): Promise<TurnPlan | string> {
  try {
    return plan();
  } catch (error) {
    ctx.console.error('decision threw, trying again', reasonOf(error));
  }
  try {
    return await ctx.run(RUN.decideAgain, plan, {
      maxRetryAttempts: DECIDE_AGAIN_ATTEMPTS,
      initialRetryInterval: 50,
      maxRetryInterval: 500,
    });
  } catch (error) {
    if (!isExhaustedRun(error)) throw error;
    return reasonOf(error.message);
  }
}

/** Logs and quarantines what could not be handled. `now` is follow-up time, epoch ms. */
export function setAside(
  ctx: restate.ObjectContext,
  { handler, cause, now }: Pick<TurnCall, 'handler' | 'cause' | 'now'>,
  reason: string,
): void {
  const source = sourceOf(ctx.key);
  ctx.console.error('set aside', { subject: ctx.key, handler, reason });
  sendQuarantine(ctx, {
    v: 1,
    at: now,
    source,
    subject: ctx.key,
    eventKey: cause,
    handler,
    reason,
  });
}

async function carryOut(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  call: TurnCall,
  { decision, notices }: TurnPlan,
): Promise<void> {
  for (const { recipientKey, notice } of notices) sendDeliver(ctx, recipientKey, notice);
  for (const effect of decision.effects) sendEffect(ctx, call, effect);
  const timer = decision.effects.findLast(({ kind }) => kind === 'arm' || kind === 'disarm');
  if (timer?.kind === 'arm') await arm(ctx, deps, call.kind, timer);
  else if (timer !== undefined) await cancelTimer(ctx, deps);
}

function sendEffect(ctx: restate.ObjectContext, call: TurnCall, effect: Effect): void {
  const { kind, now } = call;
  if (effect.kind === 'link') {
    const alias = subjectKey(sourceOf(ctx.key), effect.alias);
    sendLink(ctx, kind, alias, { v: 1, at: now, to: ctx.key });
  }
  if (effect.kind === 'forward') {
    const { to, fact, eventKey, hops } = effect;
    const said = { v: 1, source: sourceOf(ctx.key), eventKey, fact, receivedAt: now } as const;
    sendFact(ctx, kind, to, { ...said, via: 'forwarded', hops });
  }
  if (effect.kind === 'handOver') {
    const { to, path, estate } = effect;
    sendHandOver(ctx, kind, to, { v: 1, at: now, path, estate });
  }
  if (effect.kind === 'outcome') {
    const { to: subject, noticeId: id, outcome, hops } = effect;
    sendOutcome(ctx, { id, kind, subject }, outcome, hops);
  }
  if (effect.kind === 'expire') {
    const { at } = effect;
    sendSubjectExpire(ctx, kind, ctx.key, { v: 1, at }, retentionUntil(at, now));
  }
}

/** The generation in the message decides whether a timer counts; cancelling is housekeeping. */
async function arm(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  { at, generation }: Extract<Effect, { kind: 'arm' }>,
): Promise<void> {
  await cancelTimer(ctx, deps);
  const handle = sendTimer(ctx, kind, ctx.key, { v: 1, generation, at }, delayUntil(deps, at));
  if (deps.cancelTimers) ctx.set(TIMER_KEY, await handle.invocationId);
}

async function cancelTimer(ctx: restate.ObjectContext, deps: ServiceDeps): Promise<void> {
  if (!deps.cancelTimers) return;
  const armed = await ctx.get<restate.InvocationId>(TIMER_KEY);
  // The timer that is running now must not cancel itself.
  if (armed === null || armed === ctx.request().id) return;
  ctx.invocation(armed).cancel();
  ctx.clear(TIMER_KEY);
}
