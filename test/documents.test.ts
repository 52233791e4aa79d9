/** What the documents list, held against what is there: a list nobody compares is soon a wrong one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(ts|js)$/.test(path))
  .map((path) => join('src', path));

/** The rows of every table under one heading. */
function rowsUnder(path: string, heading: string): readonly string[] {
  const section =
    read(path)
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('| '));
}

/** What stands in backticks in the first column. */
function named(rows: readonly string[]): readonly string[] {
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );
}

/** `npm run dev:edge` tells them to the Worker it starts; nobody else sets them. */
const INTERNAL = [
  'HOOKLINE_ENDPOINT_IS_PRIVATE',
  'HOOKLINE_MAIL_IS_CAUGHT',
  'HOOKLINE_TIME_BASE_MS',
];
/** A name in quotes with a prefix of ours, or any name in quotes where the environment is read. */
const VARIABLE =
  /'((?:HOOKLINE|RESTATE|SMTP|DATABASE)_[A-Z_]+)'|(?:\benv\[|\b(?:value|text|secret)\(|\brequired\(env, )'([A-Z][A-Z0-9_]*)'/g;

describe('the README', () => {
  it('lists every variable that is read, and no other', () => {
    const found = [...sources, 'gateway.config.ts'].flatMap((path) =>
      [...read(path).matchAll(VARIABLE)].map(([, ours, any]) => ours ?? any ?? ''),
    );
    const secrets = read('gateway.config.ts').matchAll(/secrets: \['([A-Z_]+)'\]/g);
    const wanted = new Set([...found, ...[...secrets].map(([, name]) => name ?? '')]);
    for (const name of INTERNAL) expect(wanted.delete(name), name).toBe(true);
    expect(wanted.size).toBeGreaterThan(20);
    expect(named(rowsUnder('README.md', 'Configure')).toSorted()).toEqual([...wanted].sort());
  });
});

describe('ARCHITECTURE', () => {
  it('says of every dependency why it is there, and of no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const rows = rowsUnder('ARCHITECTURE.md', 'Dependencies');
    const isDev = (row: string) => /^\|[^|]*\(dev\) \|/.test(row);
    expect(named(rows.filter((row) => !isDev(row))).toSorted()).toEqual(
      Object.keys(dependencies).sort(),
    );
    expect(named(rows.filter(isDev)).toSorted()).toEqual(Object.keys(devDependencies).sort());
  });
});

describe('the lockfile', () => {
  it('names packages by version and digest, and no server to get them from', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    const addresses = Object.entries<Record<string, unknown>>(packages).flatMap(
      ([name, { funding: _, ...entry }]) =>
        /"resolved":|:\/\//.test(JSON.stringify(entry)) ? [name] : [],
    );
    expect(addresses).toEqual([]);
    expect(read('.npmrc')).toContain('omit-lockfile-registry-resolved=true');
  });
});
