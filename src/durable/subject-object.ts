/**
 * Payment and Alert: the same object twice, because one engine decides for both. Each handler is
 * one turn; what differs is only where the time of the decision comes from.
 */
import * as restate from '@restatedev/restate-sdk';
import type { SubjectKind } from '../core/fact.ts';
import {
  emptyState,
  HOPS_MAX,
  preview,
  simulate,
  stillWanted,
  whileHandedOver,
} from '../core/follow-up/index.ts';
import type { SubjectState } from '../core/follow-up/types.ts';
import type {
  ExpireMessage,
  FactAnswer,
  FactMessage,
  HandOverMessage,
  LinkMessage,
  OperatorAnswer,
  OperatorMessage,
  OutcomeMessage,
  PreviewAnswer,
  SimulateAnswer,
  SimulateMessage,
  StillWantedAnswer,
  StillWantedMessage,
  SubjectView,
  TimerMessage,
} from './contract.ts';
import { HANDLER, OBJECT_OF, STATE_KEY } from './contract.ts';
import type { ServiceDeps } from './deps.ts';
import { unknownLadder, unknownSource, unreadableMessage } from './errors.ts';
import { FACT_ENTRY, OPERATOR_ENTRY, PRIVATE, PRIVATE_READ, READ } from './options.ts';
import { askStillWanted, sendAgain } from './sends.ts';
import { sourceOf, type TurnAnswer, type TurnCall, turn } from './turn.ts';

const DAY_MS = 86_400_000;
const { exclusive, shared } = restate.handlers.object;

/** One object definition for a kind of subject; its name is wire format. */
export function subjectObject(kind: SubjectKind, deps: ServiceDeps) {
  return restate.object({
    name: OBJECT_OF[kind],
    description: `The follow-up of one ${kind}, keyed {source}/{ref}`,
    handlers: { ...inputHandlers(kind, deps), ...readHandlers(kind, deps) },
    options: { onJournalMismatchErrors: 'pause' },
  });
}

function inputHandlers(kind: SubjectKind, deps: ServiceDeps) {
  return {
    onFact: exclusive(FACT_ENTRY, (ctx: restate.ObjectContext, message: FactMessage) =>
      onFact(ctx, deps, kind, message),
    ),
    onTimer: exclusive(PRIVATE, (ctx: restate.ObjectContext, message: TimerMessage) =>
      onTimer(ctx, deps, kind, message),
    ),
    onLink: exclusive(PRIVATE, async (ctx: restate.ObjectContext, message: LinkMessage) => {
      const { at, to } = message;
      const input = { kind: 'link', to } as const;
      const call = { kind, handler: HANDLER.onLink, input, now: at, cause: `link ${to}` };
      await untilTaken(ctx, deps, call, message);
    }),
    onHandOver: exclusive(PRIVATE, async (ctx: restate.ObjectContext, message: HandOverMessage) => {
      const { at, path, estate } = message;
      const input = { kind: 'handOver', path, estate } as const;
      const cause = `hand-over by ${path.at(-1) ?? ''}`;
      const call = { kind, handler: HANDLER.onHandOver, input, now: at, cause };
      await untilTaken(ctx, deps, call, message);
    }),
    onOutcome: exclusive(PRIVATE, async (ctx: restate.ObjectContext, message: OutcomeMessage) => {
      const { noticeId, outcome, hops = 0 } = message;
      const input = { kind: 'outcome', noticeId, outcome, hops } as const;
      const call = { kind, handler: HANDLER.onOutcome, input, now: outcome.at };
      const rest = { cause: `notice ${noticeId}`, onlyKnown: true };
      await untilTaken(ctx, deps, { ...call, ...rest }, message);
    }),
    operate: exclusive(OPERATOR_ENTRY, (ctx: restate.ObjectContext, message: OperatorMessage) =>
      operate(ctx, deps, kind, message),
    ),
    /**
     * Forgets a settled subject. The delay has brought us here in time; the state says whether
     * this is still the time it expires at, so no clock is read.
     */
    expire: exclusive(PRIVATE, async (ctx: restate.ObjectContext, { at }: ExpireMessage) => {
      const state = await ctx.get<SubjectState>(STATE_KEY);
      if (state?.expiresAt === at) ctx.clearAll();
    }),
  };
}

async function onFact(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  message: FactMessage,
): Promise<FactAnswer> {
  const { fact, eventKey, via, receivedAt, hops = 0 } = readable(message);
  const input = { kind: 'fact', fact, eventKey, via, hops } as const;
  const call = { kind, handler: HANDLER.onFact, input, now: receivedAt, cause: eventKey };
  // What was forwarded cannot be replayed: the id that it came from has seen it.
  const isForwarded = via === 'forwarded';
  const take = isForwarded ? untilTaken(ctx, deps, call, message) : turn(ctx, deps, call);
  return answerOf(await take);
}

/**
 * For what only this message says. The source may come back, the bug may be fixed; if it did not
 * come again each day until then, a follow-up would have stopped, or a hold would be lost.
 */
async function untilTaken(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  call: TurnCall,
  message: unknown,
): Promise<TurnAnswer> {
  const answer = await turn(ctx, deps, call);
  if (answer.kind === 'unknown_source' || answer.kind === 'quarantined') {
    const { kind, handler } = call;
    // Nothing is awaited after a decision that threw: run again with the bug fixed, it would not
    // throw, and its journal would no longer fit.
    const delayMs = Math.ceil(deps.clock.wallSpanMs(DAY_MS));
    sendAgain(ctx, { kind, handler, message }, delayMs);
  }
  return answer;
}

