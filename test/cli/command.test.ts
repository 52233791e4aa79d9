import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { createPrint, printable, table } from '../../src/cli/print.ts';
import { instantOf, spanMs } from '../../src/cli/times.ts';
import { cli } from '../support/cli-world.ts';
import { sharedPath } from '../support/shared.ts';
import { leftOut } from '../support/skipped.ts';

const signatures = sharedPath('vectors/signatures.json');
const payloads = sharedPath('payloads');
const ENV = { STRIPE_WEBHOOK_SECRET: 'whsec_x', HOOKLINE_DATA_DIR: '/nonexistent' };

describe('hookline', () => {
  it('lists every command with one line when nothing is typed', async () => {
    const { code, out } = await cli([]);
    expect(code).toBe(0);
    for (const { name } of COMMANDS) expect(out).toContain(`  ${name}`);
  });

  it('suggests the nearest command for a slip, and answers misuse with 2', async () => {
    expect(await cli(['payment', 'shwo', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean: hookline payments show'),
    });
  });

  it('lists the verbs when a noun stands alone', async () => {
    const { code, err } = await cli(['payments']);
    expect(code).toBe(2);
    expect(err).toContain('hookline payments hold');
  });

  it.each([
    [['payments', 'show'], 'needs REF'],
    [['payments', 'show', 'in_1'], 'is not SOURCE/ID'],
    [['payments', 'show', 'stripe/in_1', 'more'], 'one word too many'],
    [['payments', 'show', 'stripe/in_1', '--jsn'], '--jsn is not an option'],
    [['payments', 'hold', 'stripe/in_1'], 'needs --reason'],
    [['events', 'list', '--limit', 'many'], 'a number above 0'],
    [['events', 'list', '--limit'], 'needs a value'],
    [['events', 'list', '--limit', ''], '--limit needs a value'],
    [['events', 'list', '--source='], '--source needs a value'],
    [['events', 'list', '--subject', ' '], '--subject needs a value'],
    [['events', 'list', '--limit', '5', '--limit', '6'], '--limit is given twice'],
    [['payments', 'show', ''], 'needs REF'],
    [['payments', 'note', 'stripe/in_1', ''], 'needs TEXT'],
    [['payments', 'show', 'stripe/..'], 'is never taken in'],
    [['payments', 'hold', 'stripe/a/../b', '--reason', 'x'], 'is never taken in'],
    [['payments', 'show', 'stripe/in_1\u202e'], 'unprintable characters is never taken in'],
    [['--nope'], '"--nope" is not a command'],
    [['trigger', 'stripe', 'invoice.paid', '--set', 'x'], 'is not PATH=VALUE'],
    [['trigger', 'stripe', 'invoice.paid', '--skew', 'yesterday'], 'is no span'],
    [['trigger'], '"trigger" needs SOURCE.'],
    [['trigger', '', 'invoice.paid'], '"trigger" needs SOURCE.'],
    [['trigger', 'strip', 'invoice.paid'], 'Did you mean stripe?'],
  ])('refuses %j as misuse', async (argv, sentence) => {
    const { code, err } = await cli(argv, { env: ENV });
    expect(err).toContain(sentence);
    expect(err).toContain('Type: hookline help');
    expect(code).toBe(2);
  });

  it('takes --set as often as it is typed, and a flag twice for the flag', async () => {
    const { code } = await cli(['providers', 'list', '--json', '--json']);
    expect(code).toBe(0);
  });

  it('says where it looked when nothing answers, and what to type', async () => {
    const env = { HOOKLINE_URL: 'http://127.0.0.1:65530', HOOKLINE_TOKEN: 't' };
    const { code, err } = await cli(['issues'], { env });
    expect(code).toBe(1);
    expect(err).toContain('No gateway answers at http://127.0.0.1:65530');
    expect(err).toContain('npm start');
  });

  it.each(['foo', 'ftp://127.0.0.1:9', 'http://127.0.0.1:abc', 'http://ada:pw@127.0.0.1:9'])(
    'says that %s is no address of a gateway, without what may be a password',
    async (url) => {
      const env = { ...ENV, HOOKLINE_URL: url, HOOKLINE_TOKEN: 't' };
      for (const argv of [['issues'], ['trigger', 'stripe', 'invoice.paid']]) {
        const { code, err } = await cli(argv, { env });
        expect(err).toContain('HOOKLINE_URL');
        expect(err).toContain('is no address of a gateway');
        expect(err).not.toContain('pw');
        expect(code).toBe(1);
      }
    },
  );

  it('never prints a token that cannot be sent', async () => {
    const env = { HOOKLINE_URL: 'http://127.0.0.1:9', HOOKLINE_TOKEN: 'hunter2\nhunter3' };
    const { code, err } = await cli(['issues'], { env });
    expect(err).toContain('HOOKLINE_TOKEN');
    expect(err).not.toContain('hunter');
    expect(code).toBe(1);
  });

  it('says what is missing when there is no token, before it asks anybody', async () => {
    const { code, err } = await cli(['issues']);
    expect(code).toBe(1);
    expect(err).toContain('HOOKLINE_TOKEN');
  });

  it('explains each command with its options and an example', async () => {
    const { out } = await cli(['help', 'payments', 'hold']);
    expect(out).toContain('hookline payments hold REF [options]');
    expect(out).toContain('--until TIME');
    expect(out).toContain('$ hookline payments hold');
  });

  it('prints provider facts without a gateway', async () => {
    const { code, out } = await cli(['providers', 'list', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ id: 'stripe' }));
  });

  it.skipIf(signatures === null)('ends a good run of vectors with what passed', async () => {
    const { code, out } = await cli(['vectors', signatures ?? '', '--provider', 'stripe']);
    expect([code, out.trimEnd().split('\n').at(-1)]).toEqual([0, '9 passed, 0 failed']);
  });

  it.skipIf(payloads === null)('ends a good run of payloads with what passed', async () => {
    const files = readdirSync(payloads ?? '').filter((name) => name.endsWith('.json'));
    const paths = files.map((name) => join(payloads ?? '', name));
    const { code, out } = await cli(['facts', ...paths, '--provider', 'stripe']);
    expect([code, out.trimEnd().split('\n').at(-1)]).toEqual([0, '64 passed, 0 failed']);
  });

  it('fails a vector run in which nothing ran', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hookline-cli-'));
    writeFileSync(join(dir, 'none.json'), '[]');
    const { code, out } = await cli(['vectors', join(dir, 'none.json'), '--provider', 'stripe']);
    expect(code).toBe(1);
    expect(out.trimEnd().split('\n').at(-1)).toBe('0 passed, 0 failed');
    rmSync(dir, { recursive: true });
  });
});

