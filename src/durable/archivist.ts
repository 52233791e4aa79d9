/**
 * Parks bytes while the archive is down. A service, not an object: it retries for as long as the
 * archive is away, and no key waits for it.
 */
import * as restate from '@restatedev/restate-sdk';
import type { Archive } from '../archive/contract.ts';
import { ARCHIVIST } from './contract.ts';
import { LASTING_ENTRY, UNTIL_DONE } from './options.ts';
import { unpackParked } from './parked.ts';

/** Storing twice is safe: the archive knows an event by its key. So the body needs no journal. */
export function archivistService(archive: Archive) {
  return restate.service({
    name: ARCHIVIST,
    description: 'Puts events into the archive once it is back',
    handlers: {
      store: restate.handlers.handler(
        {
          ...LASTING_ENTRY,
          retryPolicy: { ...UNTIL_DONE, maxInterval: { minutes: 1 } },
          input: restate.serde.binary,
          // A gateway that has not been updated yet still sends JSON.
          accept: '*/*',
        },
        async (
          _ctx: restate.Context,
          packed: Uint8Array,
        ): Promise<{ readonly duplicate: boolean }> => {
          const record = unpackParked(packed);
          // Not terminal: these bytes were acknowledged and are nowhere else, so they wait for a fix.
          if (!record.ok) throw new Error(`unreadable parked event: ${record.failure}`);
          const { duplicate } = await archive.put(record.value);
          return { duplicate };
        },
      ),
    },
  });
}
