/** HMAC, plain digest and asymmetric signatures over a template: one procedure, three checks. */
import { decode, derToP1363 } from '../bytes.ts';
import type { PublicKey } from '../crypto.ts';
import { HASH_BYTES } from '../crypto.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type {
  AsymmetricVerification,
  DigestVerification,
  HmacVerification,
  Secret,
  SignedPart,
  SignedTemplate,
  Verified,
} from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';
import type { VerifyContext } from './context.ts';
import { checkRequirements, noUsableSecret } from './context.ts';
import { keyBytes, publicKey } from './keys.ts';
import { describeSource, NO_FIELDS } from './reader.ts';
import type { SignatureSet } from './signature.ts';
import { readSignatures } from './signature.ts';
import { renderTemplate } from './template.ts';
import { checkWindow, parseTimestamp } from './timestamp.ts';

type TemplateVerification = HmacVerification | DigestVerification | AsymmetricVerification;

type Key =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'public'; readonly key: PublicKey };
interface UsableSecret {
  readonly secret: Secret;
  readonly key: Key;
}

/**
 * Any one valid signature of the (capped) list with any one of the secrets is enough; unknown
 * versions are ignored. The window is held after the signature: `timestamp_too_old` then means an
 * authentic delivery that came late, never a forgery.
 */
export async function verifySigned(
  verification: TemplateVerification,
  context: VerifyContext,
): Promise<Result<Verified, VerifyFailure>> {
  const required = checkRequirements(verification.requires, context.reader);
  if (!required.ok) return required;
  if (verification.key.form === 'certificate-url') {
    return fail({ reason: 'unsupported', what: 'keys in a certificate at an address' });
  }
  const usable = await usableSecrets(verification, context);
  if (usable.length === 0) return noUsableSecret(context);
  const read = readSignatures(verification, context.reader);
  if (!read.ok) return read;
  const sets = dependsOnFields(verification) ? read.value : [merged(read.value)];

  let worst: VerifyFailure | null = null;
  let candidatesTried = 0;
  const decodable = sets.map((set) => decodeAll(verification, set));
  if (decodable.every((candidates) => candidates.length === 0)) {
    const where = describeSource(verification.signature.from);
    const problem = `not ${verification.signature.encoding} of the right length`;
    return fail({ reason: 'signature_malformed', where, problem });
  }
  for (const [index, set] of sets.entries()) {
    const candidates = decodable[index] ?? [];
    if (candidates.length === 0) continue;
    const outcome = await verifySet(verification, context, set, candidates, usable);
    if (outcome.ok) return outcome;
    candidatesTried += candidates.length;
    if (outcome.failure.reason !== 'signature_mismatch') worst ??= outcome.failure;
  }
  return fail(
    worst ?? { reason: 'signature_mismatch', secretsTried: usable.length, candidatesTried },
  );
}

async function verifySet(
  verification: TemplateVerification,
  context: VerifyContext,
  set: SignatureSet,
  candidates: readonly Uint8Array[],
  usable: readonly UsableSecret[],
): Promise<Result<Verified, VerifyFailure>> {
  const chosen = chooseByKeyId(verification, context, set, usable);
  if (!chosen.ok) return chosen;
  // A time inside the body is read after the signature: nothing unverified is parsed without need.
  const inBody = verification.timestamp?.from.from === 'body';
  const early = inBody ? null : readTime(verification, context, set);
  if (early?.ok === false) return early;
  const message = renderTemplate(verification, context.reader, set.fields);
  if (!message.ok) return message;
  for (const { secret, key } of chosen.value) {
    if (!(await matches(verification, key, candidates, message.value, context))) continue;
    const signedAt = early ?? readTime(verification, context, set);
    if (!signedAt.ok) return signedAt;
    if (signedAt.value !== null) {
      const fresh = checkWindow(signedAt.value, context.nowSeconds, context.window);
      if (!fresh.ok) return fresh;
    }
    return ok({ secretId: secret.id, signedAtSeconds: signedAt.value });
  }
  return fail({
    reason: 'signature_mismatch',
    secretsTried: chosen.value.length,
    candidatesTried: candidates.length,
  });
}

