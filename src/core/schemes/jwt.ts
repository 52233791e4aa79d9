/** JWT and JWS: a token whose claims tie it to the delivery. */
import { decode, encode, utf8 } from '../bytes.ts';
import type { AsymmetricAlgorithm, Hash } from '../crypto.ts';
import type { Json } from '../json.ts';
import { at, numberAt, textAt } from '../json.ts';
import { parseJson } from '../parse-json.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { ClaimCheck, JwtAlgorithm, JwtVerification, Verified } from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';
import type { VerifyContext } from './context.ts';
import { checkRequirements, noUsableSecret } from './context.ts';
import { keyBytes, publicKey } from './keys.ts';
import { describeSource } from './reader.ts';
import { checkWindow } from './timestamp.ts';

type Algorithm =
  | { readonly kind: 'hmac'; readonly hash: Hash }
  | { readonly kind: 'asymmetric'; readonly algorithm: AsymmetricAlgorithm };

const ALGORITHMS: Readonly<Record<JwtAlgorithm, Algorithm>> = {
  HS256: { kind: 'hmac', hash: 'SHA-256' },
  HS384: { kind: 'hmac', hash: 'SHA-384' },
  HS512: { kind: 'hmac', hash: 'SHA-512' },
  RS256: rsa('SHA-256'),
  RS384: rsa('SHA-384'),
  RS512: rsa('SHA-512'),
  ES256: { kind: 'asymmetric', algorithm: { name: 'ECDSA', curve: 'P-256', hash: 'SHA-256' } },
  EdDSA: { kind: 'asymmetric', algorithm: { name: 'Ed25519' } },
};

const TOKEN_CHARS_MAX = 262_144;

function rsa(hash: Hash): Algorithm {
  return { kind: 'asymmetric', algorithm: { name: 'RSASSA-PKCS1-v1_5', hash } };
}

/** A compact token taken apart. `claims` are not to be believed before the signature is checked. */
interface Token {
  readonly signedText: string;
  readonly signature: Uint8Array;
  readonly algorithm: Algorithm;
  readonly claims: Json;
}

/**
 * The algorithm must be one the provider file pins and must fit the kind of the key: `none`, and an
 * RSA public key used as an HMAC secret, are refused before any key is touched.
 */
export async function verifyJwt(
  verification: JwtVerification,
  context: VerifyContext,
): Promise<Result<Verified, VerifyFailure>> {
  const required = checkRequirements(verification.requires, context.reader);
  if (!required.ok) return required;
  if (verification.key.kind === 'jwks') {
    return fail({ reason: 'unsupported', what: 'keys fetched from a JWKS address' });
  }
  if (verification.key.kind === 'x5c') {
    return fail({ reason: 'unsupported', what: 'keys in a chain of certificates' });
  }
  const where = describeSource(verification.token);
  const read = context.reader.find(verification.token);
  if (read.kind === 'duplicated') return fail({ reason: 'header_duplicated', where });
  if (read.kind === 'missing') return fail({ reason: 'signature_missing', where });
  const token = takeApart(read.text, verification);
  if (!token.ok) return token;
  const signer = await findSigner(verification, token.value, context);
  if (!signer.ok) return signer;
  for (const check of verification.claims) {
    if (!(await claimHolds(check, token.value.claims, context))) {
      return fail({ reason: 'claim_mismatch', claim: check.claim });
    }
  }
  const times = checkTimes(verification, token.value.claims, context);
  if (!times.ok) return times;
  return ok({ secretId: signer.value, signedAtSeconds: numberAt(token.value.claims, 'iat') });
}

