/**
 * One mailbox: takes notices, sends them one at a time, tries again later, tells the subject what
 * became of each. What may be sent is decided in `core/recipient.ts`; a failed send schedules its
 * next attempt and leaves the key, so a dead mail server never holds it.
 */
import * as restate from '@restatedev/restate-sdk';
import * as recipient from '../core/recipient.ts';
import { newRecipient, type RecipientState } from '../core/recipient-state.ts';
import type {
  AttemptMessage,
  DeliverMessage,
  ExpireMessage,
  FlushMessage,
  RecipientView,
  SuppressMessage,
  UnsuppressAnswer,
  UnsuppressMessage,
} from './contract.ts';
import { RECIPIENT, STATE_KEY } from './contract.ts';
import { delayUntil, type ServiceDeps } from './deps.ts';
import { LASTING_ENTRY, OPERATOR_ENTRY, PRIVATE, READ } from './options.ts';
import { attemptDigest, attemptNotice } from './recipient-send.ts';
import { sendFlush, sendOutcome, sendRecipientExpire } from './sends.ts';

const { exclusive, shared } = restate.handlers.object;

/** Keyed by a hash of the address, so that no address is ever a key. */
export function recipientObject(deps: ServiceDeps) {
  return restate.object({
    name: RECIPIENT,
    description: 'One mailbox, keyed by a hash of its address',
    handlers: {
      deliver: exclusive(PRIVATE, (ctx: restate.ObjectContext, { notice }: DeliverMessage) =>
        deliver(ctx, deps, notice),
      ),
      attempt: exclusive(PRIVATE, async (ctx: restate.ObjectContext, message: AttemptMessage) => {
        const state = await read(ctx);
        const pending = state.pending.find(
          ({ notice, attempt }) => notice.id === message.noticeId && attempt === message.attempt,
        );
        if (pending !== undefined) write(ctx, deps, await attemptNotice(ctx, deps, state, pending));
      }),
      flush: exclusive(PRIVATE, async (ctx: restate.ObjectContext, message: FlushMessage) => {
        const state = await read(ctx);
        const { digest } = state;
        if (digest?.number !== message.digest || digest.attempt !== message.attempt) return;
        write(ctx, deps, await attemptDigest(ctx, deps, state, digest));
      }),
      expire: exclusive(PRIVATE, async (ctx: restate.ObjectContext, { at }: ExpireMessage) => {
        const state = await read(ctx);
        if (state.expiresAt !== at) return;
        if (recipient.isForgettable(state, at)) ctx.clearAll();
        else write(ctx, deps, { ...state, expiresAt: null });
      }),
      ...wishes(deps),
      view: shared(READ, async (ctx: restate.ObjectSharedContext): Promise<RecipientView> => {
        const state = await read(ctx);
        // A page shows it once and a call is not replayed by anyone: the plain clock will do.
        return viewOf(state, deps.clock.fromWall(deps.wallNow()));
      }),
    },
    options: { onJournalMismatchErrors: 'pause' },
  });
}

/** What people ask for. Public, for the gateway alone: links in mails and operators come that way. */
function wishes(deps: ServiceDeps) {
  return {
    suppress: exclusive(
      LASTING_ENTRY,
      async (
        ctx: restate.ObjectContext,
        { reason, at, by }: SuppressMessage,
      ): Promise<{ readonly suppressed: boolean }> => {
        write(ctx, deps, recipient.suppress(await read(ctx), { reason, at, by }));
        return { suppressed: true };
      },
    ),
    // Not lasting: carried out hours later it would undo an unsubscribe that came in between.
    unsuppress: exclusive(
      OPERATOR_ENTRY,
      async (ctx: restate.ObjectContext, wish: UnsuppressMessage): Promise<UnsuppressAnswer> => {
        const decided = recipient.decideUnsuppress(await read(ctx), wish);
        if (decided.kind === 'lifted') write(ctx, deps, decided.state);
        const was = decided.kind === 'not_suppressed' ? null : decided.was;
        return { decision: decided.kind, was };
      },
    ),
  };
}

async function deliver(
  ctx: restate.ObjectContext,
  deps: ServiceDeps,
  notice: DeliverMessage['notice'],
): Promise<void> {
  const { remindersPerRecipientPerDay: remindersPerDay } = deps.gateway;
  const now = notice.decidedAt;
  const decision = recipient.decideDelivery({
    state: await read(ctx),
    notice,
    now,
    remindersPerDay,
  });
  const { state } = decision;
  switch (decision.kind) {
    case 'duplicate':
      return;
    case 'answer':
      write(ctx, deps, state);
      return sendOutcome(ctx, notice, decision.outcome);
    case 'send':
      return write(ctx, deps, await attemptNotice(ctx, deps, state, decision.pending));
    case 'collect': {
      const { digest, opened, full } = decision;
      sendOutcome(ctx, notice, { kind: 'digested', at: now, until: digest.flushAt });
      if (opened) {
        const message = { v: 1, digest: digest.number, attempt: digest.attempt } as const;
        sendFlush(ctx, message, delayUntil(deps, digest.flushAt));
      }
      const isFirstTry = full && digest.attempt === 1;
      return write(ctx, deps, isFirstTry ? await attemptDigest(ctx, deps, state, digest) : state);
    }
  }
}

async function read(ctx: restate.ObjectSharedContext): Promise<RecipientState> {
  return (await ctx.get<RecipientState>(STATE_KEY)) ?? newRecipient();
}

/** Writes the state and sees to it that an idle one is looked at again and forgotten. */
function write(ctx: restate.ObjectContext, deps: ServiceDeps, state: RecipientState): void {
  const isKept = state.expiresAt !== null || recipient.isKeptForEver(state);
  const expiresAt = isKept ? state.expiresAt : recipient.expiryOf(state);
  ctx.set(STATE_KEY, { ...state, expiresAt } satisfies RecipientState);
  if (isKept || expiresAt === null) return;
  sendRecipientExpire(ctx, { v: 1, at: expiresAt }, delayUntil(deps, expiresAt));
}

function viewOf(state: RecipientState, now: number): RecipientView {
  return {
    suppressed: state.suppression,
    lifted: state.lifting ?? null,
    pending: [
      ...state.pending.map(({ notice, attempt }) => ({ noticeId: notice.id, attempt })),
      ...(state.digest?.notices ?? []).map((notice) => ({
        noticeId: notice.id,
        attempt: state.digest?.attempt ?? 1,
      })),
    ],
    sentToday: recipient.remindersInDay(state, now),
  };
}
