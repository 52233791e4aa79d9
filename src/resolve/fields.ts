/** Small checks that compose into the shape of a config. Each adds what is wrong and never throws. */
import { type ConfigProblem, chooseFrom, member, shown } from './problems.ts';

export type Check = (value: unknown, field: string, problems: ConfigProblem[]) => void;

export interface Field {
  readonly check: Check;
  readonly required: boolean;
}

/** Undefined counts as missing. */
export const required = (check: Check): Field => ({ check, required: true });
/** May be missing or undefined; null is for the check to judge. */
export const optional = (check: Check): Field => ({ check, required: false });

/** An object with these fields and no others: an unknown one is a typo, and typos change nothing silently. */
export function object(fields: Readonly<Record<string, Field>>): Check {
  const names = Object.keys(fields);
  return (value, field, problems) => {
    if (!isObject(value)) {
      problems.push(wrongType(field, value, `an object with ${names.join(', ')}`));
      return;
    }
    for (const [name, present] of Object.entries(value)) {
      const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (known === undefined) {
        problems.push({
          field: member(field, name),
          problem: 'This field means nothing here.',
          remedy: chooseFrom(name, names),
        });
      } else if (present !== undefined) known.check(present, member(field, name), problems);
    }
    for (const name of names) {
      if (!fields[name]?.required || (Object.hasOwn(value, name) && value[name] !== undefined))
        continue;
      problems.push({
        field: member(field, name),
        problem: 'This field is missing.',
        remedy: `Add ${name} to ${field === '' ? 'the config' : field}.`,
      });
    }
  };
}

/** An object whose names the user chooses. */
export function mapOf(check: Check, checkName: Check = () => {}): Check {
  return (value, field, problems) => {
    if (!isObject(value)) {
      problems.push(wrongType(field, value, 'an object'));
      return;
    }
    for (const [name, entry] of Object.entries(value)) {
      checkName(name, member(field, name), problems);
      // Also undefined: an entry that a condition left empty would otherwise be dropped in silence.
      check(entry, member(field, name), problems);
    }
  };
}

/** A list of at least `countMin` entries, each as the check wants it. */
export function listOf(check: Check, countMin = 0): Check {
  return (value, field, problems) => {
    if (!Array.isArray(value)) {
      problems.push(wrongType(field, value, 'a list'));
      return;
    }
    if (value.length < countMin) {
      problems.push({
        field,
        problem: 'The list is empty.',
        remedy: `Give at least ${countMin}.`,
      });
    }
    value.forEach((entry: unknown, index) => {
      check(entry, `${field}[${index}]`, problems);
    });
  };
}

/** Text on one line, not blank, of at most `charsMax` UTF-16 units. */
export function text(charsMax: number): Check {
  return (value, field, problems) => {
    if (typeof value !== 'string') problems.push(wrongType(field, value, 'text'));
    else if (
      value.trim() === '' ||
      value.length > charsMax ||
      /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)
    ) {
      problems.push({
        field,
        problem: `${shown(value)} is blank, too long or not on one line.`,
        remedy: `Use 1 to ${charsMax} characters without line breaks.`,
      });
    }
  };
}

/** A text that a test accepts. `remedy` may depend on what was written. */
export function textWhere(
  accepts: (text: string) => boolean,
  says: { readonly problem: string; readonly remedy: string | ((text: string) => string) },
): Check {
  return (value, field, problems) => {
    if (typeof value !== 'string') problems.push(wrongType(field, value, 'text'));
    else if (!accepts(value)) {
      const remedy = typeof says.remedy === 'string' ? says.remedy : says.remedy(value);
      problems.push({ field, problem: `${shown(value)} ${says.problem}`, remedy });
    }
  };
}

/** One of these texts, to the letter. */
export function oneOf(names: readonly string[]): Check {
  return textWhere((value) => names.includes(value), {
    problem: 'is not known here.',
    remedy: (value) => chooseFrom(value, names),
  });
}

/** True or false, and no word or number for it. */
export const flag: Check = (value, field, problems) => {
  if (typeof value !== 'boolean') problems.push(wrongType(field, value, 'true or false'));
};

/** A finite number, both ends included; `unit` for the sentence. */
export function numberIn(min: number, max: number, unit: string): Check {
  return (value, field, problems) => {
    if (typeof value === 'number' && value >= min && value <= max) return;
    problems.push(outOfRange(field, value, `a number from ${min} to ${max}`, unit));
  };
}

/** A whole number, both ends included; `unit` for the sentence. */
export function wholeNumber(min: number, max: number, unit: string): Check {
  return (value, field, problems) => {
    if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return;
    problems.push(outOfRange(field, value, `a whole number from ${min} to ${max}`, unit));
  };
}

/** Several checks; a later one runs only where the earlier ones found nothing. */
export function inTurn(...checks: readonly Check[]): Check {
  return (value, field, problems) => {
    for (const check of checks) {
      const before = problems.length;
      check(value, field, problems);
      if (problems.length > before) return;
    }
  };
}

/** `wanted` completes "Make it …". Names the kind of the value, never the value. */
export function wrongType(field: string, value: unknown, wanted: string): ConfigProblem {
  return {
    field,
    problem: `This is ${kindOf(value)}.`,
    remedy: `Make it ${wanted}.`,
  };
}

function outOfRange(field: string, value: unknown, wanted: string, unit: string): ConfigProblem {
  const seen = typeof value === 'number' ? String(value) : kindOf(value);
  return { field, problem: `This is ${seen}.`, remedy: `Use ${wanted} (${unit}).` };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says what kind of thing it is and not its content, which may be a secret in the wrong place. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'undefined') return 'missing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
