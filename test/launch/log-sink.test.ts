import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLog } from '../../src/edge/log.ts';
import { openLogFile } from '../../src/launch/log-sink.ts';

it('writes every line to the file and says the same trouble once a minute', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hookline-log-'));
  const said: string[] = [];
  let nowMs = 0;
  const file = openLogFile({
    path: join(dir, 'hookline.log'),
    dataDir: dir,
    say: (text) => said.push(text),
    monotonicMs: () => nowMs,
  });
  const log = createLog({ sink: file.sink, wallNow: () => 0 });
  for (let key = 0; key < 100; key += 1) {
    log.error('archive_failed', { key, error: 'SQLite 13: database or disk is full' });
    log.warn('object', { key, message: 'no connection' });
    log.info('accepted', { key });
  }
  expect(said).toEqual([
    expect.stringMatching(/^The disk that holds .* is full\. .*goes on by itself/),
    'warn object: key=0 message=no connection',
  ]);
  nowMs = 60_001;
  log.warn('object', { key: 100, message: 'no connection' });
  expect(said).toHaveLength(3);
  await file.close();
  expect(readFileSync(join(dir, 'hookline.log'), 'utf8').trim().split('\n')).toHaveLength(301);
  rmSync(dir, { recursive: true });
});
