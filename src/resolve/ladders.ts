/** Ladders: ours and the user's by id, and which of them a source follows. */
import type { GatewayConfig, SourceConfig } from '../config.ts';
import { defaultLadderIds, defaultLadders } from '../core/default-ladders.ts';
import type { Policy } from '../core/follow-up/types.ts';
import type { Ladder } from '../core/ladder.ts';
import { validateLadder } from '../core/validate-ladder.ts';
import { type ConfigProblem, chooseFrom, isSound, member, shown } from './problems.ts';

type Ladders = ReadonlyMap<string, Ladder>;

/** Every ladder by id: the defaults, and the config's, which win over a default of the same id. */
export function resolveLadders(config: GatewayConfig, problems: ConfigProblem[]): Ladders {
  const ladders = new Map(defaultLadders);
  for (const [id, ladder] of Object.entries(config.ladders ?? {})) {
    const field = member('ladders', id);
    if (!isSound(problems, field)) continue;
    if (ladder.id !== id) {
      problems.push({
        field: `${field}.id`,
        problem: `The ladder calls itself ${shown(ladder.id)} and is listed as ${shown(id)}.`,
        remedy: 'Use the same id in both places.',
      });
    }
    for (const { path, problem, remedy } of validateLadder(ladder)) {
      problems.push({ field: path === '' ? field : `${field}.${path}`, problem, remedy });
    }
    ladders.set(id, ladder);
  }
  return ladders;
}

/** The ladders a source follows. After a problem a default stands in, and nothing starts. */
export function laddersOf(
  source: SourceConfig,
  field: string,
  scope: {
    readonly ladders: Ladders;
    /** Ids the config defines, sound or not: a broken ladder is not an unknown one. */
    readonly defined: readonly string[];
    readonly problems: ConfigProblem[];
  },
): Policy['ladders'] {
  const chosen = isSound(scope.problems, `${field}.ladders`) ? (source.ladders ?? {}) : {};
  const pick = (id: string | undefined, path: string, fallbackId: string, use: Use): Ladder => {
    const ladder = scope.ladders.get(id ?? fallbackId);
    if (ladder !== undefined) {
      const unfit = unfitFor(use, ladder);
      if (unfit !== null) scope.problems.push({ field: `${field}.ladders.${path}`, ...unfit });
      return ladder;
    }
    if (id !== undefined && !scope.defined.includes(id)) {
      scope.problems.push({
        field: `${field}.ladders.${path}`,
        problem: `There is no ladder ${shown(id)}.`,
        remedy: chooseFrom(id, [...new Set([...scope.ladders.keys(), ...scope.defined])]),
      });
    }
    return defaultLadder(fallbackId);
  };
  const ids = defaultLadderIds;
  const { alert = {} } = chosen;
  return {
    failed: pick(chosen.failed, 'failed', ids.failed, 'payment'),
    actionRequired: pick(chosen.actionRequired, 'actionRequired', ids.actionRequired, 'payment'),
    due: pick(chosen.due, 'due', ids.due, 'due'),
    disputed: pick(chosen.disputed, 'disputed', ids.disputed, 'payment'),
    alert: {
      critical: pick(alert.critical, 'alert.critical', ids.alert.critical, 'alert'),
      high: pick(alert.high, 'alert.high', ids.alert.high, 'alert'),
      medium: pick(alert.medium, 'alert.medium', ids.alert.medium, 'alert'),
      low: pick(alert.low, 'alert.low', ids.alert.low, 'alert'),
    },
  };
}

type Use = 'payment' | 'due' | 'alert';

function unfitFor(use: Use, ladder: Ladder): Omit<ConfigProblem, 'field'> | null {
  const anchor = use === 'due' ? 'due' : 'failure';
  if (ladder.anchor !== anchor) {
    return {
      problem: `${shown(ladder.id)} counts from the ${ladder.anchor}; here the ${anchor} is known.`,
      remedy: `Choose a ladder with anchor: '${anchor}'.`,
    };
  }
  if (use === 'alert' && ladder.steps.some(({ action }) => action === 'remind')) {
    return {
      problem: `${shown(ladder.id)} reminds a customer, and an alert has none.`,
      remedy: 'Choose a ladder that only escalates.',
    };
  }
  return null;
}

function defaultLadder(id: string): Ladder {
  const ladder = defaultLadders.get(id);
  if (ladder === undefined) throw new Error(`no default ladder ${id}`);
  return ladder;
}

/** A ladder that escalates to a tier without people would escalate to nobody. */
export function tierProblems(
  ladders: Iterable<Ladder>,
  tierCount: number,
): readonly ConfigProblem[] {
  const byTier = new Map<number, Set<string>>();
  for (const ladder of ladders) {
    for (const step of ladder.steps) {
      if (step.action !== 'escalate' || step.tier <= tierCount) continue;
      byTier.set(step.tier, (byTier.get(step.tier) ?? new Set()).add(ladder.id));
    }
  }
  return [...byTier]
    .sort(([a], [b]) => a - b)
    .map(([tier, ids]) => ({
      field: `mail.team[${tier - 1}]`,
      problem: `Nobody is in tier ${tier}, to which these ladders escalate: ${[...ids].join(', ')}.`,
      remedy: `Add list ${tier} to mail.team; it may name the people of list 1 again.`,
    }));
}

/** All ladders a source's subjects may climb. */
export function laddersInUse({ ladders }: Policy): readonly Ladder[] {
  const { failed, actionRequired, due, disputed, alert } = ladders;
  return [failed, actionRequired, due, disputed, ...Object.values(alert)];
}
