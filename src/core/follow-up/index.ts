/** The follow-up engine, as the rest of the system sees it. */
export { type DecideInput, decide, emptyState } from './decide.ts';
export type * from './types.ts';
export { expiry, preview, simulate, stillWanted } from './view.ts';