describe('an older Node', () => {
  const oldNode = olderNode();
  const missing = leftOut(
    oldNode === null
      ? { what: 'every Node of this machine is new enough to need no other', impossible: true }
      : null,
  );
  const old = (...args: readonly string[]) =>
    spawnSync(oldNode ?? '', args, { encoding: 'utf8', timeout: 20_000 });

  it.skipIf(missing)('runs hookline, through the Node npm installed', () => {
    const run = old('src/cli/hookline.js', '--version');
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run.status).toBe(0);
    expect(old('src/cli/hookline.js', 'nonsense').status).toBe(2);
  });

  it.skipIf(missing)('runs npm start, through the Node npm installed', () => {
    const path = `${dirname(oldNode ?? '')}:${process.env['PATH']}`;
    const env = { ...process.env, PATH: path };
    const run = spawnSync('npm', ['start', '--', '--help'], { env, encoding: 'utf8' });
    expect(run.stdout).toContain('Usage: npm start');
    expect(run.status).toBe(0);
  });

  // Node 23 is not here to be asked; it reads TypeScript, so that it comes as far as our own check.
  it.each(['src/node.ts', 'src/launch/dev-edge.ts'])(
    'is refused by %s in one sentence with the remedy',
    (script) => {
      const pretend = `Object.defineProperty(process, 'versions', { value: { node: '23.11.0' } })`;
      const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, script];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(run.stderr).toMatch(
        /^Hookline needs Node 24; this is Node 23\.11\.0\. .*`npm start`.*\n$/,
      );
      expect(run.status).toBe(1);
    },
  );
});

/** Node's own directory comes first on PATH under npm; an older one is looked for behind it. */
function olderNode(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/bin'];
  const isOlder = (path: string): boolean => {
    if (!existsSync(path)) return false;
    const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    return Number.parseInt(stdout, 10) < 24;
  };
  return folders.map((folder) => join(folder, 'node')).find(isOlder) ?? null;
}

describe('what is printed', () => {
  it('shows control characters and direction overrides of a payload instead of obeying them', () => {
    expect(printable('a\u001b[2Jb\u202ec')).toBe('a\\x1b[2Jb\\x202ec');
    expect(printable('tab\tand line\n')).toBe('tab\tand line\n');
  });

  it('goes to standard output for results only', () => {
    const out: string[] = [];
    const err: string[] = [];
    const print = createPrint(
      { write: (text: string) => out.push(text) },
      { write: (text: string) => err.push(text) },
    );
    print.line('result');
    print.remark('remark');
    print.progress('nobody watches');
    expect([out, err]).toEqual([['result\n'], ['remark\n']]);
  });

  it('is aligned in columns', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['aaa', 'b', 'c'],
      ]),
    ).toEqual(['a    bb  c', 'aaa  b   c']);
  });
});

describe('times', () => {
  const NOW = Date.UTC(2026, 10, 24, 9);

  it.each([
    ['-10m', -600_000],
    ['36h', 129_600_000],
    ['3d', 259_200_000],
    ['1.5h', 5_400_000],
  ])('read the span %s', (text, ms) => expect(spanMs(text)).toBe(ms));

  it.each(['10', 'm', '3 d x', '--3d', ''])('take "%s" for no span', (text) => {
    expect(spanMs(text)).toBeNull();
  });

  it('take a bare date for the start of that day here, not in UTC', () => {
    const at = new Date(instantOf('2026-12-01', NOW));
    expect([at.getDate(), at.getHours(), at.getMinutes()]).toEqual([1, 0, 0]);
  });

  it.each([
    '2026-02-30',
    '2026-02-31T09:00:00Z',
    '2026-02-31T09:00',
    '2027-02-29T09:00:00+01:00',
    '2026-13-01',
    '2026-12-01T25:00Z',
    'soon',
    // What Date.parse would make something of.
    '5',
    'tomorrow 9',
    'Dec 1 2026',
    '12027-01-01',
    '+012027-01-01T00:00:00Z',
    '99999999999d',
    '',
  ])('take "%s" for no time instead of guessing one', (text) => {
    expect(() => instantOf(text, NOW)).toThrow('is no time');
  });

  it('read an instant with its zone, and without one as the time here', () => {
    expect(instantOf('2028-02-29T09:00:00+01:00', NOW)).toBe(Date.UTC(2028, 1, 29, 8));
    expect(instantOf('2026-12-01T09:30Z', NOW)).toBe(Date.UTC(2026, 11, 1, 9, 30));
    for (const text of ['2026-12-01T09:30', '2026-12-01 09:30:00']) {
      const at = new Date(instantOf(text, NOW));
      expect([at.getDate(), at.getHours(), at.getMinutes()]).toEqual([1, 9, 30]);
    }
  });
});
