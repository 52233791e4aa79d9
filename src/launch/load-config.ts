/**
 * Reads `gateway.config.ts`, which its user writes by hand: a slip in it is a sentence with the
 * file, the line and the remedy, not a stack of Node's loader.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { GatewayConfig } from '../config.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** The project's own config; `load` says the same name to the runtime. */
const CONFIG_PATH = fileURLToPath(new URL('../../gateway.config.ts', import.meta.url));

/**
 * The config that `load` imports, or why it cannot be read. Whether what it says holds up is for
 * `resolveGateway` to find out.
 */
export async function loadConfig(
  load: () => Promise<{ readonly default?: GatewayConfig }>,
  path: string = CONFIG_PATH,
): Promise<Result<GatewayConfig, string>> {
  try {
    const { default: config } = await load();
    if (config !== undefined) return ok(config);
    return fail(`${path} exports no config. Write in it: export default defineGateway({ … });`);
  } catch (error) {
    return fail(loadFault(error, path));
  }
}

function loadFault(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `${path} throws while it is read: ${String(error)}`;
  const said = error.message.replace(/\.$/, '');
  const place = placeOf(error, path);
  if ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND') {
    const missing = 'url' in error && typeof error.url === 'string' ? error.url : '';
    if (!missing.startsWith('file:')) {
      return `${path} cannot be read: ${said}. Add it with npm install, or correct the import.`;
    }
    if (fileURLToPath(missing) === path) return noConfig(path);
    const name = fileURLToPath(missing);
    return `${path} cannot be read: it imports ${name}, and there is no such file. Correct the import.`;
  }
  const what = error instanceof SyntaxError ? 'cannot be read' : 'throws while it is read';
  return `${place} ${what}: ${said}. Correct it there, and try again.`;
}

function noConfig(path: string): string {
  return (
    `There is no ${path}, which says what may come in and who is told. Bring back the one that ` +
    'came with the project: git checkout gateway.config.ts'
  );
}

/**
 * `file:line:column` as far as the stack knows. A syntax error is named above the message, with a
 * row of carets below the line; anything thrown is named in the first frame of a file of the user.
 */
function placeOf(error: Error, path: string): string {
  const stack = error.stack ?? '';
  const [, file, line] = /^(\/.*|[A-Za-z]:\\.*|file:\/\/.*):(\d+)\n/.exec(stack) ?? [];
  if (file !== undefined) {
    const carets = /^( *)\^+$/m.exec(stack)?.[1];
    const column = carets === undefined ? '' : `:${carets.length + 1}`;
    return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${line}${column}`;
  }
  const frame = stack.split('\n').find((text) => text.includes(pathToFileURL(path).href));
  const at = /:(\d+:\d+)\)?$/.exec(frame ?? '')?.[1];
  return at === undefined ? path : `${path}:${at}`;
}
