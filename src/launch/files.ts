/** Small files that must be whole or absent, whatever happens while they are written. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

/** Writes beside the target, syncs and renames: a crash or a full disk leaves the old file. */
export function writeFileDurably(path: string, text: string, mode: number): void {
  const draft = `${path}.${process.pid}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

/** The JSON object in a file; null when the file is absent, cut short or something else. */
export function readJsonObject(path: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>) // checked above; its values stay unknown
      : null;
  } catch {
    return null;
  }
}
