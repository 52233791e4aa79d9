/** What an archive holds of one event, on whichever runtime the archive is. */
import type { Archive } from '../../src/archive/contract.ts';

/** Where the Worker under test answers with it. */
export const KEPT_PATH = '/test/kept';

/** The stored event with its bytes, or null. */
export async function keptEvent(archive: Archive, source: string, key: string) {
  const stored = await archive.find(source, key);
  const body = await archive.body(source, key);
  return stored !== null && body.kind === 'bytes' ? { ...stored, body: body.bytes } : null;
}
