/** Directories, and small files that must be whole or absent, whatever happens meanwhile. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { faultCode, isDiskFull } from './faults.ts';

/**
 * Makes a directory and those above it. Not `mkdirSync` with `recursive`: where the system answers
 * ENOENT although the parent is there, as in /proc, that one tries for ever.
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (isDirectory(path)) return;
    const parent = dirname(path);
    if (faultCode(error) !== 'ENOENT' || parent === path || isDirectory(parent)) throw error;
    makeDirectory(parent);
    makeDirectory(path);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Writes beside the target, syncs and renames: a crash or a full disk leaves the old file. */
export function writeFileDurably(path: string, text: string, mode: number): void {
  const draft = `${path}.${process.pid}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

const ROOM_BYTES = 1024 * 1024;

/**
 * False when the disk under a directory is full, found out by writing: free space is no measure
 * under a quota, and a program that died of a full disk may have had no room to log why.
 */
export function hasRoom(dir: string): boolean {
  const path = join(dir, `.room.${process.pid}`);
  try {
    writeFileSync(path, Buffer.alloc(ROOM_BYTES));
    return true;
  } catch (error) {
    return !(error instanceof Error && isDiskFull(error.message));
  } finally {
    rmSync(path, { force: true });
  }
}

/** The text of a file; null when there is none. A link that leads nowhere is no absent file. */
export function readTextFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
    // To read a directory fails without saying which one.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

/** The JSON object in a file; null when the file is absent, cut short or something else. */
export function readJsonObject(path: string): Readonly<Record<string, unknown>> | null {
  try {
    return jsonObject(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** The JSON object a text holds; null when it holds something else. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>) // checked above; its values stay unknown
      : null;
  } catch {
    return null;
  }
}
