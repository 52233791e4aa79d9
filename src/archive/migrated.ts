/** Is this database the one the code was written for? The same question on every dialect. */
import { ArchiveError } from './errors.ts';
import { SCHEMA_VERSION } from './schema.ts';
import type { Row, SqlExecutor, SqlQuery } from './sql-executor.ts';
import { readSchemaVersion } from './statements.ts';

/** What to ask the database; the answers are for `refuseUnlessMigrated`. */
export function migrationQueries(): readonly SqlQuery[] {
  return [readSchemaVersion({})];
}

/** Throws `not_migrated` or `newer_schema`; `answers` are those of `migrationQueries`. */
export function refuseUnlessMigrated(answers: readonly (readonly Row[])[]): void {
  const found = answers[0]?.[0]?.['version'];
  const version = typeof found === 'number' ? found : 0;
  if (version > SCHEMA_VERSION) throw newerSchema(version);
  if (version < SCHEMA_VERSION) {
    throw new ArchiveError(
      'not_migrated',
      `The archive has schema version ${version}, this program needs ${SCHEMA_VERSION}. ${REMEDY}`,
    );
  }
}

/** Call at start where migrations are applied by somebody else (D1: wrangler). */
export async function assertMigrated(executor: SqlExecutor): Promise<void> {
  refuseUnlessMigrated(await executor.read(migrationQueries()));
}

export const REMEDY = 'On D1 run: npx wrangler d1 migrations apply <database>';

/** The error, made and not thrown, for a database of a `version` above `SCHEMA_VERSION`. */
export function newerSchema(version: number): ArchiveError {
  return new ArchiveError(
    'newer_schema',
    `The archive was written by a newer Hookline: it has schema version ${version}, this program knows ${SCHEMA_VERSION}. Start the newer version, or restore a backup made before the upgrade.`,
  );
}
