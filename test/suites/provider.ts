/**
 * What every provider file must stand. A test file calls `testProvider` with the maker's published
 * vectors and one sample event; everything else is derived from the definition.
 */
import { describe, expect, it } from 'vitest';
import type { SignatureVector } from '../../src/cli/vectors.ts';
import { runVectors } from '../../src/cli/vectors.ts';
import { utf8 } from '../../src/core/bytes.ts';
import type { CryptoPort } from '../../src/core/crypto.ts';
import type { DeliveryRequest } from '../../src/core/delivery.ts';
import { fallbackKey, readEvents } from '../../src/core/event.ts';
import type { ProviderDefinition } from '../../src/core/provider.ts';
import { providerProblems } from '../../src/core/provider-problems.ts';
import { signDelivery } from '../../src/core/sign.ts';
import type { Secret, SignedTemplate, Verification } from '../../src/core/verification.ts';
import { explainFailure, secretOf, toleranceOf, verifyDelivery } from '../../src/core/verify.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { createWebCrypto } from '../../src/edge/crypto-web.ts';

export interface Sample {
  readonly secret: string;
  /** Another secret in the provider's form. */
  readonly otherSecret: string;
  readonly body: string;
  /** Headers besides those `signDelivery` makes. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The id as sent; for makers with an id header the one the suite puts there. */
  readonly id: string;
  readonly type: string;
  readonly key: RegExp;
}

export const NOW_SECONDS = 1_764_000_000;
const URL = 'https://hooks.example.com/webhooks/source';
export const PORTS: readonly (readonly [string, CryptoPort])[] = [
  ['node:crypto', createNodeCrypto()],
  ['WebCrypto', createWebCrypto()],
];

export function testProvider(
  definition: ProviderDefinition,
  vectors: readonly SignatureVector[],
  sample: Sample,
): void {
  describe(`${definition.id}: the definition`, () => {
    it('has no contradiction', () => {
      expect(providerProblems(definition)).toEqual([]);
    });
    it('is plain data, facts aside', () => {
      const { facts: _facts, ...rest } = definition;
      expect(structuredClone(rest)).toEqual(rest);
    });
  });
  describe.each(PORTS)(`${definition.id} on %s`, (_name, crypto) => {
    const world = createWorld(definition, sample, crypto);
    testVectors(definition, vectors, crypto);
    testSecrets(world);
    testTampering(world);
    testSignatureText(world);
    testFreshness(world);
    testBodies(world);
    testIdentity(world);
  });
}

