/**
 * Parks bytes while the archive is down. A service, not an object: it retries for as long as the
 * archive is away, and no key waits for it.
 */
import * as restate from '@restatedev/restate-sdk';
import type { Archive } from '../archive/contract.ts';
import type { ParkMessage } from './contract.ts';
import { ARCHIVIST } from './contract.ts';
import { unreadableMessage } from './errors.ts';
import { LASTING_ENTRY, UNTIL_DONE } from './options.ts';

/** Storing twice is safe: the archive knows an event by its key. So the body needs no journal. */
export function archivistService(archive: Archive) {
  return restate.service({
    name: ARCHIVIST,
    description: 'Puts events into the archive once it is back',
    handlers: {
      store: restate.handlers.handler(
        { ...LASTING_ENTRY, retryPolicy: { ...UNTIL_DONE, maxInterval: { minutes: 1 } } },
        async (
          _ctx: restate.Context,
          { record }: ParkMessage,
        ): Promise<{ readonly duplicate: boolean }> => {
          const { bodyBase64, ...rest } = record;
          const { duplicate } = await archive.put({ ...rest, body: bytesOf(bodyBase64) });
          return { duplicate };
        },
      ),
    },
  });
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw unreadableMessage('a parked body that is not base64');
  }
}
