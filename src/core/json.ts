/** Parsed JSON, as a payload holds it. Parsed only after the signature over its bytes is good. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/**
 * The value at a dotted path (`data.object.lines.0.id`), or undefined when any part is missing.
 * Own properties only: `__proto__` and `constructor` in a payload or a path find nothing.
 */
export function at(json: Json | undefined, path: string): Json | undefined {
  let value: Json | undefined = json;
  for (const name of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name))
      return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

/**
 * Every value at a dotted path in which `*` stands for all entries of an array
 * (`refunds.data.*.id`), in order. Missing parts add nothing.
 */
export function allAt(json: Json | undefined, path: string): readonly Json[] {
  const star = path.split('.').indexOf('*');
  if (star === -1) {
    const value = at(json, path);
    return value === undefined ? [] : [value];
  }
  const names = path.split('.');
  const list = star === 0 ? json : at(json, names.slice(0, star).join('.'));
  if (!Array.isArray(list)) return [];
  const rest = names.slice(star + 1).join('.');
  return list.flatMap((entry: Json) => (rest === '' ? [entry] : allAt(entry, rest)));
}

/** The non-empty string at a path, or null. Numbers are ids in some payloads, so they count. */
export function textAt(json: Json | undefined, path: string): string | null {
  const value = at(json, path);
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

/** The finite number at a path, or null. */
export function numberAt(json: Json | undefined, path: string): number | null {
  const value = at(json, path);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
