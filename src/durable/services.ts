/** All Restate objects and services of Hookline, for whichever runtime serves them. */
import { archivistService } from './archivist.ts';
import type { ServiceDeps } from './deps.ts';
import { quarantineObject } from './quarantine.ts';
import { recipientObject } from './recipient-object.ts';
import { subjectObject } from './subject-object.ts';

export type { ServiceDeps } from './deps.ts';

/** Definitions only: `serveEndpoint` serves them on Node, the Worker through the SDK's fetch build. */
export function createServices(deps: ServiceDeps) {
  return [
    subjectObject('payment', deps),
    subjectObject('alert', deps),
    recipientObject(deps),
    quarantineObject(),
    archivistService(deps.archive),
  ];
}
