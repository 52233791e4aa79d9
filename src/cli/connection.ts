/** Where the gateway is and how to prove that one may ask it: environment first, then the data directory. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { explainFault } from '../launch/faults.ts';
import { readJsonObject } from '../launch/files.ts';
import { readSecrets, secretsPath } from '../launch/secrets.ts';
import type { World } from './command.ts';

export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  /** Null when there is neither a variable nor a generated one. */
  readonly token: string | null;
  /** A variable from the environment, else from the data directory's secrets. */
  readonly secret: (variable: string) => string | null;
  /** Why `secret` found nothing: the file it read, as the end of a sentence about the variable. */
  readonly notKept: string;
}

/** Reads the environment and the data directory; asks nobody. */
export function connectionOf({ env, cwd }: Pick<World, 'env' | 'cwd'>): Connection {
  const dataDir = resolve(cwd, env['HOOKLINE_DATA_DIR'] || '.hookline');
  const kept = keptSecrets(dataDir);
  const secret = (variable: string): string | null => env[variable] || (kept[variable] ?? null);
  const path = secretsPath(dataDir);
  return {
    url: gatewayUrl(env, dataDir),
    // Trimmed as the gateway does: a file it was read from ends in a line break.
    token: secret('HOOKLINE_TOKEN')?.trim() || null,
    secret,
    notKept: existsSync(path) ? `${path} does not hold it` : `there is no ${path}`,
  };
}

/** Of a gateway that another user started, the file may not be read: that is said with its path. */
function keptSecrets(dataDir: string): Readonly<Record<string, string>> {
  try {
    return readSecrets(dataDir);
  } catch (error) {
    throw new Error(explainFault(error, dataDir), { cause: error });
  }
}

/**
 * `HOOKLINE_URL`, else the port in the environment, else the address the copy in this data
 * directory wrote down when it became ready (it may have been started on another port).
 */
function gatewayUrl(env: World['env'], dataDir: string): string {
  const given = env['HOOKLINE_URL'];
  if (given) return given.replace(/\/+$/, '');
  if (env['HOOKLINE_PORT']) return `http://127.0.0.1:${env['HOOKLINE_PORT']}`;
  const ready = readJsonObject(join(dataDir, 'ready.json'));
  return typeof ready?.['gateway'] === 'string' ? ready['gateway'] : 'http://127.0.0.1:8787';
}
