/** House rules, read from the source. A rule nobody checks is not a rule. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { isFunctionLikeDeclaration, type Node, type SourceFile } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const SKIPPED = new Set(['node_modules', '.git', '.hookline', '.wrangler', 'coverage']);

function filesUnder(folder: string): readonly string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const isSource = (path: string): boolean => /\.(ts|js)$/.test(path);
const sources = ['src', 'webhooks'].flatMap(filesUnder).filter(isSource);
const markdown = filesUnder('.').filter((path) => path.endsWith('.md'));

/** Files of this project that a file imports. `type`: erased at run time, so it binds nothing. */
function imports(path: string): readonly { readonly to: string; readonly type: boolean }[] {
  const found = read(path).matchAll(
    /(?:^|\n)(?:import|export)\s+(type\s)?(?:[^;]*?\sfrom\s+)?'(\.{1,2}\/[^']+)'|import\('(\.{1,2}\/[^']+)'\)/g,
  );
  return [...found].map(([, type, named, dynamic]) => ({
    to: normalize(join(dirname(path), named ?? dynamic ?? '')),
    type: type !== undefined,
  }));
}

/** Which part of the layout a file belongs to. */
function partOf(path: string): string {
  const [top, second] = path.split('/');
  if (top === 'webhooks') return 'webhooks';
  if (top !== 'src') return top ?? '';
  return second !== undefined && !second.includes('.') ? second : 'root';
}

/** Contracts: types and names only, importable from anywhere. */
const CONTRACTS = new Set([
  'src/config.ts',
  'src/gateway.ts',
  'src/archive/contract.ts',
  'src/durable/contract.ts',
  'src/durable/ingress-contract.ts',
  'src/mail/contract.ts',
]);

/** Only these compose parts. */
const COMPOSES = new Set(['root', 'cli', 'launch', 'examples']);

describe('imports follow the layout', () => {
  it('core imports core alone', () => {
    const strays = sources
      .filter((path) => partOf(path) === 'core')
      .flatMap((path) => imports(path).map(({ to }) => [path, to] as const))
      .filter(([, to]) => partOf(to) !== 'core');
    expect(strays).toEqual([]);
  });

  it('a provider imports core and its own parts', () => {
    const strays = sources
      .filter((path) => partOf(path) === 'webhooks')
      .flatMap((path) => imports(path).map(({ to }) => [path, to] as const))
      .filter(([, to]) => !['core', 'webhooks'].includes(partOf(to)));
    expect(strays).toEqual([]);
  });

  it('nobody imports a provider but webhooks/index.ts', () => {
    const strays = sources
      .filter((path) => partOf(path) !== 'webhooks')
      .flatMap((path) => imports(path).map(({ to }) => [path, to] as const))
      .filter(([, to]) => partOf(to) === 'webhooks' && to !== 'webhooks/index.ts');
    expect(strays).toEqual([]);
  });

  it('parts meet in contracts only', () => {
    const strays = sources
      .filter((path) => !COMPOSES.has(partOf(path)) && partOf(path) !== 'webhooks')
      .flatMap((path) => imports(path).map((one) => ({ path, ...one })))
      .filter(({ path, to, type }) => {
        const [from, into] = [partOf(path), partOf(to)];
        return !type && from !== into && into !== 'core' && !CONTRACTS.has(to);
      })
      .filter(({ to }) => !ALLOWED.has(to))
      .map(({ path, to }) => `${path} -> ${to}`);
    expect(strays).toEqual([]);
  });
});

