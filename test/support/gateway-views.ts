/** What a running gateway has kept and sent, read from the archive and from Restate itself. */
import type { GatewayUnderTest } from '../suites/gateway.ts';
import type { RunningRestate } from './restate.ts';

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
