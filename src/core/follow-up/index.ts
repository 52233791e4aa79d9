/** The follow-up engine, as the rest of the system sees it. */
export { type DecideInput, decide, emptyState } from './decide.ts';
export { simulate } from './simulate.ts';
export type * from './types.ts';
export { expiry, preview, stillWanted } from './view.ts';