/** A delivery that can be changed before it is judged. */
interface Draft {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

interface World {
  readonly definition: ProviderDefinition;
  readonly sample: Sample;
  readonly crypto: CryptoPort;
  sign(body?: Uint8Array, nowSeconds?: number): Promise<Draft>;
  judge(draft: Draft, secrets?: readonly string[], nowSeconds?: number): Promise<string>;
  request(draft: Draft): DeliveryRequest;
}

function createWorld(definition: ProviderDefinition, sample: Sample, crypto: CryptoPort): World {
  const request = (draft: Draft): DeliveryRequest => ({ method: 'POST', url: URL, ...draft });
  return {
    definition,
    sample,
    crypto,
    request,
    sign: async (body = utf8(sample.body), nowSeconds = NOW_SECONDS) => {
      const { id, secret } = sample;
      const signed = await signDelivery({
        provider: definition,
        secret,
        body,
        nowSeconds,
        id,
        url: URL,
        crypto,
      });
      return { headers: new Headers({ ...sample.headers, ...signed }), body };
    },
    judge: async (draft, texts = [sample.secret], nowSeconds = NOW_SECONDS) => {
      const secrets: Secret[] = [];
      for (const text of texts) secrets.push(await secretOf(text, crypto));
      const input = { provider: definition, request: request(draft), secrets, nowSeconds, crypto };
      const outcome = await verifyDelivery(input);
      if (outcome.ok) return 'valid';
      const sentence = explainFailure(outcome.failure);
      for (const text of texts) if (text.length > 3) expect(sentence).not.toContain(text);
      return outcome.failure.reason;
    },
  };
}

function testVectors(
  definition: ProviderDefinition,
  vectors: readonly SignatureVector[],
  crypto: CryptoPort,
): void {
  const run = (list: readonly SignatureVector[]) =>
    runVectors(list, new Map([[definition.id, definition]]), crypto);
  it('gives the published verdict on every published vector', async () => {
    expect(vectors.some((vector) => vector.expect === 'valid')).toBe(true);
    const failed = (await run(vectors)).filter((result) => !result.passed);
    expect(failed).toEqual([]);
  });
}

function testSecrets({ sample, sign, judge }: World): void {
  it('believes a delivery signed with the secret, and with any secret of a rotation', async () => {
    const draft = await sign();
    expect(await judge(draft)).toBe('valid');
    expect(await judge(draft, [sample.otherSecret, sample.secret])).toBe('valid');
  });
  it('refuses a delivery signed with another secret', async () => {
    expect(await judge(await sign(), [sample.otherSecret])).toBe('signature_mismatch');
  });
  it('refuses everything when the only secret is missing, empty or blank', async () => {
    const draft = await sign();
    expect(await judge(draft, [])).toBe('no_secret');
    expect(await judge(draft, [''])).toBe('no_secret');
    expect(await judge(draft, ['  \t'])).toBe('no_secret');
  });
}

function testTampering(world: World): void {
  const { definition, sign, judge } = world;
  it('refuses a body with any one bit flipped, and one byte more or less', async () => {
    const draft = await sign();
    for (const position of [0, Math.floor(draft.body.length / 2), draft.body.length - 1]) {
      for (let bit = 0; bit < 8; bit += 1) {
        const body = draft.body.slice();
        body[position] = (body[position] ?? 0) ^ (1 << bit);
        expect(await judge({ ...draft, body })).toBe('signature_mismatch');
      }
    }
    const longer = new Uint8Array([...draft.body, 0x0a]);
    expect(await judge({ ...draft, body: longer })).toBe('signature_mismatch');
    expect(await judge({ ...draft, body: draft.body.slice(0, -1) })).toBe('signature_mismatch');
  });
  it('refuses a signed header with one character changed', async () => {
    for (const name of signedHeaders(definition.verification)) {
      const draft = await sign();
      const value = draft.headers.get(name);
      if (value === null) continue;
      const last = value.at(-1) === '1' ? '2' : '1';
      draft.headers.set(name, `${value.slice(0, -1)}${last}`);
      expect(await judge(draft)).toBe('signature_mismatch');
    }
  });
}

function testSignatureText(world: World): void {
  const { definition, sign, judge } = world;
  const name = signatureHeader(definition.verification);
  const variants = (value: string): readonly (readonly [string, string])[] => [
    ['empty', ''],
    ['blank', '   '],
    ['cut by one character', value.slice(0, -1)],
    ['cut by two characters', value.slice(0, -2)],
    ['padded with a character', `${value}0`],
    ['padded with junk', `${value}!`],
    ['in the wrong case', value.toUpperCase()],
    ['without its name or version', value.slice(value.search(/[=,]/) + 1)],
    ['huge', value + 'a'.repeat(100_000)],
    ['of ten thousand entries', Array(10_000).fill('v1,AAAA v1=ab').join(',')],
    ['not ASCII', `${value.slice(0, -1)}\u00e9`],
  ];
  it('refuses a delivery without signature', async () => {
    const draft = await sign();
    draft.headers.delete(name);
    expect(await judge(draft)).toBe('signature_missing');
  });
  it('refuses a signature that is cut, padded, re-spelled, empty or huge', async () => {
    const draft = await sign();
    const value = draft.headers.get(name) ?? '';
    for (const [what, text] of variants(value)) {
      const headers = new Headers(draft.headers);
      headers.set(name, text);
      expect(await judge({ ...draft, headers }), what).toMatch(
        /^(signature_(missing|malformed|mismatch)|timestamp_missing|header_duplicated)$/,
      );
    }
  });
  it('refuses every truncation of the signature', async () => {
    const draft = await sign();
    const value = draft.headers.get(name) ?? '';
    for (let length = 0; length < value.length; length += 1) {
      const headers = new Headers(draft.headers);
      headers.set(name, value.slice(0, length));
      expect(await judge({ ...draft, headers })).not.toBe('valid');
    }
  });
  it('does not believe a second signature header that a middleman added', async () => {
    const draft = await sign();
    const value = draft.headers.get(name) ?? '';
    const forged = await world.sign(utf8('{"forged":true}'));
    const headers = new Headers(draft.headers);
    headers.append(name, value);
    expect(await judge({ ...forged, headers })).not.toBe('valid');
  });
}

function testFreshness({ definition, sign, judge, sample }: World): void {
  const tolerance = toleranceOf(definition.verification);
  if (tolerance > 0) {
    it(`believes a delivery exactly ${tolerance} s old or ahead, not a second more`, async () => {
      const draft = await sign();
      const at = (offset: number) => judge(draft, [sample.secret], NOW_SECONDS + offset);
      expect(await at(tolerance)).toBe('valid');
      expect(await at(tolerance + 1)).toBe('timestamp_too_old');
      expect(await at(-tolerance)).toBe('valid');
      expect(await at(-tolerance - 1)).toBe('timestamp_in_future');
    });
    return;
  }
  it('believes an old delivery, for no time is signed', async () => {
    expect(await judge(await sign(), [sample.secret], NOW_SECONDS + 90 * 86_400)).toBe('valid');
  });
}

function testBodies(world: World): void {
  const { definition, crypto, sign, judge, request } = world;
  const bodies: readonly (readonly [string, Uint8Array])[] = [
    ['empty', new Uint8Array()],
    ['not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ['not JSON', utf8('<xml/>\r\n')],
    ['nested a hundred thousand deep', utf8('['.repeat(100_000))],
  ];
  it('verifies bytes that are not JSON, and then says that they cannot be read', async () => {
    for (const [what, body] of bodies) {
      const draft = await sign(body);
      expect(await judge(draft), what).toBe('valid');
      const verified = { secretId: 'x', signedAtSeconds: NOW_SECONDS };
      const source = 'source';
      const events = await readEvents({
        provider: definition,
        source,
        request: request(draft),
        verified,
        crypto,
      });
      expect(events, what).toMatchObject({ ok: false, failure: { reason: 'unparsable' } });
      const key = await fallbackKey({ source, signedAtSeconds: NOW_SECONDS, body, crypto });
      expect(key).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
  });
}

function testIdentity({ definition, sample, crypto, sign, request }: World): void {
  const read = async (draft: Draft) =>
    readEvents({
      provider: definition,
      source: 'source',
      request: request(draft),
      verified: { secretId: 'x', signedAtSeconds: NOW_SECONDS },
      crypto,
    });
  it('names the event as the maker documents it, and a redelivery the same', async () => {
    const first = await read(await sign());
    const again = await read(await sign(undefined, NOW_SECONDS + 3_600));
    if (!first.ok || !again.ok) throw new Error('the sample could not be read');
    expect(first.value).toHaveLength(1);
    expect(first.value[0]).toMatchObject({ id: sample.id, type: sample.type, index: 0 });
    expect(first.value[0]?.key).toMatch(sample.key);
    expect(again.value[0]?.key).toBe(first.value[0]?.key);
  });
  it('quarantines a delivery without its id instead of inventing one', async () => {
    const draft = await sign();
    for (const { from, ...rest } of definition.event.id?.parts ?? []) {
      if (from === 'header' && 'names' in rest)
        for (const name of rest.names) draft.headers.delete(name);
    }
    const isHeader = definition.event.id?.parts.some(({ from }) => from === 'header') === true;
    const outcome = await read(isHeader ? draft : await sign(utf8('{"type":"a.b"}')));
    expect(outcome).toMatchObject({ ok: false, failure: { reason: 'id_missing' } });
  });
}

function templates(verification: Verification): readonly SignedTemplate[] {
  if (verification.scheme === 'any') return verification.alternatives.flatMap(templates);
  return 'signs' in verification ? [verification] : [];
}

function signatureHeader(verification: Verification): string {
  const from = templates(verification)[0]?.signature.from;
  if (from?.from !== 'header') throw new Error('the suite knows signatures in headers only');
  return from.names[0] ?? '';
}

function signedHeaders(verification: Verification): readonly string[] {
  const template = templates(verification)[0];
  return [template?.id, template?.timestamp?.from].flatMap((source) =>
    source?.from === 'header' ? [source.names[0] ?? ''] : [],
  );
}
