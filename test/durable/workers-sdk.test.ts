import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

const folder = new URL('../../src/durable/', import.meta.url);
const USED = /\brestate\.(\w+)(?=[.(])|instanceof restate\.(\w+)/g;

it('uses nothing of the SDK that its Workers build does not export', () => {
  // The types of that build promise more than its code has, so the compiler does not notice.
  const build = createRequire(import.meta.url).resolve(
    '@restatedev/restate-sdk-cloudflare-workers/fetch',
  );
  const exported = /^export \{([^}]*)\}/m.exec(
    readFileSync(build.replace(/\.cjs$/, '.js'), 'utf8'),
  )?.[1];
  const names = new Set(exported?.split(',').map((name) => name.trim()));
  expect(names.has('object')).toBe(true);
  const used = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => name !== 'endpoint-node.ts')) {
    for (const [, called, tested] of readFileSync(new URL(file, folder), 'utf8').matchAll(USED)) {
      used.add(called ?? tested ?? '');
    }
  }
  expect(used.has('object')).toBe(true);
  expect([...used].filter((name) => !names.has(name))).toEqual([]);
});
