/** The tables as Kysely sees them; `migrations/*.sql` is what creates them. */

/** Version the code was written for: the number of the newest file in `migrations/`. */
export const SCHEMA_VERSION = 1;

/**
 * Largest part of a body in one row. D1 limits a row and a bound string to 2,000,000 bytes, and
 * bytes travel to it as hex: twice this must stay below.
 */
export const PART_BYTES = 896 * 1024;

/** The flags for which the partial index `events_attention` exists: quarantined, differing, expunged. */
export const ATTENTION_FLAGS = 37;

export type BodyEncoding = 'identity' | 'deflate-raw';

interface EventsTable {
  source: string;
  key: string;
  type: string | null;
  subject: string | null;
  provider_time: number | null;
  received_at: number;
  last_seen_at: number;
  deliveries: number;
  flags: number;
  headers: string;
  secret_id: string | null;
  body_bytes: number;
  body_sha256: string;
  body_encoding: string;
  note: string | null;
  invocation_id: string | null;
}

interface BodiesTable {
  source: string;
  key: string;
  part: number;
  bytes: Uint8Array;
}

interface RejectionsTable {
  id: number;
  source: string;
  at: number;
  reason: string;
  detail: string | null;
  headers: string;
  body_bytes: number;
  body_sha256: string | null;
}

interface RejectionCountsTable {
  source: string;
  reason: string;
  day: number;
  refused: number;
}

interface SchemaMigrationsTable {
  version: number;
  name: string;
  checksum: string | null;
  applied_at: number | null;
}

interface HeartbeatsTable {
  id: number;
  beats: number;
}

export interface ArchiveTables {
  events: EventsTable;
  bodies: BodiesTable;
  rejections: RejectionsTable;
  rejection_counts: RejectionCountsTable;
  schema_migrations: SchemaMigrationsTable;
  heartbeats: HeartbeatsTable;
}
