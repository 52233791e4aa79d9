import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/order.ts';

// Processes that tests start find what the ones before them compiled.
process.env['NODE_COMPILE_CACHE'] = join(import.meta.dirname, 'node_modules/.cache/hookline');

/** Whatever it imports must see its environment, so it cannot come second in a process. */
const ALONE = ['test/mail/transport-workerd.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One more than the cores it has to do with, because some of them always wait for something.
    maxWorkers: 3,
    // Of those that wait for follow-up time to pass: more at once begin so late that steps merge.
    maxConcurrency: 6,
    sequence: { sequencer: SlowestFirst },
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      {
        extends: true,
        // A process for each file costs as much as all that is tested in most of them.
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false },
      },
    ],
  },
});
