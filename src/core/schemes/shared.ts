/** Static tokens and basic auth: the sender proves that they know the secret by sending it. */
import { decode, decodeUtf8, utf8 } from '../bytes.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { BasicVerification, TokenVerification, Verified } from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';
import type { VerifyContext } from './context.ts';
import { checkRequirements } from './context.ts';
import { describeSource } from './reader.ts';

/**
 * Fails when a requirement is unmet, when the token is missing or doubled, and when it is none of
 * the secrets. Proves no time: `signedAtSeconds` is null.
 */
export async function verifyToken(
  verification: TokenVerification,
  context: VerifyContext,
): Promise<Result<Verified, VerifyFailure>> {
  const required = checkRequirements(verification.requires, context.reader);
  if (!required.ok) return required;
  const where = describeSource(verification.token);
  const read = context.reader.find(verification.token);
  if (read.kind === 'duplicated') return fail({ reason: 'header_duplicated', where });
  if (read.kind === 'missing') return fail({ reason: 'signature_missing', where });
  return matchSecret(read.text, context);
}

/**
 * The credentials of RFC 7617; a secret is `user:password`, compared whole. Refuses what holds a
 * comma (two headers joined) and base64 that is not canonical.
 */
export async function verifyBasic(
  verification: BasicVerification,
  context: VerifyContext,
): Promise<Result<Verified, VerifyFailure>> {
  const required = checkRequirements(verification.requires, context.reader);
  if (!required.ok) return required;
  const where = 'header authorization';
  const value = context.reader.request.headers.get('authorization');
  if (value === null || value === '') return fail({ reason: 'signature_missing', where });
  if (value.includes(',')) return fail({ reason: 'header_duplicated', where });
  const encoded = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1] ?? '';
  const bytes = decode(encoded, 'base64');
  const credentials = bytes === null ? null : decodeUtf8(bytes);
  if (credentials === null || !credentials.includes(':')) {
    return fail({ reason: 'signature_malformed', where, problem: 'not basic credentials' });
  }
  return matchSecret(credentials, context);
}

/**
 * Digests are compared, not the texts: both sides then have one length, and neither the secret's
 * length nor its first characters can be measured (Jenkins, CVE-2022-43411).
 */
async function matchSecret(
  candidate: string,
  { secrets, crypto }: VerifyContext,
): Promise<Result<Verified, VerifyFailure>> {
  const given = await crypto.digest('SHA-256', [utf8(candidate)]);
  for (const secret of secrets) {
    const expected = await crypto.digest('SHA-256', [utf8(secret.value)]);
    if (crypto.equal(given, expected)) return ok({ secretId: secret.id, signedAtSeconds: null });
  }
  return fail({
    reason: 'signature_mismatch',
    secretsTried: secrets.length,
    candidatesTried: 1,
  });
}
