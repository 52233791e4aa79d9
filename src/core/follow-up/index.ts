/** The follow-up engine, as the rest of the system sees it. */
export { type DecideInput, decide, emptyState } from './decide.ts';
export { HOPS_MAX } from './outcome.ts';
export { simulate } from './simulate.ts';
export type * from './types.ts';
export { expiry, preview, stillWanted, whileHandedOver } from './view.ts';
