/** A slip in the user's own file is said in a sentence by everything that reads it. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, runScript } from '../support/launched.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMMANDS = {
  'npm start': ['src/node.ts'],
  'npm run dev:edge': ['src/launch/dev-edge.ts'],
  'hookline trigger': ['src/cli/hookline.js', 'trigger', 'stripe', 'invoice.paid'],
} as const;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'hookline-config-'));
  for (const part of ['src', 'webhooks', 'migrations', 'package.json']) {
    cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  mkdirSync(join(dir, '.hookline'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function withConfig(text: string | null, [script, ...argv]: readonly string[]): CommandResult {
  const path = join(dir, 'gateway.config.ts');
  if (text === null) rmSync(path, { force: true });
  else writeFileSync(path, text);
  // What is compiled of this copy is of no use to anybody else.
  const env = { NODE_COMPILE_CACHE: join(dir, 'compiled') };
  return runScript(join(dir, script ?? ''), argv, dir, env);
}

function expectSentence({ code, stderr }: CommandResult, parts: readonly string[]): void {
  for (const part of parts) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^ {4}at |node:internal/m);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
}

describe.each(Object.entries(COMMANDS))('%s', (_name, words) => {
  it('names the file, the line and the column of a syntax error', () => {
    const place = `${join(dir, 'gateway.config.ts')}:2:12`;
    const run = withConfig('export default {\n  sources: } };\n', words);
    expectSentence(run, [place, 'Expression expected', 'Correct it']);
  }, 60_000);

  it('says that the file is missing, and how to get it back', () => {
    expectSentence(withConfig(null, words), [
      `There is no ${join(dir, 'gateway.config.ts')}`,
      'git checkout gateway.config.ts',
    ]);
  }, 60_000);
});

describe('gateway.config.ts', () => {
  const start = COMMANDS['npm start'];

  it('whose slip is in a file it imports is told that file', () => {
    writeFileSync(join(dir, 'ladders.ts'), 'export const ladders = [\n  1 2,\n];\n');
    const run = withConfig("import './ladders.ts';\nexport default {};\n", start);
    expectSentence(run, [`${join(dir, 'ladders.ts')}:2`]);
  });

  it('with sources of a wrong shape is no crash of the trigger', () => {
    const run = withConfig('export default { sources: 5 };\n', COMMANDS['hookline trigger']);
    expectSentence(run, ['gateway.config.ts', 'sources']);
  });

  it.each([
    [
      'that imports a file which is not there is told apart from one that is missing',
      "import './rungs.ts';\nexport default {};\n",
      [' cannot be read: it imports', 'rungs.ts', 'no such file'],
    ],
    [
      'that imports a package which is not installed is told its name',
      "import 'no-such-package';\nexport default {};\n",
      [' cannot be read', 'no-such-package', 'npm install'],
    ],
    [
      'that throws is told where',
      'const team: any = null;\nexport default { mail: team.first };\n',
      [':2:', 'throws', "reading 'first'"],
    ],
    [
      'without a default export is told what to write',
      'export const config = {};\n',
      [' exports no config', 'export default defineGateway({'],
    ],
  ])('%s', (_name, text, [first, ...rest]) => {
    // Right behind the name of the file: what is wrong, or where.
    expectSentence(readAlone(text), [`${join(dir, 'gateway.config.ts')}${first}`, ...rest]);
  });
});

/** What every command does first, by Node itself: a test's own loader reads a file otherwise. */
function readAlone(text: string): CommandResult {
  const reader = `
    import { loadConfig } from './src/launch/load-config.ts';
    const path = ${JSON.stringify(join(dir, 'gateway.config.ts'))};
    const config = await loadConfig(() => import(path), path);
    if (!config.ok) console.error(config.failure);
    process.exitCode = config.ok ? 0 : 1;
  `;
  writeFileSync(join(dir, 'reader.ts'), reader);
  return withConfig(text, ['reader.ts']);
}
