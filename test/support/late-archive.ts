/** A real archive that opens when it is first asked: many tests bring one and have no use for it. */
import type { Archive } from '../../src/archive/contract.ts';
import { openNodeArchive } from '../../src/archive/node-sqlite.ts';

export function lateArchive(path: string): Archive {
  let opening: Promise<Archive> | null = null;
  const opened = (): Promise<Archive> => {
    opening ??= openNodeArchive(path);
    return opening;
  };
  return {
    put: async (record) => (await opened()).put(record),
    reject: async (record) => (await opened()).reject(record),
    find: async (source, key) => (await opened()).find(source, key),
    body: async (source, key) => (await opened()).body(source, key),
    list: async (query) => (await opened()).list(query),
    rejections: async (query) => (await opened()).rejections(query),
    ready: async () => (await opened()).ready(),
    close: async () => (await opening)?.close(),
  };
}
