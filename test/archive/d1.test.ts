/** The archive on D1: inside workerd, on its real D1, migrated by wrangler as in production. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestHarness } from 'wrangler';
import { assertMigrated } from '../../src/archive/migrated.ts';
import { SCHEMA_VERSION } from '../../src/archive/schema.ts';
import { testArchive } from '../suites/archive.ts';
import { eventRecord } from '../support/archive.ts';
import { inRequests, remoteArchive, remoteExecutor } from '../support/archive-wire.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const database = (binding: string) => ({
  binding,
  database_name: binding,
  database_id: binding,
  migrations_dir: 'migrations',
});
const harness = createTestHarness({
  root: project,
  workers: [
    {
      config: {
        name: 'archive-test',
        main: 'test/support/archive-worker.ts',
        compatibility_date: '2026-01-01',
        compatibility_flags: ['nodejs_compat'],
        d1_databases: ['SUITE', 'MIGRATED', 'EMPTY'].map(database),
      },
    },
  ],
});

const send = inRequests(async (body) => {
  const response = await harness.fetch('/', { method: 'POST', body });
  return response.arrayBuffer();
});

beforeAll(async () => {
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  await harness.listen();
  for (const name of ['SUITE', 'MIGRATED']) await harness.getWorker().applyD1Migrations(name);
});
afterAll(async () => {
  await harness.close();
});

const open = async () => ({
  archive: remoteArchive(send, 'SUITE'),
  executor: remoteExecutor(send, 'SUITE'),
});
// 25 MiB: `test/edge/gateway-workerd.test.ts`, without the JSON that lies between here and workerd.
testArchive('D1', open, { bodyMiBMax: 3 });

describe('D1: its migrations', () => {
  test('says how to migrate a database that was not, whatever is called first', async () => {
    const archive = remoteArchive(send, 'EMPTY');
    const refusal = {
      reason: 'not_migrated',
      message: expect.stringContaining('migrations apply'),
    };
    await expect(archive.put(eventRecord('stripe', 'evt_1'))).rejects.toMatchObject(refusal);
    await expect(archive.ready()).rejects.toMatchObject(refusal);
    await expect(assertMigrated(remoteExecutor(send, 'EMPTY'))).rejects.toMatchObject(refusal);
  });

  test('accepts what wrangler has migrated and refuses what a newer version has', async () => {
    const executor = remoteExecutor(send, 'MIGRATED');
    await assertMigrated(executor);
    const archive = remoteArchive(send, 'MIGRATED');
    await archive.ready();
    const sql = 'INSERT INTO schema_migrations (version, name) VALUES (?, ?)';
    await executor.batch([{ sql, parameters: [SCHEMA_VERSION + 1, 'later.sql'] }]);
    await expect(assertMigrated(executor)).rejects.toMatchObject({ reason: 'newer_schema' });
    await expect(archive.ready()).rejects.toMatchObject({ reason: 'newer_schema' });
  });
});
