-- The archive, first version. Read by node:sqlite (src/archive/node-migrations.ts) and by
-- `wrangler d1 migrations apply`. Forward only: never edit a file that was released (its checksum
-- is recorded), add the next number. No triggers and no semicolons inside literals or comments
-- that a naive splitter would trip over. All times are epoch milliseconds of wall time.

CREATE TABLE schema_migrations (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  -- SHA-256 of the file, lower-case hex. Null on D1, where wrangler keeps its own record.
  checksum TEXT,
  applied_at BIGINT
);

-- One row per event, however often it was delivered. Append-only but for deliveries,
-- last_seen_at and flags. The outcome of an event is not here: it lives with its subject.
CREATE TABLE events (
  source TEXT NOT NULL,
  key TEXT NOT NULL,
  type TEXT,
  subject TEXT,
  provider_time BIGINT,
  received_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  deliveries BIGINT NOT NULL,
  -- Bits of EVENT_FLAG in src/archive/contract.ts.
  flags BIGINT NOT NULL,
  -- JSON object of the allow-listed request headers.
  headers TEXT NOT NULL,
  secret_id TEXT,
  -- Length and digest of the body as it was delivered, before compression.
  body_bytes BIGINT NOT NULL,
  body_sha256 TEXT NOT NULL,
  -- identity or deflate-raw
  body_encoding TEXT NOT NULL,
  note TEXT,
  -- The Restate invocation that took the fact, where known.
  invocation_id TEXT,
  PRIMARY KEY (source, key)
);
CREATE INDEX events_received ON events (received_at);
CREATE INDEX events_source_received ON events (source, received_at);
CREATE INDEX events_type_received ON events (type, received_at);
-- Partial: most events have no subject and need no attention, and pay nothing for these.
CREATE INDEX events_subject_received ON events (subject, received_at) WHERE subject IS NOT NULL;
CREATE INDEX events_attention ON events (received_at) WHERE (flags & 37) <> 0;

-- The bytes of an event, in order. An empty body has no part.
CREATE TABLE bodies (
  source TEXT NOT NULL,
  key TEXT NOT NULL,
  part INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (source, key, part),
  -- A body must not outlive its event: people ask for events to be forgotten.
  FOREIGN KEY (source, key) REFERENCES events (source, key) ON DELETE CASCADE
);

-- A sample of the refused deliveries, newest kept. Never a body.
CREATE TABLE rejections (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT,
  headers TEXT NOT NULL,
  body_bytes BIGINT NOT NULL,
  body_sha256 TEXT
);
CREATE INDEX rejections_source ON rejections (source, id);

-- Every refused delivery is counted here, whether or not it was sampled above.
CREATE TABLE rejection_counts (
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- Start of the UTC day.
  day BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  PRIMARY KEY (source, reason, day)
);

-- One row per replay a person asked for. The work itself is a Restate workflow.
CREATE TABLE replays (
  id TEXT NOT NULL PRIMARY KEY,
  mode TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at BIGINT NOT NULL,
  -- JSON: which events were chosen.
  selection TEXT NOT NULL,
  planned BIGINT NOT NULL,
  replayed BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  finished_at BIGINT
);

-- One row per sweep that asked a provider what it sent.
CREATE TABLE reconciliations (
  source TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  window_from BIGINT NOT NULL,
  window_to BIGINT NOT NULL,
  listed BIGINT NOT NULL,
  missing BIGINT NOT NULL,
  failure TEXT,
  PRIMARY KEY (source, started_at)
);

-- How far a sweep of a source has come, in the provider's own cursor.
CREATE TABLE bookmarks (
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  position TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (source, name)
);

-- Written by the readiness check: a write that succeeds is the only proof that writes succeed.
CREATE TABLE heartbeats (
  id INTEGER NOT NULL PRIMARY KEY,
  beats BIGINT NOT NULL
);

INSERT INTO schema_migrations (version, name) VALUES (1, '0001_archive.sql');
