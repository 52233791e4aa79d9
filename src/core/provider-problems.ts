/** Contradictions in a provider file that types cannot see. The provider suite asks; none may remain. */
import { covers } from './coverage.ts';
import type { ProviderDefinition } from './provider.ts';
import type { SignedPart, SignedTemplate, TextSource, Verification } from './verification.ts';

/** One sentence per contradiction; empty for a sound definition. */
export function providerProblems(provider: ProviderDefinition): readonly string[] {
  return [
    ...factProblems(provider),
    ...eventProblems(provider),
    ...schemeProblems(provider.verification),
    ...keepProblems(provider),
  ].map((problem) => `${provider.id}: ${problem}`);
}

function problem(isOne: boolean, sentence: string): readonly string[] {
  return isOne ? [sentence] : [];
}

function factProblems(provider: ProviderDefinition): readonly string[] {
  const { id, docs, checkedOn, bytesMax, secretHint, delivery } = provider;
  return [
    ...problem(!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id), 'id is not kebab-case'),
    ...problem(!docs.startsWith('https://'), 'docs is not an https address'),
    ...problem(!/^20\d\d-\d\d-\d\d$/.test(checkedOn), 'checkedOn is not a date'),
    ...problem(!Number.isSafeInteger(bytesMax) || bytesMax < 1, 'bytesMax is not a byte count'),
    ...problem(secretHint.trim() === '', 'secretHint does not say where the secret is'),
    ...problem(
      delivery.successStatus < 200 || delivery.successStatus > 299,
      'delivery.successStatus is not a success',
    ),
  ];
}

function eventProblems({ event, verification }: ProviderDefinition): readonly string[] {
  const sources = [
    ...(event.id?.parts ?? []),
    ...event.type,
    ...event.time.map(({ from }) => from),
  ];
  return [
    ...problem(event.id?.parts.length === 0, 'event.id has no parts; say null'),
    ...problem(
      event.items === null && sources.some((source) => source.from === 'item'),
      'an event field is read from an item, but there are no items',
    ),
    // Items of one delivery would all get the delivery's own id, and all but one be dropped.
    ...problem(
      event.items !== null &&
        event.id !== null &&
        !event.id.parts.some(({ from }) => from === 'item' || from === 'member'),
      'the events of a batch share one id',
    ),
    ...problem(
      sources.some((source) => source.from === 'signature'),
      'an event field is read from the signature',
    ),
    ...problem(
      verification.scheme === 'custom' && verification.covers.length === 0 && event.id === null,
      'nothing is covered and there is no id',
    ),
  ];
}

function schemeProblems(verification: Verification): readonly string[] {
  switch (verification.scheme) {
    case 'any':
      return [
        ...problem(verification.alternatives.length === 0, 'no alternatives'),
        ...verification.alternatives.flatMap(schemeProblems),
      ];
    case 'token':
    case 'basic':
      return problem(verification.why.trim() === '', `${verification.scheme} without a why`);
    case 'custom':
      return problem(verification.why.trim() === '', 'custom without a why');
    case 'jwt':
      return [
        ...problem(verification.algorithms.length === 0, 'jwt pins no algorithm'),
        ...problem(
          verification.key.kind === 'secret' &&
            verification.algorithms.some((algorithm) => !algorithm.startsWith('HS')),
          'a shared secret with an asymmetric algorithm',
        ),
        ...problem(
          verification.key.kind !== 'secret' &&
            verification.algorithms.some((algorithm) => algorithm.startsWith('HS')),
          'a public key with an HMAC algorithm',
        ),
      ];
    case 'hmac':
    case 'digest':
      return [
        ...templateProblems(verification, verification),
        ...problem(
          verification.key.form === 'encoded' &&
            (verification.key.bytesMin < 1 ||
              verification.key.bytesMax < verification.key.bytesMin),
          'key sizes are empty or contradict each other',
        ),
      ];
    case 'asymmetric':
      return [
        ...templateProblems(verification, verification),
        ...problem(
          verification.key.form === 'raw' && verification.algorithm.name === 'RSASSA-PKCS1-v1_5',
          'an RSA key has no raw form',
        ),
        ...problem(
          verification.signatureForm === 'der' && verification.algorithm.name !== 'ECDSA',
          'only ECDSA signatures come as DER',
        ),
      ];
  }
}

function templateProblems(template: SignedTemplate, verification: Verification): readonly string[] {
  const { freshness, signature, signs, timestamp, id } = template;
  const uses = (word: SignedPart): boolean => signs.includes(word);
  const isTimeSigned =
    timestamp !== undefined && (uses('timestamp') || covers(verification, timestamp.from));
  return [
    ...problem(
      freshness.kind === 'signed' && !isTimeSigned,
      "freshness is 'signed' but the timestamp is not among the signed parts",
    ),
    ...problem(
      freshness.kind === 'signed' && !(freshness.toleranceSeconds > 0),
      'toleranceSeconds is not positive',
    ),
    ...problem(
      freshness.kind === 'unsigned' && freshness.why.trim() === '',
      "freshness is 'unsigned' without a why",
    ),
    ...problem(
      freshness.kind === 'unsigned' && isTimeSigned,
      'a time is signed, but freshness says it is not',
    ),
    ...problem(uses('timestamp') && timestamp === undefined, 'signs a timestamp it does not name'),
    ...problem(uses('id') && id === undefined, 'signs an id it does not name'),
    ...problem(signs.length === 0, 'signs nothing'),
    ...problem(
      signature.format.kind === 'fields' && !signature.format.fields.includes('signature'),
      'no field of the signature format is the signature',
    ),
  ];
}

const SECRET_HEADERS = ['authorization', 'cookie', 'set-cookie', 'proxy-authorization'];

function keepProblems({ keepHeaders, verification }: ProviderDefinition): readonly string[] {
  const secret = [...SECRET_HEADERS, ...proofSources(verification).flatMap(headerNames)];
  return keepHeaders.flatMap((name) => [
    ...problem(name !== name.toLowerCase(), `keepHeaders: ${name} is not lower case`),
    ...problem(secret.includes(name), `keepHeaders: ${name} holds a signature or a token`),
  ]);
}

function proofSources(verification: Verification): readonly TextSource[] {
  switch (verification.scheme) {
    case 'any':
      return verification.alternatives.flatMap(proofSources);
    case 'token':
    case 'jwt':
      return [verification.token];
    case 'basic':
    case 'custom':
      return [];
    default:
      return [verification.signature.from];
  }
}

function headerNames(source: TextSource): readonly string[] {
  return source.from === 'header' ? source.names : [];
}
