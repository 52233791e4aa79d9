/** A Worker that answers calls of the archive's test suite from inside workerd. */
import type { Archive } from '../../src/archive/contract.ts';
import { type D1Binding, d1, d1Archive } from '../../src/archive/d1.ts';
import { ArchiveError } from '../../src/archive/errors.ts';
import type { SqlExecutor } from '../../src/archive/sql-executor.ts';
import { SMALL_LIMITS } from './archive.ts';
import { type Call, decode, encode, type Reply } from './archive-wire.ts';

type Env = Readonly<Record<string, D1Binding>>;

/** One per isolate, as in production: the sampling of refusals lives in it. */
const opened = new Map<string, { readonly archive: Archive; readonly executor: SqlExecutor }>();

async function answer(call: Call, env: Env): Promise<unknown> {
  const binding = env[call.database];
  if (binding === undefined) throw new Error(`no database ${call.database}`);
  const subject = opened.get(call.database) ?? {
    archive: d1Archive(binding, { rejectionLimits: SMALL_LIMITS }),
    executor: d1(binding),
  };
  opened.set(call.database, subject);
  const method: unknown = Reflect.get(subject[call.on], call.method);
  if (typeof method !== 'function') throw new Error(`no method ${call.method}`);
  return Reflect.apply(method, subject[call.on], [...call.parameters]);
}

async function reply(call: Call, env: Env): Promise<Reply> {
  try {
    return { ok: true, value: await answer(call, env) };
  } catch (error) {
    const reason = error instanceof ArchiveError ? error.reason : null;
    return { ok: false, reason, message: String(error) };
  }
}

// The runtime wants a default export.
export default {
  fetch: async (request: Request, env: Env): Promise<Response> => {
    const calls = decode(await request.arrayBuffer()) as readonly Call[];
    return new Response(encode(await Promise.all(calls.map((call) => reply(call, env)))));
  },
};
