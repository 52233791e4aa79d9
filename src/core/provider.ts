/**
 * The provider contract: all a file in `webhooks/` may say. A provider is data; where it needs a
 * function (`custom`), it says why, and that is a request for a new word here.
 */

import type { EventIdentity } from './event.ts';
import type { FactTable } from './fact-table.ts';
import type { Handshake } from './handshake.ts';
import type { Verification } from './verification.ts';

/** T: checked against the maker's own vectors. D: read in the maker's source. X: third party. K: known. */
type Confidence = 'T' | 'D' | 'X' | 'K';

export interface ProviderDefinition {
  /** File name and `provider` in the config. */
  readonly id: string;
  readonly name: string;
  /** The maker's page the file was compared with, and the day. */
  readonly docs: string;
  readonly checkedOn: string;
  readonly confidence: Confidence;
  /** Where a person finds the secret. */
  readonly secretHint: string;
  /** Cap on the body, counted while it streams. */
  readonly bytesMax: number;
  /** Any one of the alternatives must hold; most have one. */
  readonly verification: Verification;
  readonly event: EventIdentity;
  readonly handshake: Handshake | null;
  /** Absent: events are kept and never tracked. */
  readonly facts: FactTable | null;
  /** Header names (lower case) worth keeping with the event; never a signature or a token. */
  readonly keepHeaders: readonly string[];
  readonly delivery: {
    readonly ackWithinSeconds: number;
    readonly successStatus: number;
    readonly retries: string;
    readonly disables: string | null;
  };
}

/** Returns its argument, so that literals keep their types. Checked by the provider suite. */
export function defineProvider<const Definition extends ProviderDefinition>(
  definition: Definition,
): Definition {
  return definition;
}
