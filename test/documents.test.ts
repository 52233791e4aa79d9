/** What the documents list, held against what is there: a list nobody compares is soon a wrong one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HIGH_AMOUNT_MINOR_DEFAULT } from '../src/resolve/sources.ts';

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

describe('what the README lets you type', () => {
  const lines = [...read('README.md').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) =>
    block
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  );

  it('has nothing after a command that keeps the terminal', () => {
    const keeps = /\bnpm (?:start|run dev:edge)\b/;
    const followed = lines
      .flatMap((block) => block.slice(0, -1))
      .filter((line) => keeps.test(line));
    expect(lines.flat().filter((line) => keeps.test(line)).length).toBeGreaterThan(3);
    expect(followed).toEqual([]);
  });

  it('gives a payment one customer: an event without the address would bring its own', () => {
    const events = lines.flat().flatMap((line) => {
      const id = line.match(/hookline trigger .* --id (\S+)/)?.[1];
      const address = line.match(/customer_email=(\S+)/)?.[1];
      return id === undefined ? [] : [[id, address] as const];
    });
    const addresses = new Map(events);
    expect(addresses.size).toBeGreaterThan(2);
    expect(events.filter(([id, address]) => address !== addresses.get(id) || !address)).toEqual([]);
  });
});

describe('a high amount', () => {
  it.each(['README.md', 'gateway.config.ts'])(
    'is named in %s with its default currencies',
    (path) => {
      for (const [currency, minor] of Object.entries(HIGH_AMOUNT_MINOR_DEFAULT)) {
        expect(minor).toBe(500_000);
        expect(read(path)).toMatch(
          new RegExp(`5,000\\.00 (?:[A-Z]{3}, )*(?:[A-Z]{3} or )?${currency}\\b`),
        );
      }
    },
  );
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
