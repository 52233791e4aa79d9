/** Migrations on node:sqlite: once, in order, never backwards. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { EVENT_FLAG, type EventQuery } from '../../src/archive/contract.ts';
import type { ArchiveError } from '../../src/archive/errors.ts';
import { listEvents } from '../../src/archive/lists.ts';
import { MIGRATIONS_FOLDER, readMigrations } from '../../src/archive/node-migrations.ts';
import { nodeSqlite, openNodeArchive } from '../../src/archive/node-sqlite.ts';
import type { Migration } from '../../src/archive/node-sqlite-protocol.ts';
import { ATTENTION_FLAGS, SCHEMA_VERSION } from '../../src/archive/schema.ts';
import { sha256Hex } from '../support/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookline-archive-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, `${name}.db`);
const released = readMigrations();

function migration(version: number, sql: string): Migration {
  const name = `${String(version).padStart(4, '0')}_test.sql`;
  return { version, name, sql, checksum: sha256Hex(new TextEncoder().encode(sql)) };
}

async function refusal(path: string, migrations?: readonly Migration[]): Promise<ArchiveError> {
  const opened = nodeSqlite(path, migrations === undefined ? {} : { migrations });
  return opened.then(
    async (executor) => {
      await executor.close();
      throw new Error('it opened');
    },
    (error: ArchiveError) => error,
  );
}

describe('the migration files', () => {
  test('end at the version the code was written for', () => {
    const files = readdirSync(MIGRATIONS_FOLDER).filter((name) => name.endsWith('.sql'));
    expect(files.length).toBe(released.length);
    expect(released.at(-1)?.version).toBe(SCHEMA_VERSION);
  });

  test('have the partial index for the flags the code says it has', () => {
    const { quarantined, bodyDiffers, expunged } = EVENT_FLAG;
    expect(ATTENTION_FLAGS).toBe(quarantined | bodyDiffers | expunged);
    const all = released.map(({ sql }) => sql).join('\n');
    expect(all).toContain(`WHERE (flags & ${ATTENTION_FLAGS}) <> 0`);
  });

  test('are applied with their checksum, and not again', async () => {
    const path = file('twice');
    for (let start = 0; start < 2; start += 1) await (await openNodeArchive(path)).close();
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT version, name, checksum FROM schema_migrations').all()).toEqual(
      released.map(({ version, name, checksum }) => ({ version, name, checksum })),
    );
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  test('bring an older archive forward and keep its rows', async () => {
    const path = file('forward');
    const first = await nodeSqlite(path);
    await first.batch([{ sql: 'INSERT INTO heartbeats VALUES (1, 7)', parameters: [] }]);
    await first.close();
    const second = migration(
      SCHEMA_VERSION + 1,
      `ALTER TABLE heartbeats ADD COLUMN extra TEXT;
       INSERT INTO schema_migrations (version, name) VALUES (${SCHEMA_VERSION + 1}, 'next');`,
    );
    const migrated = await nodeSqlite(path, { migrations: [...released, second] });
    const [rows] = await migrated.read([{ sql: 'SELECT * FROM heartbeats', parameters: [] }]);
    expect(rows).toEqual([{ id: 1, beats: 7, extra: null }]);
    await migrated.close();
    // The older program now meets a newer archive.
    const error = await refusal(path);
    expect(error.reason).toBe('newer_schema');
    expect(error.message).toContain('written by a newer Hookline');
  });
});

describe('an archive refuses to open', () => {
  test('when a migration was changed after it had been applied', async () => {
    const path = file('changed');
    await (await openNodeArchive(path)).close();
    const changed = released.map((item) => ({ ...item, checksum: '0'.repeat(64) }));
    expect((await refusal(path, changed)).reason).toBe('changed_migration');
  });

  test('when a migration fails, and is left as it was', async () => {
    const path = file('fails');
    const broken = migration(SCHEMA_VERSION + 1, 'CREATE TABLE half (a); CREATE TABLE half (a);');
    expect((await refusal(path, [...released, broken])).reason).toBe('statement');
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual({ n: 0 });
    database.close();
    await (await openNodeArchive(path)).close();
  });

  test('when the file is no database, or its folder is not there', async () => {
    expect((await refusal(new URL(import.meta.url).pathname)).reason).toBe('corrupt');
    expect((await refusal(join(folder, 'nowhere', 'archive.db'))).message).toContain('nowhere');
  });
});

describe('the lists people look at', () => {
  test('are read from an index, not from the whole table', async () => {
    const archive = await openNodeArchive(file('plans'));
    await archive.close();
    const database = new DatabaseSync(file('plans'));
    const plan = (query: Partial<EventQuery>): string => {
      const { sql, parameters } = listEvents({ limit: 50, ...query });
      const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
      return steps.map((step) => String(step['detail'])).join('; ');
    };
    const before = { receivedAt: 5, key: 'k', source: 's' };
    for (const page of [{}, { before }]) {
      expect(plan(page)).toMatch(/INDEX events_received\b/);
      expect(plan({ ...page, source: 's' })).toMatch(/INDEX events_source_received\b/);
      expect(plan({ ...page, subject: 's' })).toMatch(/INDEX events_subject_received\b/);
      expect(plan({ ...page, anyFlag: 1 })).toMatch(/INDEX events_attention\b/);
      // Untracked events are most events: the newest of them are near.
      expect(plan({ ...page, anyFlag: 2 })).toMatch(/INDEX events_received\b/);
      expect(plan({ ...page, source: 's', subject: 's' })).toContain('events_s');
    }
    database.close();
  });
});
