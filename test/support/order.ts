/** In which order files are run: one that waits long must not begin when all others have ended. */
import { join, relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By folder, what takes longest first. Vitest's own measure, sizes of files, knows none of this. */
const FOLDERS = ['faults', 'e2e', 'examples', 'durable', 'archive', 'launch', 'edge'];

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const [folder = ''] = relative(join(import.meta.dirname, '..'), moduleId).split(sep);
  const place = FOLDERS.indexOf(folder);
  return place === -1 ? FOLDERS.length : place;
}
