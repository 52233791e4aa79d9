import { describe, expect, it } from 'vitest';
import { isValidZone, opensEveryYear } from '../../src/core/calendar.ts';
import {
  defaultCustomerCalendar,
  defaultLadderIds,
  defaultLadders,
  defaultTeamCalendar,
  SEVERITY_WHEN_UNKNOWN,
} from '../../src/core/default-ladders.ts';
import type { Ladder, Offset, Step } from '../../src/core/ladder.ts';
import { validateLadder } from '../../src/core/validate-ladder.ts';

describe('the default ladders', () => {
  it('are sound', () => {
    for (const ladder of defaultLadders.values()) expect(validateLadder(ladder)).toEqual([]);
    expect([...defaultLadders.keys()]).toHaveLength(8);
  });

  it('say what they promise, step by step', () => {
    const lines = [...defaultLadders.values()].map((ladder) => {
      const steps = ladder.steps.map((step) => {
        const tier = step.action === 'escalate' ? ` to tier ${step.tier}` : '';
        return `${step.after} ${step.action === 'close' ? 'close' : step.template}${tier}`;
      });
      return `${ladder.id} v${ladder.version} from ${ladder.anchor}: ${steps.join(', ')}`;
    });
    expect(lines).toMatchInlineSnapshot(`
      [
        "payment-failed v1 from failure: 3d reminder-1, 7d reminder-final, 14d escalation to tier 1, 21d re-escalation to tier 2, 28d re-escalation to tier 2, 45d close",
        "action-required v1 from failure: 0d action-required, 3d reminder-1, 7d reminder-final, 14d escalation to tier 1, 21d re-escalation to tier 2, 28d re-escalation to tier 2, 45d close",
        "invoice-due v1 from due: -3d invoice-upcoming, 1d reminder-1, 7d reminder-2, 14d reminder-final, 21d escalation to tier 1, 28d re-escalation to tier 2, 60d close",
        "payment-disputed v1 from failure: 0m escalation to tier 1, 2d re-escalation to tier 2, 5d re-escalation to tier 2, 120d close",
        "alert-critical v1 from failure: 0m escalation to tier 1, 4h re-escalation to tier 2, 12h re-escalation to tier 2, 1d re-escalation to tier 2, 14d close",
        "alert-high v1 from failure: 0m escalation to tier 1, 1d re-escalation to tier 2, 3d re-escalation to tier 2, 30d close",
        "alert-medium v1 from failure: 1d escalation to tier 1, 7d re-escalation to tier 2, 45d close",
        "alert-low v1 from failure: 7d escalation to tier 1, 60d close",
      ]
    `);
  });

  it('exist under the ids that sources use by default, anchored as those need', () => {
    const { failed, actionRequired, due, disputed, alert } = defaultLadderIds;
    const anchors = [failed, actionRequired, due, disputed, ...Object.values(alert)].map(
      (id) => defaultLadders.get(id)?.anchor,
    );
    expect(anchors).toEqual(['failure', 'failure', 'due', ...Array(5).fill('failure')]);
    expect(SEVERITY_WHEN_UNKNOWN).toBe('medium');
  });

  it('never remind a person about an alert, which has no customer', () => {
    const actions = Object.values(defaultLadderIds.alert).flatMap((id) =>
      (defaultLadders.get(id)?.steps ?? []).map((step) => step.action),
    );
    expect(actions).not.toContain('remind');
    expect(actions).toContain('escalate');
  });

  it('come with calendars that open', () => {
    for (const calendar of [defaultCustomerCalendar, defaultTeamCalendar]) {
      expect(opensEveryYear(calendar)).toBe(true);
      expect(isValidZone(calendar.zone)).toBe(true);
    }
  });
});

describe('a ladder is refused', () => {
  const remind = (id: string, after: Offset): Step => ({
    id,
    after,
    action: 'remind',
    template: 'reminder-1',
  });
  const close: Step = { id: 'close', after: '45d', action: 'close' };
  const ladder = (steps: readonly Step[], over: Partial<Ladder> = {}): Ladder => ({
    id: 'mine',
    version: 1,
    anchor: 'failure',
    steps,
    ...over,
  });
  const paths = (value: Ladder) => validateLadder(value).map(({ path }) => path);

  it('when a step does not come later than the one before it', () => {
    expect(paths(ladder([remind('a', '3d'), remind('b', '2d'), close]))).toEqual([
      'steps[1].after',
    ]);
    expect(paths(ladder([remind('a', '3d'), remind('b', '72h'), close]))).toEqual([
      'steps[1].after',
    ]);
    expect(paths(ladder([remind('a', '3d'), remind('b', '73h'), close]))).toEqual([]);
  });

  it('when two steps share an id, or an id has other characters', () => {
    expect(paths(ladder([remind('a', '1d'), remind('a', '2d'), close]))).toEqual(['steps[1].id']);
    expect(paths(ladder([remind('A', '1d'), close]))).toEqual(['steps[0].id']);
    expect(paths(ladder([remind('a'.repeat(41), '1d'), close]))).toEqual(['steps[0].id']);
    expect(paths(ladder([remind('a'.repeat(40), '1d'), close]))).toEqual([]);
    expect(paths(ladder([close], { id: 'Mine!' }))).toEqual(['id']);
  });

  it('when it has more than twenty steps', () => {
    const days = (count: number) =>
      Array.from({ length: count }, (_, day) => remind(`day-${day}`, `${day}d`));
    expect(paths(ladder([...days(19), close]))).toEqual([]);
    expect(paths(ladder([...days(20), close]))).toEqual(['steps']);
  });

  it('when it does not end, or ends before its last step', () => {
    expect(paths(ladder([remind('a', '1d')]))).toEqual(['steps']);
    expect(paths(ladder([]))).toEqual(['steps']);
    const early: Step = { ...close, id: 'early', after: '1d' };
    expect(paths(ladder([early, close]))).toEqual(['steps[0].action']);
  });

  it('when it starts before a failure, but not when it starts before a due date', () => {
    expect(paths(ladder([remind('a', '-3d'), close]))).toEqual(['steps[0].after']);
    expect(paths(ladder([remind('a', '-3d'), close], { anchor: 'due' }))).toEqual([]);
  });

  it('when an offset does not parse, and the steps after it are still checked', () => {
    const broken = remind('a', 'soon' as Offset); // not an Offset: that is the point
    expect(paths(ladder([broken, remind('B', '2d'), close]))).toEqual([
      'steps[0].after',
      'steps[1].id',
    ]);
  });

  it('when a reminder would show the customer what is written for the team', () => {
    const leak: Step = { id: 'a', after: '1d', action: 'remind', template: 'escalation' };
    const reverse: Step = {
      ...leak,
      id: 'b',
      after: '2d',
      action: 'escalate',
      template: 'reminder-1',
      tier: 1,
    };
    expect(paths(ladder([leak, reverse, close]))).toEqual([
      'steps[0].template',
      'steps[1].template',
    ]);
  });

  it('when a tier or the version is not a whole number from 1', () => {
    const step: Step = {
      id: 'a',
      after: '1d',
      action: 'escalate',
      template: 'escalation',
      tier: 0,
    };
    expect(paths(ladder([step, close]))).toEqual(['steps[0].tier']);
    expect(paths(ladder([close], { version: 1.5 }))).toEqual(['version']);
  });
});
