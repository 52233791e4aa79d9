/** Reads a JSON file named on the command line. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Json } from '../core/json.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** The failure is a sentence: no such file, no right to read it, no JSON. */
export function readJsonFile(cwd: string, path: string): Result<Json, string> {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return fail(`${path} cannot be read (${code}). Check the path.`);
  }
  try {
    const json: Json = JSON.parse(text);
    return ok(json);
  } catch (error) {
    return fail(`${path} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}