/** Building a mail, its waits and its addresses are pure; only the transport is a port. */
const PURE_MAIL = ['build', 'backoff', 'address', 'override', 'smtp-url'];
/** Exceptions, each with its reason. The key of a mailbox is a hash, wherever it is asked for. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...PURE_MAIL.map((name) => `src/mail/${name}.ts`),
  'src/durable/recipient-key.ts',
]);

const BANNED: readonly { readonly where: RegExp; readonly what: RegExp; readonly use: string }[] = [
  {
    where: /^(src\/core|webhooks)\//,
    what: /\bDate\.now\(|\bMath\.random\(|\bprocess\.|\bBuffer\b|from 'node:|\bfetch\(|\bcrypto\.subtle/,
    use: 'an argument: core has no clock, randomness, environment or network',
  },
  {
    where: /^src\/durable\//,
    what: /\bDate\.now\(|\bMath\.random\(/,
    use: 'ctx.date or ctx.rand: a handler is replayed',
  },
  {
    where: /^src\/(?!cli\/print\.ts|edge\/log\.ts)/,
    what: /(?<!ctx\.)\bconsole\./,
    use: 'print.ts or log.ts',
  },
];

/** Functions of `linesMax` lines or more, by their first line; the comment before is not counted. */
function longFunctions(file: SourceFile, linesMax: number): readonly string[] {
  const lineAt = (position: number): number => file.text.slice(0, position).split('\n').length;
  const found: string[] = [];
  const visit = (node: Node): void => {
    if (isFunctionLikeDeclaration(node)) {
      const first = lineAt(node.getStart(file));
      const lines = lineAt(node.end) - first + 1;
      if (lines >= linesMax) found.push(`${first} (${lines} lines)`);
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** The first line of a function or a class that other files may import. */
const EXPORTED =
  /^export (default )?(async |abstract )?(function|class)\b|^export const [^=]+= (async )?\(/;

/** Does a doc comment end on the line before? */
function isDocumented(lines: readonly string[], index: number): boolean {
  if (!lines[index - 1]?.endsWith('*/')) return false;
  const opening = lines.slice(0, index).findLast((line) => line.startsWith('/*'));
  return opening?.startsWith('/**') ?? false;
}

describe('the text of the source', () => {
  it('uses nothing that its part may not use', () => {
    const strays = sources.flatMap((path) =>
      BANNED.filter(({ where }) => where.test(path)).flatMap(({ what, use }) =>
        read(path)
          .split('\n')
          .flatMap((line, index) =>
            what.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line)
              ? [`${path}:${index + 1}: use ${use}`]
              : [],
          ),
      ),
    );
    expect(strays).toEqual([]);
  });

  it('keeps files under 300 lines', () => {
    const long = sources
      .map((path) => [path, read(path).split('\n').length] as const)
      .filter(([, lines]) => lines > 300);
    expect(long).toEqual([]);
  });

  it('keeps functions under 60 lines', () => {
    const api = new API({ cwd: ROOT });
    try {
      const config = join(ROOT, 'tsconfig.json');
      const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
      const read = sources
        .filter((path) => path.endsWith('.ts'))
        .map((path) => ({ path, file: project?.program.getSourceFile(join(ROOT, path)) }));
      expect(read.filter(({ file }) => file === undefined)).toEqual([]);
      const long = read.flatMap(({ path, file }) =>
        file === undefined ? [] : longFunctions(file, 60).map((where) => `${path}:${where}`),
      );
      expect(long).toEqual([]);
    } finally {
      api.close();
    }
  }, 60_000);

  it('gives a reason on the line for every check it turns off', () => {
    const bare = [...sources, ...filesUnder('test').filter(isSource)].flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) =>
          /biome-ignore(?!.*:\s*\S)|@ts-(ignore|expect-error)\s*$/.test(line)
            ? [`${path}:${index + 1}`]
            : [],
        ),
    );
    expect(bare).toEqual([]);
  });

  it('draws from one seed in all tests, the one of test/support/property.ts', () => {
    const own = 'test/support/property.ts';
    const drawn = /process\.env\['\w*SEED'\]|\bfc\.(assert|check)\(|Date\.now\(\) %|Math\.random\(/;
    const strays = filesUnder('test')
      .filter((path) => isSource(path) && path !== own && path !== 'test/tidy.test.ts')
      .filter((path) => drawn.test(read(path)));
    expect(strays).toEqual([]);
  });

  it('says above every exported function and class what it does', () => {
    const bare = sources.flatMap((path) => {
      const lines = read(path).split('\n');
      return lines.flatMap((line, index) =>
        EXPORTED.test(line) && !isDocumented(lines, index) ? [`${path}:${index + 1}`] : [],
      );
    });
    expect(bare).toEqual([]);
  });

  it('names every ctx.run', () => {
    const unnamed = sources
      .filter((path) => path.startsWith('src/durable/'))
      .filter((path) => /\.run\(\s*(async\s*)?\(/.test(read(path)));
    expect(unnamed).toEqual([]);
  });
});

describe('providers', () => {
  const providerFiles = readdirSync(join(ROOT, 'webhooks'))
    .filter((name) => name.endsWith('.ts') && !name.startsWith('_') && name !== 'index.ts')
    .filter((name) => /defineProvider\(/.test(read(`webhooks/${name}`)))
    .map((name) => name.replace(/\.ts$/, ''));

  it('are each listed once in webhooks/index.ts, in order', () => {
    const listed = [...read('webhooks/index.ts').matchAll(/from '\.\/([^']+)\.ts'/g)]
      .map(([, name]) => name)
      .filter((name) => providerFiles.includes(name ?? ''));
    expect(listed).toEqual(providerFiles.toSorted());
  });

  it('have a test each', () => {
    const untested = providerFiles.filter(
      (name) => !existsSync(join(ROOT, 'test/webhooks', `${name}.test.ts`)),
    );
    expect(untested).toEqual([]);
  });
});

describe('documents', () => {
  it('have exactly one title each', () => {
    const wrong = markdown.filter((path) => {
      const text = read(path).replaceAll(/```[\s\S]*?```/g, '');
      return [...text.matchAll(/^# /gm)].length !== 1;
    });
    expect(wrong).toEqual([]);
  });

  it('link only to files that exist', () => {
    const broken = markdown.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .map(([, target]) => join(dirname(path), target ?? ''))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('speak of the project alone: no machine paths', () => {
    const strays = filesUnder('.')
      .filter((path) => path !== relative(ROOT, import.meta.filename))
      .filter((path) => statSync(join(ROOT, path)).size < 1_000_000)
      .filter((path) => /\/work\/|\/root\//.test(read(path)));
    expect(strays).toEqual([]);
  });
});
