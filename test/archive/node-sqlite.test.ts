/** The archive on node:sqlite. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { nodeCompression } from '../../src/archive/node-compression.ts';
import { nodeSqlite } from '../../src/archive/node-sqlite.ts';
import { createArchive } from '../../src/archive/store.ts';
import { testArchive } from '../suites/archive.ts';
import { SMALL_LIMITS, sha256Hex } from '../support/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookline-archive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const open = async () => {
  const executor = await nodeSqlite(join(folder, 'archive.db'));
  const archive = createArchive({
    executor,
    compression: nodeCompression,
    sha256Hex,
    later: (run, delayMs) => void setTimeout(run, delayMs).unref(),
    rejectionLimits: SMALL_LIMITS,
  });
  return { archive, executor };
};

testArchive('node:sqlite', open, { bodyMiBMax: 25 });
