/** Migrations on node:sqlite: read from the folder, applied once, in order, under a lock. */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ArchiveError } from './errors.ts';
import { newerSchema } from './migrated.ts';
import type { Migration } from './node-sqlite-protocol.ts';

export const MIGRATIONS_FOLDER = new URL('../../migrations/', import.meta.url);

/** Every `NNNN_name.sql` of the folder in order. Throws on a gap in the numbers. */
export function readMigrations(folder: URL = MIGRATIONS_FOLDER): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.sql$/.test(name))
    .sort()
    .map((name, index) => {
      const version = Number(name.slice(0, 4));
      if (version !== index + 1)
        throw new Error(`migrations: expected number ${index + 1}, found ${name}`);
      // Git on Windows may check files out with CRLF; that is not a change.
      const sql = readFileSync(new URL(name, folder), 'utf8').replaceAll('\r\n', '\n');
      return { version, name, sql, checksum: hash('sha256', sql, 'hex') };
    });
}

/**
 * Brings the database to the newest migration in one transaction. Processes that start together
 * take turns on the lock, and the later ones find nothing to do. Refuses a database newer than the
 * code, and one whose applied migrations differ from the files.
 */
export function applyMigrations(
  database: DatabaseSync,
  migrations: readonly Migration[],
  nowMs: number,
): void {
  if (isCurrent(database, migrations)) return;
  database.exec('BEGIN EXCLUSIVE');
  try {
    const applied = appliedMigrations(database);
    for (const migration of migrations) {
      if (applied.has(migration.version)) continue;
      // The file itself inserts its row, because on D1 nobody else would.
      database.exec(migration.sql);
      database
        .prepare('UPDATE schema_migrations SET checksum = ?, applied_at = ? WHERE version = ?')
        .run(migration.checksum, nowMs, migration.version);
    }
    refuseUnlessSame(appliedMigrations(database), migrations);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function isCurrent(database: DatabaseSync, migrations: readonly Migration[]): boolean {
  const applied = appliedMigrations(database);
  if (applied.size < migrations.length) return false;
  refuseUnlessSame(applied, migrations);
  return true;
}

function refuseUnlessSame(
  applied: ReadonlyMap<number, string | null>,
  migrations: readonly Migration[],
): void {
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length) throw newerSchema(newest);
  for (const { version, name, checksum } of migrations) {
    const recorded = applied.get(version);
    if (recorded === undefined) {
      throw new ArchiveError(
        'changed_migration',
        `Migration ${name} does not record its version ${version}.`,
      );
    }
    if (recorded !== null && recorded !== checksum) {
      throw new ArchiveError(
        'changed_migration',
        `Migration ${name} was changed after it had been applied to this archive. Restore the released file and put the change into a new one.`,
      );
    }
  }
}

function appliedMigrations(database: DatabaseSync): ReadonlyMap<number, string | null> {
  const known = database
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'")
    .get();
  if (known === undefined) return new Map();
  const rows = database.prepare('SELECT version, checksum FROM schema_migrations').all();
  return new Map(
    rows.map((row) => [
      Number(row['version']),
      typeof row['checksum'] === 'string' ? row['checksum'] : null,
    ]),
  );
}
