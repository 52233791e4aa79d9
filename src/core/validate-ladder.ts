/** What a ladder must be before anything runs on it. Finds every fault at once. */
import { type Ladder, STEPS_MAX, type Step } from './ladder.ts';
import type { TemplateName } from './notice.ts';
import { OFFSET_DAYS_MAX, offsetMs, parseOffset } from './schedule.ts';

export interface LadderProblem {
  /** Path inside the ladder: `steps[2].after`; empty for the ladder as a whole. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Which templates may go to whom: an escalation names amounts and causes meant for the team only. */
export const TEMPLATES_OF: Readonly<Record<'remind' | 'escalate', readonly TemplateName[]>> = {
  remind: ['invoice-upcoming', 'action-required', 'reminder-1', 'reminder-2', 'reminder-final'],
  escalate: ['escalation', 're-escalation'],
};

const STEP_ID = /^[a-z0-9-]{1,40}$/;

/**
 * The ladder's problems, none if it is sound: 1 to `STEPS_MAX` steps in ascending order of offset,
 * unique ids, offsets that parse and are not negative unless the anchor is a due date, templates
 * that fit their audience, tiers from 1, and `close` as its last step and nowhere else.
 */
export function validateLadder(ladder: Ladder): readonly LadderProblem[] {
  const { steps } = ladder;
  const problems: LadderProblem[] = [];
  if (!STEP_ID.test(ladder.id)) problems.push(malformedId('id', ladder.id));
  if (!Number.isSafeInteger(ladder.version) || ladder.version < 1) {
    problems.push({
      path: 'version',
      problem: `${ladder.version} is not a version.`,
      remedy: 'Use a whole number from 1; raise it whenever the steps change.',
    });
  }
  if (steps.length > STEPS_MAX) {
    problems.push({
      path: 'steps',
      problem: `${steps.length} steps; a ladder has at most ${STEPS_MAX}.`,
      remedy: 'Remove steps: what was not answered this often will not be.',
    });
  }
  steps.forEach((step, index) => {
    problems.push(...stepProblems(step, index, ladder));
  });
  return [...problems, ...closeProblems(steps)];
}

function stepProblems(step: Step, index: number, ladder: Ladder): readonly LadderProblem[] {
  const path = `steps[${index}]`;
  const problems: LadderProblem[] = [];
  const first = ladder.steps.findIndex((other) => other.id === step.id);
  if (!STEP_ID.test(step.id)) problems.push(malformedId(`${path}.id`, step.id));
  else if (first < index) {
    problems.push({
      path: `${path}.id`,
      problem: `"${step.id}" is also the id of steps[${first}].`,
      remedy: 'Give each step an id of its own: what was done is stored under it.',
    });
  }
  if (step.action !== 'close') {
    const allowed = TEMPLATES_OF[step.action];
    if (!allowed.includes(step.template)) {
      problems.push({
        path: `${path}.template`,
        problem: `"${step.template}" is not a template for "${step.action}".`,
        remedy: `Use one of: ${allowed.join(', ')}.`,
      });
    }
  }
  if (step.action === 'escalate' && !(Number.isSafeInteger(step.tier) && step.tier >= 1)) {
    problems.push({
      path: `${path}.tier`,
      problem: `${step.tier} is not a tier.`,
      remedy: 'Use 1 for the first people to hear of it, 2 for the next, and so on.',
    });
  }
  return [...problems, ...offsetProblems(step, index, ladder)];
}

function offsetProblems(step: Step, index: number, ladder: Ladder): readonly LadderProblem[] {
  const path = `steps[${index}].after`;
  const offset = parseOffset(step.after);
  if (!offset.ok) {
    const tooLong = offset.failure.reason === 'offset_too_long';
    return [
      {
        path,
        problem: `"${step.after}" is ${tooLong ? `over ${OFFSET_DAYS_MAX} days` : 'not an offset'}.`,
        remedy: 'Write whole days, hours or minutes: 3d, 36h, 15m; before a due date -2d.',
      },
    ];
  }
  if (offset.value.amount < 0 && ladder.anchor !== 'due') {
    return [
      {
        path,
        problem: `"${step.after}" lies before the failure, which nobody can know of in advance.`,
        remedy: `Use an offset of 0 or more, or anchor: 'due'.`,
      },
    ];
  }
  const before = ladder.steps[index - 1];
  const previous = before === undefined ? null : parseOffset(before.after);
  if (before === undefined || previous === null || !previous.ok) return [];
  if (offsetMs(offset.value) > offsetMs(previous.value)) return [];
  return [
    {
      path,
      problem: `"${step.after}" does not come after the step before it ("${before.after}").`,
      remedy: 'Put the steps in ascending order of offset, each later than the one before.',
    },
  ];
}

/** A ladder must end, or a follow-up nobody answers stays open for ever. */
function closeProblems(steps: readonly Step[]): readonly LadderProblem[] {
  const problems: LadderProblem[] = [];
  if (steps.at(-1)?.action !== 'close') {
    problems.push({
      path: 'steps',
      problem: 'The last step does not close the follow-up.',
      remedy: `End with { id: 'close', after: '45d', action: 'close' }.`,
    });
  }
  steps.slice(0, -1).forEach((step, index) => {
    if (step.action !== 'close') return;
    problems.push({
      path: `steps[${index}].action`,
      problem: 'The follow-up closes here, so the steps after it never come.',
      remedy: 'Close in the last step only.',
    });
  });
  return problems;
}

function malformedId(path: string, id: string): LadderProblem {
  return {
    path,
    problem: `${JSON.stringify(id)} is not an id.`,
    remedy: 'Use 1 to 40 lower-case letters, digits and hyphens.',
  };
}
