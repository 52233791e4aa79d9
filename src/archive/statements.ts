/** Every statement of the archive's hot path, compiled once. */
import { type RawBuilder, sql } from 'kysely';
import { prepare, tables } from './compile.ts';
import { EVENT_FLAG } from './contract.ts';
import type { BlobForm } from './sql-executor.ts';

/**
 * Insert or count, in one statement, so that two gateways cannot both believe they were first. The
 * first body wins: its digest stays, and a delivery with other bytes only sets a flag.
 */
export const putEvent = prepare<
  | 'source'
  | 'key'
  | 'type'
  | 'subject'
  | 'providerTime'
  | 'receivedAt'
  | 'flags'
  | 'headers'
  | 'secretId'
  | 'bodyBytes'
  | 'bodySha256'
  | 'bodyEncoding'
  | 'note'
>((param) =>
  tables
    .insertInto('events')
    .values({
      source: param('source'),
      key: param('key'),
      type: param('type'),
      subject: param('subject'),
      provider_time: param('providerTime'),
      received_at: param('receivedAt'),
      last_seen_at: param('receivedAt'),
      deliveries: sql.lit(1),
      flags: param('flags'),
      headers: param('headers'),
      secret_id: param('secretId'),
      body_bytes: param('bodyBytes'),
      body_sha256: param('bodySha256'),
      body_encoding: param('bodyEncoding'),
      note: param('note'),
    })
    .onConflict((conflict) =>
      conflict.columns(['source', 'key']).doUpdateSet({
        deliveries: sql<number>`events.deliveries + 1`,
        // Clocks of two gateways differ, and a parked delivery arrives late: never step back.
        last_seen_at: sql<number>`case when excluded.last_seen_at > events.last_seen_at
          then excluded.last_seen_at else events.last_seen_at end`,
        flags: sql<number>`case when excluded.body_sha256 <> events.body_sha256
          then events.flags | ${sql.lit(EVENT_FLAG.bodyDiffers)} else events.flags end`,
      }),
    )
    .returning(['deliveries', 'body_sha256']),
);

/**
 * Runs after `putEvent` in the same transaction. Only the first delivery writes: otherwise a longer
 * second body would append its tail to the first one, and a repeated delivery would bring back a
 * body that was removed on request.
 */
function putPartAs(bytes: (hole: RawBuilder<Uint8Array>) => RawBuilder<Uint8Array>) {
  return prepare<'source' | 'key' | 'part' | 'bytes'>((param) =>
    tables
      .insertInto('bodies')
      .columns(['source', 'key', 'part', 'bytes'])
      .expression(
        tables
          .selectFrom('events')
          .select([
            'source',
            'key',
            param<number>('part').as('part'),
            bytes(param<Uint8Array>('bytes')).as('bytes'),
          ])
          .where('source', '=', param<string>('source'))
          .where('key', '=', param<string>('key'))
          .where('deliveries', '=', sql.lit(1)),
      )
      .onConflict((conflict) => conflict.columns(['source', 'key', 'part']).doNothing()),
  );
}

function readPartsAs(bytes: RawBuilder<unknown>) {
  return prepare<'source' | 'key'>((param) =>
    tables
      .selectFrom('bodies')
      .select(bytes.as('bytes'))
      .where('source', '=', param<string>('source'))
      .where('key', '=', param<string>('key'))
      .orderBy('part'),
  );
}

export const BODY_STATEMENTS = {
  bytes: { putPart: putPartAs((hole) => hole), readParts: readPartsAs(sql`bytes`) },
  hex: {
    putPart: putPartAs((hole) => sql`unhex(${hole})`),
    readParts: readPartsAs(sql`hex(bytes)`),
  },
} as const satisfies Record<BlobForm, unknown>;

export const findEvent = prepare<'source' | 'key'>((param) =>
  tables
    .selectFrom('events')
    .selectAll()
    .where('source', '=', param<string>('source'))
    .where('key', '=', param<string>('key')),
);

export const beatHeart = prepare<never>(() =>
  tables
    .insertInto('heartbeats')
    .values({ id: 1, beats: 1 })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ beats: sql<number>`heartbeats.beats + 1` }),
    ),
);

export const readSchemaVersion = prepare<never>(() =>
  tables.selectFrom('schema_migrations').select((eb) => eb.fn.max('version').as('version')),
);

export const putRejection = prepare<
  'source' | 'at' | 'reason' | 'detail' | 'headers' | 'bodyBytes' | 'bodySha256'
>((param) =>
  tables.insertInto('rejections').values({
    source: param('source'),
    at: param('at'),
    reason: param('reason'),
    detail: param('detail'),
    headers: param('headers'),
    body_bytes: param('bodyBytes'),
    body_sha256: param('bodySha256'),
    // The database numbers rejections; a null id asks it to.
    id: sql<number>`null`,
  }),
);

export const countRejections = prepare<'source' | 'reason' | 'day' | 'refused'>((param) =>
  tables
    .insertInto('rejection_counts')
    .values({
      source: param('source'),
      reason: param('reason'),
      day: param('day'),
      refused: param('refused'),
    })
    .onConflict((conflict) =>
      conflict.columns(['source', 'reason', 'day']).doUpdateSet({
        refused: sql<number>`rejection_counts.refused + excluded.refused`,
      }),
    ),
);

/** Keeps the newest `kept` rows of a source. */
export const trimRejections = prepare<'source' | 'kept'>((param) =>
  tables
    .deleteFrom('rejections')
    .where('source', '=', param<string>('source'))
    .where('id', '<=', (eb) =>
      eb
        .selectFrom('rejections')
        .select('id')
        .where('source', '=', param<string>('source'))
        .orderBy('id', 'desc')
        .limit(sql.lit(1))
        .offset(param<number>('kept')),
    ),
);

/** Keeps the newest `kept` rows of all: source names may come from an attacker's URLs. */
export const trimAllRejections = prepare<'kept'>((param) =>
  tables
    .deleteFrom('rejections')
    .where('id', '<=', (eb) =>
      eb
        .selectFrom('rejections')
        .select(sql<number>`max(id) - ${param<number>('kept')}`.as('oldest')),
    ),
);
