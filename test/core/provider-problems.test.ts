import { describe, expect, it } from 'vitest';
import type { ProviderDefinition } from '../../src/core/provider.ts';
import { providerProblems } from '../../src/core/provider-problems.ts';
import type { HmacVerification, Verification } from '../../src/core/verification.ts';
import { template } from '../../webhooks/_template.ts';
import { providerById, providers } from '../../webhooks/index.ts';
import { definitionOf } from '../support/makers.ts';

const SOUND: HmacVerification = {
  scheme: 'hmac',
  hash: 'SHA-256',
  key: { form: 'text' },
  signature: {
    from: { from: 'header', names: ['x-sig'] },
    format: { kind: 'whole' },
    encoding: 'hex',
  },
  timestamp: { from: { from: 'header', names: ['x-time'] }, unit: 's' },
  signs: ['timestamp', { literal: '.' }, 'body'],
  freshness: { kind: 'signed', toleranceSeconds: 300 },
};
const of = (changes: Partial<HmacVerification>) => definitionOf('maker', { ...SOUND, ...changes });
const withScheme = (verification: Verification) => definitionOf('maker', verification);
const sound = of({});

describe('contradictions', () => {
  it('are absent from a sound definition and from the template', () => {
    expect(providerProblems(sound)).toEqual([]);
    expect(providerProblems(template)).toEqual([]);
  });
  it.each<[string, ProviderDefinition, RegExp]>([
    ['a window over an unsigned time', of({ signs: ['body'] }), /not among the signed parts/],
    [
      'a window of no length',
      of({ freshness: { kind: 'signed', toleranceSeconds: 0 } }),
      /not positive/,
    ],
    [
      'a signed time that is not held to',
      of({ freshness: { kind: 'unsigned', why: 'x' } }),
      /is signed/,
    ],
    [
      'no reason for unsigned',
      of({ signs: ['body'], freshness: { kind: 'unsigned', why: ' ' } }),
      /without a why/,
    ],
    [
      'an id that is signed but not named',
      of({ signs: ['id', 'timestamp', 'body'] }),
      /signs an id/,
    ],
    [
      'nothing signed',
      of({ signs: [], freshness: { kind: 'unsigned', why: 'x' } }),
      /signs nothing/,
    ],
    [
      'keys of no bytes',
      of({ key: { form: 'encoded', encoding: 'hex', bytesMin: 0, bytesMax: 0 } }),
      /key sizes/,
    ],
    ['a kept signature', { ...sound, keepHeaders: ['x-sig'] }, /holds a signature/],
    ['a kept cookie', { ...sound, keepHeaders: ['cookie'] }, /holds a signature or a token/],
    ['a header in capitals', { ...sound, keepHeaders: ['X-Id'] }, /not lower case/],
    ['an id with a space', { ...sound, id: 'my maker' }, /kebab/],
    [
      'a batch whose events share one id',
      { ...sound, event: { ...sound.event, items: { path: '' } } },
      /share one id/,
    ],
    ['no alternatives', withScheme({ scheme: 'any', alternatives: [] }), /no alternatives/],
    ['a token without a reason', withScheme({ scheme: 'basic', why: '' }), /without a why/],
    [
      'a public key with an HMAC algorithm',
      withScheme({
        scheme: 'jwt',
        token: { from: 'whole-body' },
        algorithms: ['RS256', 'HS256'],
        key: { kind: 'public', form: { form: 'pem' } },
        claims: [],
        requiredTimes: [],
        leewaySeconds: 0,
        freshness: { kind: 'unsigned', why: 'x' },
      }),
      /public key with an HMAC/,
    ],
  ])('name %s', (_what, definition, sentence) => {
    const problems = providerProblems(definition);
    expect(problems.join('\n')).toMatch(sentence);
    expect(problems[0]).toMatch(new RegExp(`^${definition.id}: `));
  });
});

describe('the list of providers', () => {
  it('is in the order of ids, each under its own id, without the template', () => {
    const ids = [...providers.keys()];
    expect(ids).toEqual([...ids].sort());
    for (const [id, provider] of providers) expect(provider.id).toBe(id);
    expect(providerById('stripe')?.name).toBe('Stripe');
    expect(providerById('template')).toBeNull();
    expect(providerById('__proto__')).toBeNull();
  });
});
