/**
 * Kysely as a compiler: it builds SQL text and never touches a database. Statements on the hot
 * path are compiled once and bound per event, because compiling costs more than running them.
 */
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { ArchiveTables } from './schema.ts';
import type { SqlQuery, SqlValue } from './sql-executor.ts';

export const tables = new Kysely<ArchiveTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

interface Compilable {
  compile(): CompiledQuery<unknown>;
}

/** A named place in a statement, filled when the statement is bound. `T` is its SQL type. */
export type Param<Name extends string> = <T>(name: Name) => RawBuilder<T>;

/** Fills a statement's named places; the caller must give exactly these names. */
export type Bind<Name extends string> = (values: Readonly<Record<Name, SqlValue>>) => SqlQuery;

class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Compiles once. Throws when the statement holds a value that is neither named nor an SQL value. */
export function prepare<Name extends string>(
  build: (param: Param<Name>) => Compilable,
): Bind<Name> {
  const compiled = build(<T>(name: Name) => sql<T>`${sql.val(new Place(name))}`).compile();
  const slots = compiled.parameters.map((value) =>
    value instanceof Place ? value : asSqlValue(value),
  );
  return (values) => {
    const named: Readonly<Record<string, SqlValue>> = values;
    return {
      sql: compiled.sql,
      parameters: slots.map((slot) => (slot instanceof Place ? (named[slot.name] ?? null) : slot)),
    };
  };
}

/** A statement that differs from call to call. Not for the hot path. */
export function compile(query: Compilable): SqlQuery {
  const compiled = query.compile();
  return { sql: compiled.sql, parameters: compiled.parameters.map(asSqlValue) };
}

function asSqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`A ${typeof value} cannot be an SQL parameter.`);
}
