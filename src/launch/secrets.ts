/**
 * Secrets nobody gave us: generated once, kept in `{dataDir}/secrets.json`, readable by the owner
 * only. There is no way to run without them: verification is never skipped.
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchRefused } from './faults.ts';
import { jsonObject, readTextFile, writeFileDurably } from './files.ts';

/** `whsec`: `whsec_` and 32 bytes in base64, as Stripe and Standard Webhooks write them. */
export type SecretForm = 'whsec' | 'hex';

export interface WantedSecret {
  readonly variable: string;
  readonly form: SecretForm;
}

export interface KeptSecrets {
  /** Every wanted variable, from the environment or from the file. */
  readonly values: Readonly<Record<string, string>>;
  /** The variables that came from the file. */
  readonly fromFile: readonly string[];
}

/** The file's path in a data directory. */
export function secretsPath(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

/** The file's values, or none when there is no file. Refuses a file that holds anything else. */
export function readSecrets(dataDir: string): Readonly<Record<string, string>> {
  const text = readTextFile(secretsPath(dataDir));
  if (text === null) return {};
  const parsed = jsonObject(text);
  if (parsed === null) throw damaged(dataDir, 'it is no JSON object');
  const kept: Record<string, string> = {};
  for (const [variable, value] of Object.entries(parsed)) {
    if (typeof value !== 'string' || value === '') {
      throw damaged(dataDir, `its ${variable} is ${value === '' ? 'empty' : 'no text'}`);
    }
    kept[variable] = value;
  }
  return kept;
}

/** New secrets in place of unreadable ones would refuse every delivery signed with the old. */
function damaged(dataDir: string, problem: string): LaunchRefused {
  return new LaunchRefused(
    `${secretsPath(dataDir)} is damaged: ${problem}. Put it back from a copy, or remove it to have ` +
      'new secrets made, which providers must then be told.',
  );
}

/**
 * Environment first, then the file, then a new one, written before it is used. A value already in
 * the file is never replaced: providers and people hold copies of it.
 */
export function keepSecrets(
  dataDir: string,
  wanted: readonly WantedSecret[],
  env: Readonly<Record<string, string | undefined>>,
  randomBytes: (count: number) => Uint8Array,
): KeptSecrets {
  const kept = readSecrets(dataDir);
  const grown: Record<string, string> = { ...kept };
  const values: Record<string, string> = {};
  const fromFile: string[] = [];
  for (const { variable, form } of wanted) {
    const given = env[variable];
    if (given) {
      values[variable] = given;
      continue;
    }
    const value = grown[variable] ?? newSecret(form, randomBytes);
    grown[variable] = value;
    values[variable] = value;
    fromFile.push(variable);
  }
  if (Object.keys(grown).length > Object.keys(kept).length) {
    writeFileDurably(secretsPath(dataDir), `${JSON.stringify(grown, null, 2)}\n`, 0o600);
  } else if (Object.keys(kept).length > 0) {
    // Copied or restored with wider rights: another user of the machine could read the secrets.
    chmodSync(secretsPath(dataDir), 0o600);
  }
  return { values, fromFile };
}

/** A fresh secret of 32 random bytes. */
export function newSecret(form: SecretForm, randomBytes: (count: number) => Uint8Array): string {
  const bytes = Buffer.from(randomBytes(32));
  return form === 'whsec' ? `whsec_${bytes.toString('base64')}` : bytes.toString('hex');
}
