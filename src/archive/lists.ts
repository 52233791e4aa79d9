/** The lists people look at: newest first, one page at a time. Compiled per call. */
import { type SqlBool, sql } from 'kysely';
import { compile, tables } from './compile.ts';
import type { EventQuery } from './contract.ts';
import { ATTENTION_FLAGS } from './schema.ts';
import type { SqlQuery } from './sql-executor.ts';

const LIST_LIMIT_MAX = 1_000;

/** Ends a page at ties of the same millisecond by key and source, so that no event is skipped. */
export function listEvents(query: EventQuery): SqlQuery {
  let select = tables
    .selectFrom('events')
    .selectAll()
    .orderBy('received_at', 'desc')
    .orderBy('key', 'desc')
    .orderBy('source', 'desc')
    .limit(rowLimit(query.limit));
  if (query.source !== undefined) select = select.where('source', '=', query.source);
  if (query.subject !== undefined) select = select.where('subject', '=', query.subject);
  if (query.anyFlag !== undefined) {
    select = select.where(sql<SqlBool>`(flags & ${query.anyFlag}) <> 0`);
    // Says what the partial index says, word for word, or SQLite does not use it.
    if ((query.anyFlag & ~ATTENTION_FLAGS) === 0) {
      select = select.where(sql<SqlBool>`(flags & ${sql.lit(ATTENTION_FLAGS)}) <> 0`);
    }
  }
  if (query.before !== undefined) {
    const { receivedAt, key, source } = query.before;
    select = select
      .where('received_at', '<=', receivedAt)
      .where((eb) =>
        eb.or([
          eb('received_at', '<', receivedAt),
          eb('key', '<', key),
          ...(source === undefined
            ? []
            : [eb.and([eb('key', '=', key), eb('source', '<', source)])]),
        ]),
      );
  }
  return compile(select);
}

/** Newest first, of one source or (undefined) of all. `limit` is held to 1 to 1,000 rows. */
export function listRejections(source: string | undefined, limit: number): SqlQuery {
  const select = tables
    .selectFrom('rejections')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(rowLimit(limit));
  return compile(source === undefined ? select : select.where('source', '=', source));
}

function rowLimit(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 1), LIST_LIMIT_MAX);
}
