/** What was set aside, per source: groups of failures with samples, until a person resolves them. */
import * as restate from '@restatedev/restate-sdk';
import type { QuarantineGroup, QuarantineMessage, QuarantineResolveMessage } from './contract.ts';
import { QUARANTINE, STATE_KEY } from './contract.ts';
import { OPERATOR_ENTRY, PRIVATE, READ } from './options.ts';

export const GROUPS_MAX = 100;
export const SAMPLES_MAX = 20;

/** At most 100 groups of at most 20 samples. */
export interface QuarantineState {
  readonly v: 1;
  readonly groups: readonly QuarantineGroup[];
}

/**
 * Counts a failure into its group, newest group first. With more than 100 groups the one that was
 * quiet longest goes: reasons that carry ids must not grow the state.
 */
export function added(state: QuarantineState | null, message: QuarantineMessage): QuarantineState {
  const { at, eventKey, subject, handler: route, reason } = message;
  const groups = state?.groups ?? [];
  const known = groups.find((group) => group.route === route && group.reason === reason);
  const sample = `${subject} ${eventKey}`;
  const samples = (known?.samples ?? []).filter((other) => other !== sample);
  const group: QuarantineGroup = {
    route,
    reason,
    count: (known?.count ?? 0) + 1,
    firstAt: Math.min(known?.firstAt ?? at, at),
    lastAt: Math.max(known?.lastAt ?? at, at),
    samples: [...samples, sample].slice(-SAMPLES_MAX),
  };
  return { v: 1, groups: [group, ...groups.filter((g) => g !== known)].slice(0, GROUPS_MAX) };
}

/** What is left. A group that grew since the person looked stays: nobody has seen its last failure. */
export function unresolved(
  groups: readonly QuarantineGroup[],
  { route, reason, count }: QuarantineResolveMessage,
): readonly QuarantineGroup[] {
  return groups.filter(
    (group) => group.route !== route || group.reason !== reason || group.count !== count,
  );
}

const { exclusive, shared } = restate.handlers.object;

/** Keyed by source. */
export function quarantineObject() {
  return restate.object({
    name: QUARANTINE,
    description: 'Events and timers whose handling failed, keyed by source',
    handlers: {
      add: exclusive(PRIVATE, async (ctx: restate.ObjectContext, message: QuarantineMessage) => {
        ctx.set(STATE_KEY, added(await ctx.get<QuarantineState>(STATE_KEY), message));
      }),
      list: shared(
        READ,
        async (ctx: restate.ObjectSharedContext): Promise<readonly QuarantineGroup[]> =>
          (await ctx.get<QuarantineState>(STATE_KEY))?.groups ?? [],
      ),
      resolve: exclusive(
        OPERATOR_ENTRY,
        async (
          ctx: restate.ObjectContext,
          message: QuarantineResolveMessage,
        ): Promise<{ readonly resolved: boolean }> => {
          const groups = (await ctx.get<QuarantineState>(STATE_KEY))?.groups ?? [];
          const left = unresolved(groups, message);
          if (left.length === 0) ctx.clear(STATE_KEY);
          else ctx.set(STATE_KEY, { v: 1, groups: left } satisfies QuarantineState);
          return { resolved: left.length < groups.length };
        },
      ),
    },
  });
}
