/** Why a delivery was not believed. A closed union with evidence; never a secret, never a body. */

export type VerifyFailure =
  /** Every secret is outside its validity, blank or of the wrong form. */
  | {
      readonly reason: 'no_secret';
      readonly configured: number;
      readonly outsideValidity: number;
      readonly unusable: number;
    }
  | { readonly reason: 'signature_missing'; readonly where: string }
  | { readonly reason: 'signature_malformed'; readonly where: string; readonly problem: string }
  | {
      readonly reason: 'signature_mismatch';
      readonly secretsTried: number;
      readonly candidatesTried: number;
    }
  | { readonly reason: 'header_duplicated'; readonly where: string }
  | { readonly reason: 'timestamp_missing'; readonly where: string }
  | { readonly reason: 'timestamp_malformed'; readonly where: string }
  | {
      readonly reason: 'timestamp_too_old' | 'timestamp_in_future';
      /** Negative in the future. */
      readonly ageSeconds: number;
      readonly toleranceSeconds: number;
    }
  | { readonly reason: 'signed_part_missing'; readonly where: string }
  /** A signed text holds the delimiter that ends it, so the same bytes could be read in two ways. */
  | { readonly reason: 'signed_part_malformed'; readonly where: string }
  | { readonly reason: 'key_id_missing'; readonly where: string }
  | { readonly reason: 'key_id_unknown'; readonly where: string }
  | { readonly reason: 'requirement_unmet'; readonly where: string }
  | { readonly reason: 'token_malformed'; readonly problem: string }
  | { readonly reason: 'claim_mismatch'; readonly claim: string }
  | { readonly reason: 'unsupported'; readonly what: string };

/** One sentence for the operator. Names and numbers only: no value from the delivery but times. */
export function explainFailure(failure: VerifyFailure): string {
  switch (failure.reason) {
    case 'no_secret':
      return `No secret could be tried: of ${failure.configured} configured, ${failure.outsideValidity} outside their validity, ${failure.unusable} blank or not in the provider's form.`;
    case 'signature_missing':
      return `The delivery carries no signature (${failure.where}).`;
    case 'signature_malformed':
      return `The signature (${failure.where}) cannot be read: ${failure.problem}.`;
    case 'signature_mismatch':
      return `None of ${failure.candidatesTried} signature(s) matches any of ${failure.secretsTried} secret(s): the secret is another one, or the bytes were changed on the way.`;
    case 'header_duplicated':
      return `The ${failure.where} was sent more than once, so it has no single meaning.`;
    case 'timestamp_missing':
      return `The signed time (${failure.where}) is missing.`;
    case 'timestamp_malformed':
      return `The signed time (${failure.where}) is not a plain time.`;
    case 'timestamp_too_old':
      return `The signature is right but ${Math.round(failure.ageSeconds)} s old; ${failure.toleranceSeconds} s are allowed (a replay, or a wrong clock).`;
    case 'timestamp_in_future':
      return `The signature is right but ${Math.round(-failure.ageSeconds)} s ahead of our clock; ${failure.toleranceSeconds} s are allowed.`;
    case 'signed_part_missing':
      return `A part that is signed (${failure.where}) is missing.`;
    case 'signed_part_malformed':
      return `A part that is signed (${failure.where}) contains its own delimiter.`;
    case 'key_id_missing':
      return `The delivery does not name its key (${failure.where}).`;
    case 'key_id_unknown':
      return `The delivery names a key (${failure.where}) that no configured secret has.`;
    case 'requirement_unmet':
      return `The ${failure.where} is not the constant this provider's scheme demands.`;
    case 'token_malformed':
      return `The token cannot be read: ${failure.problem}.`;
    case 'claim_mismatch':
      return `The token's claim "${failure.claim}" does not fit this delivery.`;
    case 'unsupported':
      return `This deployment cannot verify ${failure.what}.`;
  }
}
