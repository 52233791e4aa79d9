import { generateKeyPairSync, sign } from 'node:crypto';
import { crc32 as nodeCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encode, utf8 } from '../../src/core/bytes.ts';
import { covers } from '../../src/core/coverage.ts';
import type { CertificateKey } from '../../src/core/key-form.ts';
import type {
  AsymmetricVerification,
  Secret,
  SignedPart,
  Verification,
} from '../../src/core/verification.ts';
import type { VerifyFailure } from '../../src/core/verify.ts';
import { explainFailure, secretOf, verifyDelivery } from '../../src/core/verify.ts';
import { stripe } from '../../webhooks/stripe.ts';
import { NOW_SECONDS, PORTS } from '../suites/provider.ts';
import { definitionOf, makers } from '../support/makers.ts';

describe.each(PORTS)('verification on %s', (_name, crypto) => {
  const secret = (value: string, bounds: Partial<Secret> = {}): Secret => ({
    id: value.slice(0, 2),
    value,
    notBefore: null,
    notAfter: null,
    ...bounds,
  });
  const judge = async (
    verification: Verification,
    headers: Record<string, string>,
    secrets: readonly Secret[],
    options: { body?: string; url?: string; toleranceSeconds?: number | null; now?: number } = {},
  ) =>
    verifyDelivery({
      provider: definitionOf('maker', verification),
      request: {
        method: 'POST',
        url: options.url ?? 'https://example.com/hook',
        headers: new Headers(headers),
        body: utf8(options.body ?? '{}'),
      },
      secrets,
      nowSeconds: options.now ?? NOW_SECONDS,
      ...(options.toleranceSeconds === undefined
        ? {}
        : { toleranceSeconds: options.toleranceSeconds }),
      crypto,
    });
  const reason = (outcome: Awaited<ReturnType<typeof judge>>) =>
    outcome.ok ? 'valid' : outcome.failure.reason;
  const mac = async (key: string, text: string) =>
    encode(await crypto.hmac('SHA-256', utf8(key), [utf8(text)]), 'hex');

  describe('secrets', () => {
    it('are tried only between notBefore and notAfter, both ends included', async () => {
      const header = `t=${NOW_SECONDS},v1=${await mac('s1', `${NOW_SECONDS}.{}`)}`;
      const at = async (bounds: Partial<Secret>) =>
        reason(
          await judge(stripe.verification, { 'stripe-signature': header }, [secret('s1', bounds)]),
        );
      expect(await at({ notBefore: NOW_SECONDS })).toBe('valid');
      expect(await at({ notBefore: NOW_SECONDS + 1 })).toBe('no_secret');
      expect(await at({ notAfter: NOW_SECONDS })).toBe('valid');
      expect(await at({ notAfter: NOW_SECONDS - 1 })).toBe('no_secret');
    });
    it('are named by their id when they match', async () => {
      const header = `t=${NOW_SECONDS},v1=${await mac('bb', `${NOW_SECONDS}.{}`)}`;
      const outcome = await judge(stripe.verification, { 'stripe-signature': header }, [
        secret('aa'),
        secret('bb'),
      ]);
      expect(outcome).toEqual({
        ok: true,
        value: { secretId: 'bb', signedAtSeconds: NOW_SECONDS },
      });
    });
    it('say how many were tried and why others were not', async () => {
      const headers = { 'stripe-signature': `t=${NOW_SECONDS},v1=${'0'.repeat(64)}` };
      const list = [secret('aa'), secret('bb'), secret('cc', { notAfter: 1 }), secret(' ')];
      expect(await judge(stripe.verification, headers, list)).toEqual({
        ok: false,
        failure: { reason: 'signature_mismatch', secretsTried: 2, candidatesTried: 1 },
      });
      expect(await judge(stripe.verification, headers, list.slice(2))).toEqual({
        ok: false,
        failure: { reason: 'no_secret', configured: 2, outsideValidity: 1, unusable: 1 },
      });
    });
    it('have an id of eight hex digits that is not the secret', async () => {
      expect(await secretOf('abc', crypto)).toEqual({
        id: 'ba7816bf',
        value: 'abc',
        notBefore: null,
        notAfter: null,
      });
    });
    it('of no length never verify, though the MAC under the empty key is right', async () => {
      // Zero bytes pad a short HMAC key, so the key of one NUL is the MAC of the empty key.
      const nul = await mac('\0', `${NOW_SECONDS}.{}`);
      const header = { 'stripe-signature': `t=${NOW_SECONDS},v1=${nul}` };
      expect(reason(await judge(stripe.verification, header, [secret('')]))).toBe('no_secret');
    });
  });

  describe('the window', () => {
    const signed = async (age: number) => {
      const time = NOW_SECONDS - age;
      return { 'stripe-signature': `t=${time},v1=${await mac('s1', `${time}.{}`)}` };
    };
    it('may be narrowed or widened per source but never switched off', async () => {
      const at = async (age: number, toleranceSeconds: number | null) =>
        reason(
          await judge(stripe.verification, await signed(age), [secret('s1')], { toleranceSeconds }),
        );
      expect(await at(300, null)).toBe('valid');
      expect(await at(301, null)).toBe('timestamp_too_old');
      expect(await at(900, 900)).toBe('valid');
      expect(await at(-901, 900)).toBe('timestamp_in_future');
      expect(await at(0, 0)).toBe('valid');
      expect(await at(1, 0)).toBe('timestamp_too_old');
      expect(await at(0, Number.NaN)).toBe('timestamp_too_old');
      expect(await at(0, -5)).toBe('timestamp_too_old');
    });
    it('is evidence: how old, and how old it may be', async () => {
      const outcome = await judge(stripe.verification, await signed(301), [secret('s1')]);
      expect(outcome).toEqual({
        ok: false,
        failure: { reason: 'timestamp_too_old', ageSeconds: 301, toleranceSeconds: 300 },
      });
    });
    it('is asked after the signature: a forgery is a mismatch however old it claims to be', async () => {
      const header = { 'stripe-signature': `t=1,v1=${'0'.repeat(64)}` };
      expect(reason(await judge(stripe.verification, header, [secret('s1')]))).toBe(
        'signature_mismatch',
      );
    });
  });

  describe('a repeated header', () => {
    const slack = makers.get('slack')?.verification;
    if (slack === undefined) throw new Error('slack is one of the makers');
    it('is refused for signature and time, as Headers joins both', async () => {
      const good = `v0=${await mac('s1', `v0:${NOW_SECONDS}:{}`)}`;
      const at = async (signature: string, time: string) =>
        reason(
          await judge(
            slack,
            { 'x-slack-signature': signature, 'x-slack-request-timestamp': time },
            [secret('s1')],
          ),
        );
      expect(await at(good, String(NOW_SECONDS))).toBe('valid');
      expect(await at(`${good}, ${good}`, String(NOW_SECONDS))).toBe('header_duplicated');
      expect(await at(good, `${NOW_SECONDS}, ${NOW_SECONDS}`)).toBe('header_duplicated');
      expect(await at(good, '')).toBe('timestamp_missing');
    });
  });

  describe('static tokens and basic auth', () => {
    const token: Verification = {
      scheme: 'token',
      token: { from: 'header', names: ['x-gitlab-token'] },
      why: 'the maker signs nothing',
    };
    const basic: Verification = { scheme: 'basic', why: 'the maker signs nothing' };
    it('believe the whole token and nothing shorter, longer or in another case', async () => {
      const at = async (value: string) =>
        reason(
          await judge(token, { 'x-gitlab-token': value }, [secret('old'), secret('S3cret-token')]),
        );
      expect(await at('S3cret-token')).toBe('valid');
      for (const wrong of [
        'S3cret-toke',
        'S3cret-token1',
        's3cret-token',
        'S3cret-token, S3cret-token',
      ]) {
        expect(await at(wrong)).toBe('signature_mismatch');
      }
      expect(await at('')).toBe('signature_missing');
    });
    it('read a token after its prefix', async () => {
      const bearer: Verification = {
        ...token,
        token: { from: 'header', names: ['authorization'], prefix: 'Bearer ' },
      };
      const at = async (value: string) =>
        reason(await judge(bearer, { authorization: value }, [secret('abc')]));
      expect(await at('Bearer abc')).toBe('valid');
      expect(await at('abc')).toBe('signature_missing');
      expect(await at('Bearer  abc')).toBe('signature_mismatch');
    });
    it('refuse a token that stands twice in the query', async () => {
      const query: Verification = { ...token, token: { from: 'query', name: 'token' } };
      const at = async (url: string) => reason(await judge(query, {}, [secret('abc')], { url }));
      expect(await at('https://example.com/?token=abc')).toBe('valid');
      expect(await at('https://example.com/?token=abc&token=abc')).toBe('header_duplicated');
      expect(await at('https://example.com/#token=abc')).toBe('signature_missing');
    });
    it('compare user and password as one text', async () => {
      const at = async (value: string) =>
        reason(await judge(basic, { authorization: value }, [secret('ada:pass:word')]));
      const of = (text: string) => `Basic ${encode(utf8(text), 'base64')}`;
      expect(await at(of('ada:pass:word'))).toBe('valid');
      expect(await at(of('ada:pass:word').replace('Basic', 'basic'))).toBe('valid');
      expect(await at(of('ada:pass'))).toBe('signature_mismatch');
      expect(await at(of('adapassword'))).toBe('signature_malformed');
      expect(await at('Basic !!!')).toBe('signature_malformed');
      expect(await at('Basic ')).toBe('signature_malformed');
    });
  });

  describe('tokens that are JWTs', () => {
    const part = (json: unknown) => encode(utf8(JSON.stringify(json)), 'base64url');
    const claims = { iss: 'acme', exp: NOW_SECONDS + 60, nbf: NOW_SECONDS - 1, body: '' };
    const verification = (key: 'secret' | 'public'): Verification => ({
      scheme: 'jwt',
      token: { from: 'header', names: ['authorization'], prefix: 'Bearer ' },
      algorithms: key === 'secret' ? ['HS256'] : ['ES256', 'EdDSA', 'RS256'],
      key:
        key === 'secret'
          ? { kind: 'secret', form: { form: 'text' } }
          : { kind: 'public', form: { form: 'pem' } },
      claims: [
        { claim: 'iss', equals: ['acme'] },
        { claim: 'body', digestOf: 'body', hash: 'SHA-256', encoding: 'hex' },
      ],
      requiredTimes: ['exp'],
      leewaySeconds: 2,
      freshness: { kind: 'unsigned', why: 'exp' },
    });
    const bodyClaim = async () => encode(await crypto.digest('SHA-256', [utf8('{}')]), 'hex');
    const token = async (changes: object = {}, head: object = { alg: 'HS256' }, key = 's1') => {
      const text = `${part(head)}.${part({ ...claims, body: await bodyClaim(), ...changes })}`;
      const bytes = await crypto.hmac('SHA-256', utf8(key), [utf8(text)]);
      return `${text}.${encode(bytes, 'base64url')}`;
    };
    const at = async (text: string, by: Verification = verification('secret'), key = 's1') =>
      reason(await judge(by, { authorization: `Bearer ${text}` }, [secret(key)]));
    it('are believed with the right key, claims and times', async () => {
      expect(await at(await token())).toBe('valid');
      expect(await at(await token({}, { alg: 'HS256' }, 's2'))).toBe('signature_mismatch');
      expect(await at(await token({ iss: 'other' }))).toBe('claim_mismatch');
      expect(await at(await token({ body: '00' }))).toBe('claim_mismatch');
      expect(await at(await token({ body: undefined }))).toBe('claim_mismatch');
      expect(await at(await token({ exp: NOW_SECONDS - 2 }))).toBe('valid');
      expect(await at(await token({ exp: NOW_SECONDS - 3 }))).toBe('timestamp_too_old');
      expect(await at(await token({ nbf: NOW_SECONDS + 3 }))).toBe('timestamp_in_future');
      expect(await at(await token({ exp: undefined }))).toBe('timestamp_missing');
      expect(await at(await token({ exp: `${NOW_SECONDS}` }))).toBe('timestamp_malformed');
    });
    it('never choose their own algorithm', async () => {
      const unsigned = `${part({ alg: 'none' })}.${part({ ...claims, body: await bodyClaim() })}.`;
      expect(await at(unsigned)).toBe('token_malformed');
      for (const alg of ['none', 'None', 'HS384', 'RS256', '', null]) {
        expect(await at(await token({}, { alg })), String(alg)).toBe('token_malformed');
      }
      expect(await at(await token({}, { alg: 'HS256', crit: ['exp'] }))).toBe('token_malformed');
    });
    it('cannot use a public key as a shared secret', async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
      const text = `${part({ alg: 'ES256' })}.${part({ ...claims, body: await bodyClaim() })}`;
      const signature = sign('sha256', utf8(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      const good = `${text}.${encode(signature, 'base64url')}`;
      expect(await at(good, verification('public'), pem)).toBe('valid');
      expect(await at(await token({}, { alg: 'HS256' }, pem), verification('public'), pem)).toBe(
        'token_malformed',
      );
      expect(await at(await token({}, { alg: 'ES256' }, pem), verification('public'), pem)).toBe(
        'signature_mismatch',
      );
    });
    it('are refused when they are not three canonical parts', async () => {
      const good = await token();
      for (const bad of [
        '',
        'a',
        'a.b',
        `${good}.x`,
        `${good}=`,
        good.replace('.', '..'),
        '...',
        `.${good}`,
      ]) {
        expect(await at(bad), bad).not.toBe('valid');
      }
    });
    it.each([
      { kind: 'jwks', url: 'https://example.com/jwks' },
      { kind: 'x5c', requiredOids: ['1.2.840.113635.100.6.11.1', '1.2.840.113635.100.6.2.1'] },
    ] as const)('with keys of $kind are refused as unsupported', async (key) => {
      const by = { ...verification('public'), key } as Verification; // the spread loses the scheme
      expect(await at(await token(), by)).toBe('unsupported');
    });
  });

  describe('a key in a certificate', () => {
    /** As PayPal signs, apart from where the key comes from. */
    const signed = (key: AsymmetricVerification['key'], last: SignedPart): Verification => ({
      scheme: 'asymmetric',
      algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      key,
      signature: {
        from: { from: 'header', names: ['paypal-transmission-sig'] },
        format: { kind: 'whole' },
        encoding: 'base64',
      },
      signs: [
        { text: { from: 'header', names: ['paypal-transmission-id'] } },
        { literal: '|' },
        last,
      ],
      freshness: { kind: 'unsigned', why: 'no window is documented' },
    });
    const certificate: CertificateKey = {
      form: 'certificate-url',
      from: { from: 'header', names: ['paypal-cert-url'] },
      hosts: ['.paypal.com'],
      boundTo: null,
    };
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const headers = (text: string) => ({
      'paypal-transmission-id': 'id-1',
      'paypal-transmission-sig': sign('sha256', utf8(text), privateKey).toString('base64'),
    });

    it('is refused as unsupported, whatever the delivery says', async () => {
      const by = signed(certificate, { crc32: 'body' });
      expect(reason(await judge(by, headers('id-1|0'), [secret(pem)]))).toBe('unsupported');
    });

    it('signs a checksum of the body, which the event key does not trust', async () => {
      const by = signed({ form: 'pem' }, { crc32: 'body' });
      const sum = nodeCrc32('{}').toString();
      expect(await judge(by, headers(`id-1|${sum}`), [secret(pem)])).toMatchObject({ ok: true });
      const other = nodeCrc32('{ }').toString();
      expect(reason(await judge(by, headers(`id-1|${other}`), [secret(pem)]))).toBe(
        'signature_mismatch',
      );
      expect(covers(by, { from: 'body', paths: ['id'] })).toBe(false);
    });

    it('may sign the id that stands in the config, which is not supported yet', async () => {
      const by = signed({ form: 'pem' }, 'secret');
      expect(reason(await judge(by, headers('id-1|x'), [secret(pem)]))).toBe('unsupported');
    });
  });

  describe('alternatives', () => {
    it('report the nearest miss', async () => {
      const hubspot = makers.get('hubspot')?.verification;
      if (hubspot === undefined) throw new Error('hubspot is one of the makers');
      const headers = {
        'x-hubspot-signature': '0'.repeat(64),
        'x-hubspot-signature-version': 'v1',
      };
      expect(reason(await judge(hubspot, headers, [secret('s1')]))).toBe('signature_mismatch');
      expect(reason(await judge(hubspot, {}, [secret('s1')]))).toBe('signature_missing');
      expect(reason(await judge({ scheme: 'any', alternatives: [] }, {}, [secret('s1')]))).toBe(
        'unsupported',
      );
    });
  });

  describe('custom code', () => {
    it('gets only the secrets that are valid now', async () => {
      const custom: Verification = {
        scheme: 'custom',
        why: 'a test',
        covers: ['body'],
        freshness: { kind: 'unsigned', why: 'a test' },
        verify: async (port) => ({
          ok: true,
          value: { secretId: port.secrets.map(({ id }) => id).join(), signedAtSeconds: null },
        }),
      };
      const list = [secret('aa'), secret('bb', { notAfter: 1 }), secret(' ')];
      expect(await judge(custom, {}, list)).toMatchObject({ value: { secretId: 'aa' } });
      expect(reason(await judge(custom, {}, []))).toBe('no_secret');
    });
  });
});

describe('explainFailure', () => {
  it('has one sentence for every failure', () => {
    const failures: readonly VerifyFailure[] = [
      { reason: 'no_secret', configured: 1, outsideValidity: 1, unusable: 0 },
      { reason: 'signature_missing', where: 'header x' },
      { reason: 'signature_malformed', where: 'header x', problem: 'p' },
      { reason: 'signature_mismatch', secretsTried: 1, candidatesTried: 1 },
      { reason: 'header_duplicated', where: 'header x' },
      { reason: 'timestamp_missing', where: 'header x' },
      { reason: 'timestamp_malformed', where: 'header x' },
      { reason: 'timestamp_too_old', ageSeconds: 301, toleranceSeconds: 300 },
      { reason: 'timestamp_in_future', ageSeconds: -301, toleranceSeconds: 300 },
      { reason: 'signed_part_missing', where: 'header x' },
      { reason: 'signed_part_malformed', where: 'header x' },
      { reason: 'key_id_missing', where: 'header x' },
      { reason: 'key_id_unknown', where: 'header x' },
      { reason: 'requirement_unmet', where: 'header x' },
      { reason: 'token_malformed', problem: 'p' },
      { reason: 'claim_mismatch', claim: 'iss' },
      { reason: 'unsupported', what: 'w' },
    ];
    const sentences = failures.map(explainFailure);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(new Set(sentences).size).toBe(failures.length);
    expect(
      explainFailure({ reason: 'timestamp_in_future', ageSeconds: -301, toleranceSeconds: 300 }),
    ).toBe('The signature is right but 301 s ahead of our clock; 300 s are allowed.');
  });
});
