/** What a running gateway has kept and sent, read from the archive and from Restate itself. */
import type { Archive } from '../../src/archive/contract.ts';
import type { GatewayUnderTest } from '../suites/gateway.ts';
import type { RunningRestate } from './restate.ts';

/** The stored event with its bytes, or null. */
export async function keptEvent(archive: Archive, source: string, key: string) {
  const stored = await archive.find(source, key);
  const body = await archive.body(source, key);
  return stored !== null && body.kind === 'bytes' ? { ...stored, body: body.bytes } : null;
}

/** Reads what Restate itself accepted, whether its handler has run or not. */
export function ingressView(restate: RunningRestate): GatewayUnderTest['ingressView'] {
  const fromOutside = "target_handler_name = 'onFact' AND invoked_by = 'ingress'";
  return {
    eventKeys: async (subject) => {
      const rows = await restate.query(
        `SELECT idempotency_key FROM sys_invocation WHERE ${fromOutside} ` +
          `AND target_service_key = '${subject.replaceAll("'", "''")}'`,
      );
      // `{source}:{event key}`, as the gateway sends it.
      return rows.map((row) => String(row['idempotency_key']).replace(/^[^:]*:/, ''));
    },
    count: async () =>
      countIn(
        await restate.query(`SELECT count(1) AS count FROM sys_invocation WHERE ${fromOutside}`),
      ),
  };
}

/** The only column of the only row. */
export function countIn(rows: readonly unknown[] | undefined): number {
  const [row] = rows ?? [];
  const count: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'count') : null;
  if (typeof count !== 'number') throw new Error(`not a count: ${JSON.stringify(rows)}`);
  return count;
}