async function matches(
  verification: TemplateVerification,
  key: Key,
  candidates: readonly Uint8Array[],
  message: readonly Uint8Array[],
  { crypto }: VerifyContext,
): Promise<boolean> {
  if (verification.scheme === 'asymmetric') {
    if (key.kind !== 'public') return false;
    for (const candidate of candidates) {
      if (await crypto.verify(verification.algorithm, key.key, candidate, message)) return true;
    }
    return false;
  }
  if (key.kind !== 'bytes') return false;
  const expected =
    verification.scheme === 'hmac'
      ? await crypto.hmac(verification.hash, key.bytes, message)
      : await crypto.digest(verification.hash, [key.bytes, ...message]);
  return candidates.some((candidate) => crypto.equal(candidate, expected));
}

/** Only texts that are the canonical encoding of exactly the right number of bytes (CVE-2024-21491). */
function decodeAll(verification: TemplateVerification, set: SignatureSet): readonly Uint8Array[] {
  const { encoding } = verification.signature;
  return set.signatures.flatMap((text) => {
    const bytes = decode(text, encoding);
    if (bytes === null) return [];
    if (verification.scheme !== 'asymmetric') {
      return bytes.length === HASH_BYTES[verification.hash] ? [bytes] : [];
    }
    if (verification.algorithm.name === 'RSASSA-PKCS1-v1_5')
      return bytes.length >= 128 ? [bytes] : [];
    const fixed = verification.signatureForm === 'der' ? derToP1363(bytes, 32) : bytes;
    return fixed !== null && fixed.length === 64 ? [fixed] : [];
  });
}

async function usableSecrets(
  verification: TemplateVerification,
  context: VerifyContext,
): Promise<readonly UsableSecret[]> {
  const usable: UsableSecret[] = [];
  for (const secret of context.secrets) {
    if (verification.scheme === 'asymmetric') {
      const key = publicKey(secret.value, verification.key, verification.algorithm);
      if (key !== null) usable.push({ secret, key: { kind: 'public', key } });
    } else {
      const bytes = await keyBytes(secret.value, verification.key, context.crypto);
      if (bytes !== null) usable.push({ secret, key: { kind: 'bytes', bytes } });
    }
  }
  return usable;
}

function chooseByKeyId(
  { keyId }: TemplateVerification,
  { reader }: VerifyContext,
  set: SignatureSet,
  usable: readonly UsableSecret[],
): Result<readonly UsableSecret[], VerifyFailure> {
  if (keyId === undefined) return ok(usable);
  const where = describeSource(keyId);
  const read = reader.find(keyId, set.fields);
  if (read.kind === 'duplicated') return fail({ reason: 'header_duplicated', where });
  if (read.kind === 'missing') return fail({ reason: 'key_id_missing', where });
  const named = usable.filter(({ secret }) => secret.keyId === read.text);
  return named.length === 0 ? fail({ reason: 'key_id_unknown', where }) : ok(named);
}

function readTime(
  { timestamp }: TemplateVerification,
  { reader }: VerifyContext,
  set: SignatureSet,
): Result<number | null, VerifyFailure> {
  if (timestamp === undefined) return ok(null);
  const where = describeSource(timestamp.from);
  const read = reader.find(timestamp.from, set.fields);
  if (read.kind === 'missing') return fail({ reason: 'timestamp_missing', where });
  if (read.kind === 'duplicated' || read.text.includes(',')) {
    return fail({ reason: 'header_duplicated', where });
  }
  const seconds = parseTimestamp(read.text, timestamp.unit);
  return seconds === null ? fail({ reason: 'timestamp_malformed', where }) : ok(seconds);
}

/** Signatures that sign the same bytes are checked together: one MAC, however long the list. */
function merged(sets: readonly SignatureSet[]): SignatureSet {
  return { fields: NO_FIELDS, signatures: sets.flatMap((set) => set.signatures) };
}

function dependsOnFields(template: SignedTemplate): boolean {
  const sources = [template.id, template.timestamp?.from, template.keyId];
  return sources.some((source) => source?.from === 'signature') || template.signs.some(partDepends);
}

function partDepends(part: SignedPart): boolean {
  if (typeof part !== 'object' || 'literal' in part || 'crc32' in part) return false;
  if ('text' in part) return part.text.from === 'signature';
  if ('headersNamedBy' in part) return part.headersNamedBy.from === 'signature';
  if ('optional' in part) return part.optional.some(partDepends);
  return part.jsonString !== 'body' && part.jsonString.from === 'signature';
}
