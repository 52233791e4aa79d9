/**
 * The archive over any SQL database. Knows the tables and what a put means; knows neither the
 * database behind the executor nor the clock.
 */
import { fromStoredForm, toStoredForm } from './body-form.ts';
import type { Compression } from './compression.ts';
import {
  type Archive,
  type BodyAnswer,
  EVENT_FLAG,
  type EventRecord,
  type PutOutcome,
} from './contract.ts';
import { ArchiveError } from './errors.ts';
import { listEvents, listRejections } from './lists.ts';
import { migrationQueries, refuseUnlessMigrated } from './migrated.ts';
import { type RejectionLimits, rejectionLog } from './rejection-log.ts';
import { integerIn, textIn, toRejection, toStoredEvent } from './rows.ts';
import type { SqlExecutor } from './sql-executor.ts';
import { BODY_STATEMENTS, beatHeart, findEvent, putEvent } from './statements.ts';

export interface ArchiveOptions {
  readonly executor: SqlExecutor;
  /** Lower-case hex. Asked once per put that brings no digest, and once per body read. */
  readonly sha256Hex: (bytes: Uint8Array) => string | Promise<string>;
  readonly compression: Compression;
  /**
   * Runs a function later, where the runtime can do that outside a request: refusals are then
   * written together. Without it (Workers) a sampled refusal is written before `reject` resolves.
   */
  readonly later?: (run: () => void, delayMs: number) => void;
  readonly rejectionLimits?: RejectionLimits;
}

const REJECTIONS_DELAY_MS = 1_000;
/** Without `later`, refusals that were only counted are written once this many wait. */
const COUNTED_MAX = 100;

/**
 * An archive that asks nothing of its database before the first call. Calls reject as the executor
 * does, and with `corrupt` for a row or a body that is not as it was put. `close` lets refusals go
 * that cannot be written any more.
 */
export function createArchive(options: ArchiveOptions): Archive {
  const { executor } = options;
  const refusals = refusalWriter(options);
  return {
    put: (record) => put(options, record),
    reject: (record) => refusals.add(record),
    find: async (source, key) => {
      const [rows] = await executor.read([findEvent({ source, key })]);
      const row = rows?.[0];
      return row === undefined ? null : toStoredEvent(row);
    },
    body: (source, key) => body(options, source, key),
    list: async (query) => {
      const [rows] = await executor.read([listEvents(query)]);
      return (rows ?? []).map(toStoredEvent);
    },
    rejections: async ({ source, limit }) => {
      await refusals.flush();
      const [rows] = await executor.read([listRejections(source, limit)]);
      return (rows ?? []).map(toRejection);
    },
    ready: async () => {
      const queries = migrationQueries();
      const answers = await executor.batch([...queries, beatHeart({})]);
      refuseUnlessMigrated(answers);
    },
    close: async () => {
      await refusals.flush().catch(() => undefined);
      await executor.close();
    },
  };
}

async function put(options: ArchiveOptions, record: EventRecord): Promise<PutOutcome> {
  const { executor } = options;
  const bodySha256 = record.bodySha256 ?? (await options.sha256Hex(record.body));
  const stored = await toStoredForm(record.body, options.compression, executor.blobForm);
  const { source, key } = record;
  const { putPart } = BODY_STATEMENTS[executor.blobForm];
  const answers = await executor.batch([
    putEvent({
      source,
      key,
      type: record.type,
      subject: record.subject,
      providerTime: record.providerTime,
      receivedAt: record.receivedAt,
      flags: record.flags,
      headers: JSON.stringify(record.headers),
      secretId: record.secretId,
      bodyBytes: record.body.byteLength,
      bodySha256,
      bodyEncoding: stored.encoding,
      note: record.note,
    }),
    ...stored.parts.map((bytes, part) => putPart({ source, key, part, bytes })),
  ]);
  const row = answers[0]?.[0];
  if (row === undefined) throw new ArchiveError('corrupt', 'the archive counted no delivery');
  const deliveries = integerIn(row, 'deliveries');
  return {
    duplicate: deliveries > 1,
    deliveries,
    bodyDiffers: textIn(row, 'body_sha256') !== bodySha256,
  };
}

async function body(options: ArchiveOptions, source: string, key: string): Promise<BodyAnswer> {
  const { executor } = options;
  const { readParts } = BODY_STATEMENTS[executor.blobForm];
  const [events, parts] = await executor.read([
    findEvent({ source, key }),
    readParts({ source, key }),
  ]);
  const row = events?.[0];
  if (row === undefined) return { kind: 'unknown' };
  const event = toStoredEvent(row);
  if ((event.flags & EVENT_FLAG.expunged) !== 0) return { kind: 'gone' };
  const bytes = await fromStoredForm(
    (parts ?? []).map((part) => part['bytes'] ?? null),
    textIn(row, 'body_encoding'),
    event.bodyBytes,
    options.compression,
  );
  // A replay acts on these bytes as if the provider had just signed them, so they are proven first.
  if (bytes === null || (await options.sha256Hex(bytes)) !== event.bodySha256) {
    throw new ArchiveError(
      'corrupt',
      `The body of ${source}/${key} does not match its digest: it was damaged or changed in the database.`,
    );
  }
  return { kind: 'bytes', bytes };
}

/** Decides when refusals are written: together and later, or now where there is no later. */
function refusalWriter(options: ArchiveOptions) {
  const { executor, later } = options;
  const log = rejectionLog(options.rejectionLimits);
  let scheduled = false;

  const flush = async (): Promise<void> => {
    const { queries, restoreCounts } = log.take();
    if (queries.length === 0) return;
    try {
      await executor.batch(queries);
    } catch (error) {
      restoreCounts();
      throw error;
    }
  };

  return {
    flush,
    add: async (record: Parameters<typeof log.add>[0]): Promise<void> => {
      const sampled = log.add(record);
      if (later === undefined) {
        if (sampled || log.unwrittenCount >= COUNTED_MAX) await flush();
        return;
      }
      if (scheduled) return;
      scheduled = true;
      later(() => {
        scheduled = false;
        // The counts stay for the next write, and readiness reports an archive that cannot write.
        flush().catch(() => undefined);
      }, REJECTIONS_DELAY_MS);
    },
  };
}