function readable(message: FactMessage): FactMessage {
  if (message?.v !== 1) throw unreadableMessage('not a version 1 fact');
  if (typeof message.eventKey !== 'string' || message.eventKey === '') {
    throw unreadableMessage('a fact without the key of its event');
  }
  if (!Number.isFinite(message.receivedAt)) throw unreadableMessage('a fact without a time');
  return message;
}

async function onTimer(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  message: TimerMessage,
): Promise<void> {
  const { generation, at } = message;
  // Never earlier than it was armed for, or clocks that differ by a millisecond would arm it again.
  const now = Math.max(at, deps.clock.fromWall(await ctx.date.now()));
  const input = { kind: 'timer', generation } as const;
  const call = { kind, handler: HANDLER.onTimer, input, now };
  const rest = { cause: `timer g${generation}`, onlyKnown: true };
  await untilTaken(ctx, deps, { ...call, ...rest }, message);
}

async function operate(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  { at, input }: OperatorMessage,
): Promise<OperatorAnswer> {
  const cause = `person ${input.actor}: ${input.kind}`;
  const answer = await turn(ctx, deps, { kind, handler: HANDLER.operate, input, now: at, cause });
  const { decision, rule } = answerOf(answer);
  const accepted = answer.kind === 'decided' && answer.decision.accepted;
  return { accepted, decision, rule };
}

function answerOf(answer: TurnAnswer): FactAnswer {
  switch (answer.kind) {
    case 'decided': {
      const { decision, rule } = answer.decision;
      return { decision, rule, quarantined: false };
    }
    case 'quarantined':
      return { decision: answer.reason, rule: 'quarantined', quarantined: true };
    case 'unknown_source':
      return {
        decision: `source ${answer.source} is not in the config`,
        rule: 'unknown_source',
        quarantined: true,
      };
    case 'forgotten':
      return { decision: 'nothing is known', rule: 'forgotten', quarantined: false };
  }
}

function readHandlers(kind: SubjectKind, deps: ServiceDeps) {
  return {
    view: shared(READ, async (ctx: restate.ObjectSharedContext): Promise<SubjectView> => {
      return viewOf(await ctx.get<SubjectState>(STATE_KEY), ctx.key, kind);
    }),
    simulate: shared(READ, (ctx: restate.ObjectSharedContext, message: SimulateMessage) =>
      simulateLadder(ctx, deps, kind, message),
    ),
    preview: shared(READ, (ctx: restate.ObjectSharedContext, message: FactMessage) =>
      previewFact(ctx, deps, kind, message),
    ),
    stillWanted: shared(
      PRIVATE_READ,
      (ctx: restate.ObjectSharedContext, message: StillWantedMessage) =>
        answerStillWanted(ctx, deps, kind, message),
    ),
  };
}

async function answerStillWanted(
  ctx: restate.ObjectSharedContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  { noticeId, retriedAt, hops = 0 }: StillWantedMessage,
): Promise<StillWantedAnswer> {
  const source = deps.gateway.sources.get(sourceOf(ctx.key));
  // Nobody is written to on behalf of a source that was taken out of the config.
  if (source === undefined) return { wanted: false, rule: 'source_paused', until: null };
  const state = await ctx.get<SubjectState>(STATE_KEY);
  if (state === null || state.linkedTo === null) {
    return stillWanted(state, noticeId, source.policy, retriedAt, hops > 0);
  }
  // The notice was handed over with everything else: who has it now knows.
  if (hops >= HOPS_MAX) return { wanted: false, rule: 'joined', until: null };
  const question = { noticeId, retriedAt, hops: hops + 1 };
  const answer = await askStillWanted(ctx, { kind, subject: state.linkedTo }, question);
  return hops === 0 ? whileHandedOver(state, noticeId, retriedAt, answer) : answer;
}

function viewOf(known: SubjectState | null, subject: string, kind: SubjectKind): SubjectView {
  const state = known ?? emptyState(subject, kind);
  return {
    known: known !== null,
    subject,
    status: state.status,
    details: known === null ? null : state.details,
    followUp: state.followUp,
    hold: state.hold,
    linkedTo: state.linkedTo,
    generation: state.generation,
    timeline: state.timeline,
    notices: state.notices,
  };
}

async function simulateLadder(
  ctx: restate.ObjectSharedContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  { at, ladder: id }: SimulateMessage,
): Promise<SimulateAnswer> {
  const { policy } = knownSource(deps, ctx.key);
  const chosen = id === null ? null : deps.gateway.ladders.get(id);
  if (chosen === undefined) throw unknownLadder(id ?? '');
  const state = (await ctx.get<SubjectState>(STATE_KEY)) ?? emptyState(ctx.key, kind);
  const { ladder, anchorAt, steps } = simulate({ state, ladder: chosen, now: at, policy });
  return { subject: ctx.key, ladder: ladder?.id ?? 'none', anchorAt, steps };
}

/** What a fact would change, for dry runs of a replay. */
async function previewFact(
  ctx: restate.ObjectSharedContext,
  deps: ServiceDeps,
  kind: SubjectKind,
  message: FactMessage,
): Promise<PreviewAnswer> {
  const { fact, eventKey, via, receivedAt: now } = readable(message);
  const { policy } = knownSource(deps, ctx.key);
  const state = await ctx.get<SubjectState>(STATE_KEY);
  const input = { kind: 'fact', fact, eventKey, via } as const;
  const next = preview({ state, subject: ctx.key, kind, input, now, policy });
  const { decision, rule } = next.decision;
  return { subject: ctx.key, decision, rule, changes: next.changes };
}

function knownSource(deps: ServiceDeps, key: string) {
  const source = deps.gateway.sources.get(sourceOf(key));
  if (source === undefined) throw unknownSource(sourceOf(key));
  return source;
}
