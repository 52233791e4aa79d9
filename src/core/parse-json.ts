/** The one place where a payload becomes JSON. Refuses what would hurt later, before parsing it. */
import { decodeUtf8 } from './bytes.ts';
import type { Json } from './json.ts';
import { JSON_DEPTH_MAX } from './limits.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

export type ParseProblem = 'empty' | 'not_utf8' | 'not_json' | 'too_deep';

/**
 * Of two members with one name the last counts (as everywhere in ECMAScript); `__proto__` becomes
 * an ordinary member. A body nested deeper than `JSON_DEPTH_MAX` is refused: code that walks it
 * recursively would overflow the stack.
 */
export function parseJson(bytes: Uint8Array): Result<Json, ParseProblem> {
  const text = decodeUtf8(bytes);
  return text === null ? fail('not_utf8') : parseJsonText(text);
}

/** As `parseJson`, for a text. Blank is `empty`. */
export function parseJsonText(text: string): Result<Json, ParseProblem> {
  if (text.trim() === '') return fail('empty');
  if (isTooDeep(text)) return fail('too_deep');
  try {
    const value: Json = JSON.parse(text);
    return ok(value);
  } catch {
    return fail('not_json');
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) {
      inString = true;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > JSON_DEPTH_MAX) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
    }
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