function takeApart(text: string, verification: JwtVerification): Result<Token, VerifyFailure> {
  const malformed = (problem: string): Result<never, VerifyFailure> =>
    fail({ reason: 'token_malformed', problem });
  if (text.length > TOKEN_CHARS_MAX) return malformed('too long');
  const parts = text.split('.', 4);
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) return malformed('not three parts');
  const bytes = [header, payload, signature].map((part) => decode(part, 'base64url'));
  const [headerBytes, payloadBytes, signatureBytes] = bytes;
  if (!headerBytes || !payloadBytes || !signatureBytes) return malformed('not base64url');
  const headerJson = parseJson(headerBytes);
  const claims = parseJson(payloadBytes);
  if (!headerJson.ok || !claims.ok) return malformed('not JSON');
  const name = textAt(headerJson.value, 'alg');
  const pinned = verification.algorithms.find((algorithm) => algorithm === name);
  if (pinned === undefined) return malformed('an algorithm this provider does not use');
  // An extension we do not understand must be refused (RFC 7515, section 4.1.11).
  if (at(headerJson.value, 'crit') !== undefined) return malformed('critical extensions');
  const signedText = `${header}.${payload}`;
  return ok({
    signedText,
    signature: signatureBytes,
    algorithm: ALGORITHMS[pinned],
    claims: claims.value,
  });
}

/** The id of the secret that signed. */
async function findSigner(
  { key }: JwtVerification,
  token: Token,
  context: VerifyContext,
): Promise<Result<string, VerifyFailure>> {
  const { crypto } = context;
  const message = [utf8(token.signedText)];
  const { algorithm } = token;
  let secretsTried = 0;
  for (const secret of context.secrets) {
    if (key.kind === 'secret' && algorithm.kind === 'hmac') {
      const bytes = await keyBytes(secret.value, key.form, crypto);
      if (bytes === null) continue;
      secretsTried += 1;
      const expected = await crypto.hmac(algorithm.hash, bytes, message);
      if (crypto.equal(token.signature, expected)) return ok(secret.id);
    }
    if (key.kind === 'public' && algorithm.kind === 'asymmetric') {
      const imported = publicKey(secret.value, key.form, algorithm.algorithm);
      if (imported === null) continue;
      secretsTried += 1;
      const isRight = await crypto.verify(algorithm.algorithm, imported, token.signature, message);
      if (isRight) return ok(secret.id);
    }
  }
  if (secretsTried === 0) return noUsableSecret(context);
  return fail({ reason: 'signature_mismatch', secretsTried, candidatesTried: 1 });
}

async function claimHolds(
  check: ClaimCheck,
  claims: Json,
  { crypto, reader }: VerifyContext,
): Promise<boolean> {
  const { request } = reader;
  const value = textAt(claims, check.claim);
  if ('equals' in check) {
    const listed = at(claims, check.claim);
    const values = Array.isArray(listed) ? listed : [value];
    return values.some((one) => typeof one === 'string' && check.equals.includes(one));
  }
  if ('equalsUrl' in check) return value === request.url;
  const bytes = check.digestOf === 'body' ? request.body : utf8(request.url);
  if (value === null) return check.optionalWhenBodyEmpty === true && request.body.length === 0;
  const expected = encode(await crypto.digest(check.hash, [bytes]), check.encoding);
  return crypto.equal(utf8(value), utf8(expected));
}

function checkTimes(
  { freshness, leewaySeconds, requiredTimes }: JwtVerification,
  claims: Json,
  { nowSeconds, window }: VerifyContext,
): Result<null, VerifyFailure> {
  for (const claim of ['exp', 'nbf', 'iat'] as const) {
    const isThere = at(claims, claim) !== undefined;
    if (isThere && numberAt(claims, claim) === null) {
      return fail({ reason: 'timestamp_malformed', where: `claim ${claim}` });
    }
    if (!isThere && requiredTimes.includes(claim)) {
      return fail({ reason: 'timestamp_missing', where: `claim ${claim}` });
    }
  }
  const expiry = numberAt(claims, 'exp');
  if (expiry !== null && nowSeconds > expiry + leewaySeconds) {
    const ageSeconds = nowSeconds - expiry;
    return fail({ reason: 'timestamp_too_old', ageSeconds, toleranceSeconds: leewaySeconds });
  }
  const notBefore = numberAt(claims, 'nbf');
  if (notBefore !== null && nowSeconds < notBefore - leewaySeconds) {
    const ageSeconds = nowSeconds - notBefore;
    return fail({ reason: 'timestamp_in_future', ageSeconds, toleranceSeconds: leewaySeconds });
  }
  const issuedAt = numberAt(claims, 'iat');
  return issuedAt !== null && freshness.kind === 'signed'
    ? checkWindow(issuedAt, nowSeconds, window)
    : ok(null);
}
