/** Reads `…/{payments|alerts}/{source}/{ref}[/{action}]` from the path as it was sent. */

import { fail, ok, type Result } from '../core/result.ts';
import { keyProblem, subjectKey } from '../durable/contract.ts';
import { type ApiProblem, badRequest } from './api-error.ts';
import { decodeOnce, pathnameOf } from './source-path.ts';

export interface SubjectPath {
  readonly subject: string;
  /** The last segment when it is one of `actions`, else null. */
  readonly action: string | null;
}

/**
 * The ref is percent-encoded once. Slashes of a ref may stay as they are, unless it ends in the
 * name of an action: then they must be encoded, as a client that always encodes does anyway.
 */
export function readSubjectPath(
  url: string,
  sources: ReadonlyMap<string, unknown>,
  actions: readonly string[],
  /** Segment at which the source stands; `/api/payments/{source}` has it third. */
  sourceAt = 3,
): Result<SubjectPath, ApiProblem> {
  const [source, ...rest] = pathnameOf(url).split('/').slice(sourceAt).map(decodeOnce);
  const last = rest.length > 1 ? rest.at(-1) : undefined;
  const action = typeof last === 'string' && actions.includes(last) ? last : null;
  const parts = action === null ? rest : rest.slice(0, -1);
  if (typeof source !== 'string' || !sources.has(source))
    return fail({
      status: 404,
      code: 'unknown_source',
      message: 'There is no such source.',
      remedy: 'GET /api/sources lists them.',
    });
  if (parts.length === 0 || !parts.every((part) => typeof part === 'string'))
    return fail(badRequest('The id in the address cannot be read.', 'Percent-encode the id once.'));
  const ref = parts.join('/');
  const subject = subjectKey(source, ref);
  const problem = ref === '' ? 'empty' : keyProblem(subject);
  return problem === null
    ? ok({ subject, action })
    : fail(badRequest(`The id cannot be one of ours: ${problem}.`, 'Check the id.'));
}
