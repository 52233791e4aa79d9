/** What every scheme is given. */
import type { CryptoPort } from '../crypto.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { Requirement, Secret, Window } from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';
import type { DeliveryReader } from './reader.ts';
import { describeSource } from './reader.ts';

export interface VerifyContext {
  readonly reader: DeliveryReader;
  /** Valid now and not blank; at least one. */
  readonly secrets: readonly Secret[];
  /** How many were configured and how many of those are outside their validity, for evidence. */
  readonly configured: number;
  readonly outsideValidity: number;
  readonly nowSeconds: number;
  readonly window: Window;
  readonly crypto: CryptoPort;
}

/** For when no secret makes a key: `no_secret`, with how many there are and why none serves. */
export function noUsableSecret(context: VerifyContext): Result<never, VerifyFailure> {
  return fail({
    reason: 'no_secret',
    configured: context.configured,
    outsideValidity: context.outsideValidity,
    unusable: context.configured - context.outsideValidity,
  });
}

/**
 * Fails with `requirement_unmet` at the first text that is missing, doubled or not one of those
 * allowed. Undefined requires nothing.
 */
export function checkRequirements(
  requirements: readonly Requirement[] | undefined,
  reader: DeliveryReader,
): Result<null, VerifyFailure> {
  for (const requirement of requirements ?? []) {
    const read = reader.find(requirement.text);
    if (read.kind !== 'found' || !requirement.equals.includes(read.text)) {
      return fail({ reason: 'requirement_unmet', where: describeSource(requirement.text) });
    }
  }
  return ok(null);
}
