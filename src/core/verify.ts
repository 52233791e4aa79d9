/**
 * Interprets a provider's `verification`. Total: a delivery gets a verdict, whatever is in it.
 * It knows no provider, no clock and no network.
 */
import type { CryptoPort } from './crypto.ts';
import type { DeliveryRequest } from './delivery.ts';
import type { ProviderDefinition } from './provider.ts';
import type { Result } from './result.ts';
import { fail } from './result.ts';
import type { VerifyContext } from './schemes/context.ts';
import { verifyJwt } from './schemes/jwt.ts';
import { isBlank, isValidAt, keyBytes, publicKey } from './schemes/keys.ts';
import { readDelivery } from './schemes/reader.ts';
import { verifyBasic, verifyToken } from './schemes/shared.ts';
import { verifySigned } from './schemes/signed.ts';
import type { Freshness, Secret, Verification, Verified, Window } from './verification.ts';
import type { VerifyFailure } from './verify-failure.ts';

export type { Verified } from './verification.ts';
export type { VerifyFailure } from './verify-failure.ts';
export { explainFailure } from './verify-failure.ts';

export interface VerifyInput {
  readonly provider: ProviderDefinition;
  readonly request: DeliveryRequest;
  readonly secrets: readonly Secret[];
  /** Wall time, epoch seconds. */
  readonly nowSeconds: number;
  /** Null or absent: the provider's own. It holds on both sides; it cannot be switched off. */
  readonly toleranceSeconds?: number | null;
  readonly crypto: CryptoPort;
}

/**
 * Does one of the secrets vouch for this delivery, and is its signed time inside the window on both
 * sides? Without a usable secret the answer is `no_secret`, never a pass.
 */
export async function verifyDelivery(input: VerifyInput): Promise<Result<Verified, VerifyFailure>> {
  const own = toleranceOf(input.provider.verification);
  const wanted = input.toleranceSeconds ?? own;
  // Not a number, or negative, is a broken config: nothing is fresh then, rather than everything.
  const tolerance = wanted >= 0 ? wanted : -1;
  return verifyWithin(input, { maxAgeSeconds: tolerance, maxAheadSeconds: tolerance });
}

/**
 * As `verifyDelivery`, with a window of the caller's. Only vector runs use it, to follow what a
 * maker's SDK accepts; the gateway always holds both sides.
 */
export async function verifyWithin(
  input: VerifyInput,
  window: Window,
): Promise<Result<Verified, VerifyFailure>> {
  const { provider, secrets, nowSeconds, crypto } = input;
  const valid = secrets.filter((secret) => isValidAt(secret, nowSeconds));
  const context: VerifyContext = {
    reader: readDelivery(input.request),
    secrets: valid.filter((secret) => !isBlank(secret.value)),
    configured: secrets.length,
    outsideValidity: secrets.length - valid.length,
    nowSeconds,
    window,
    crypto,
  };
  if (context.secrets.length === 0) {
    return fail({
      reason: 'no_secret',
      configured: context.configured,
      outsideValidity: context.outsideValidity,
      unusable: valid.length,
    });
  }
  return verifyScheme(provider.verification, context);
}

async function verifyScheme(
  verification: Verification,
  context: VerifyContext,
): Promise<Result<Verified, VerifyFailure>> {
  switch (verification.scheme) {
    case 'hmac':
    case 'digest':
    case 'asymmetric':
      return verifySigned(verification, context);
    case 'jwt':
      return verifyJwt(verification, context);
    case 'token':
      return verifyToken(verification, context);
    case 'basic':
      return verifyBasic(verification, context);
    case 'custom': {
      const { reader, secrets, nowSeconds, window, crypto } = context;
      return verification.verify({ request: reader.request, secrets, nowSeconds, window, crypto });
    }
    case 'any': {
      let nearest: VerifyFailure = {
        reason: 'unsupported',
        what: 'a provider without alternatives',
      };
      for (const alternative of verification.alternatives) {
        const outcome = await verifyScheme(alternative, context);
        if (outcome.ok) return outcome;
        if (PROGRESS[outcome.failure.reason] > PROGRESS[nearest.reason]) nearest = outcome.failure;
      }
      return fail(nearest);
    }
  }
}

/** How far a delivery got before it failed: of several alternatives the nearest miss is reported. */
const PROGRESS: Readonly<Record<VerifyFailure['reason'], number>> = {
  unsupported: 0,
  requirement_unmet: 1,
  no_secret: 2,
  signature_missing: 3,
  signature_malformed: 4,
  token_malformed: 4,
  header_duplicated: 5,
  key_id_missing: 5,
  key_id_unknown: 6,
  timestamp_missing: 6,
  timestamp_malformed: 6,
  signed_part_missing: 6,
  signed_part_malformed: 6,
  signature_mismatch: 7,
  claim_mismatch: 8,
  timestamp_in_future: 9,
  timestamp_too_old: 9,
};

/** Of alternatives the strictest; where no time is signed the window is never asked. */
export function toleranceOf(verification: Verification): number {
  const tolerances = freshnessOf(verification).flatMap((freshness) =>
    freshness.kind === 'signed' ? [freshness.toleranceSeconds] : [],
  );
  return tolerances.length === 0 ? 0 : Math.min(...tolerances);
}

function freshnessOf(verification: Verification): readonly Freshness[] {
  switch (verification.scheme) {
    case 'any':
      return verification.alternatives.flatMap(freshnessOf);
    case 'token':
    case 'basic':
      return [];
    default:
      return [verification.freshness];
  }
}

/**
 * Why a configured secret can never verify a delivery of this provider, or null. For start-up: a
 * source whose secret has the wrong form must be refused then, not 401 every delivery.
 */
export async function secretProblem(
  provider: ProviderDefinition,
  value: string,
  crypto: CryptoPort,
): Promise<string | null> {
  if (value.trim() === '') return 'is empty';
  if (isBlank(value)) return 'is too long';
  return (await fits(provider.verification, value, crypto))
    ? null
    : `is not in the form ${provider.name} uses (${provider.secretHint})`;
}

async function fits(
  verification: Verification,
  value: string,
  crypto: CryptoPort,
): Promise<boolean> {
  switch (verification.scheme) {
    case 'hmac':
    case 'digest':
      return (await keyBytes(value, verification.key, crypto)) !== null;
    case 'asymmetric':
      if (verification.key.form === 'certificate-url') return true;
      return publicKey(value, verification.key, verification.algorithm) !== null;
    case 'basic':
      return value.includes(':');
    case 'any':
      for (const alternative of verification.alternatives) {
        if (await fits(alternative, value, crypto)) return true;
      }
      return false;
    case 'jwt':
      return verification.key.kind !== 'secret'
        ? true
        : (await keyBytes(value, verification.key.form, crypto)) !== null;
    case 'token':
    case 'custom':
      return true;
  }
}

/** A secret without bounds on its validity, with the id logs may show. */
export async function secretOf(value: string, crypto: CryptoPort): Promise<Secret> {
  const digest = await crypto.digest('SHA-256', [new TextEncoder().encode(value)]);
  const id = [...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id, value, notBefore: null, notAfter: null };
}
