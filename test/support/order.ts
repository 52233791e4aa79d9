/**
 * In which order files are run. What waits long begins early, or all others have ended before it;
 * what works hard is kept apart, or each makes the other miss its time.
 */
import { join, relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** How paths begin. Vitest's own measure, sizes of files, knows none of this. */
const ORDER = [
  'faults/killed',
  'examples/demo',
  'examples/payment-tracker',
  'e2e/start',
  'examples/',
  'edge/gateway-workerd',
  'e2e/',
  'durable/unconfirmed',
  'faults/parts-away',
  'durable/',
  'archive/',
  'launch/',
  'edge/large-body',
];

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const path = relative(join(import.meta.dirname, '..'), moduleId).replaceAll('\\', '/');
  const place = ORDER.findIndex((start) => path.startsWith(start));
  return place === -1 ? ORDER.length : place;
}
