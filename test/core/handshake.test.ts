import { describe, expect, it } from 'vitest';
import { encode, utf8 } from '../../src/core/bytes.ts';
import type { Handshake, HandshakeRule } from '../../src/core/handshake.ts';
import { answerHandshake } from '../../src/core/handshake.ts';
import { secretOf } from '../../src/core/verify.ts';
import { NOW_SECONDS, PORTS } from '../suites/provider.ts';
import { definitionOf, makers } from '../support/makers.ts';

const OPEN = { kind: 'none', why: 'the answer gives nothing away' } as const;

describe.each(PORTS)('handshakes on %s', (_name, crypto) => {
  const ask = async (
    maker: string,
    handshake: Handshake | null,
    request: { method?: string; url?: string; headers?: Record<string, string>; body?: string },
    secrets = ['s1'],
  ) => {
    const verification = makers.get(maker)?.verification;
    if (verification === undefined) throw new Error(`${maker} is not one of the makers`);
    return answerHandshake({
      provider: { ...definitionOf(maker, verification), handshake },
      request: {
        method: request.method ?? 'POST',
        url: request.url ?? 'https://example.com/hook',
        headers: new Headers(request.headers),
        body: utf8(request.body ?? ''),
      },
      secrets: await Promise.all(secrets.map((secret) => secretOf(secret, crypto))),
      nowSeconds: NOW_SECONDS,
      crypto,
    });
  };
  const get = (url: string) => ({ method: 'GET', url });

  describe('echo-query', () => {
    const meta: HandshakeRule = {
      when: {
        method: 'GET',
        has: [{ text: { from: 'query', name: 'hub.mode' }, equals: 'subscribe' }],
      },
      proof: { kind: 'token', text: { from: 'query', name: 'hub.verify_token' } },
      answer: { kind: 'echo-query', name: 'hub.challenge', form: { as: 'text' } },
    };
    const url =
      'https://example.com/hook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=';
    it('gives the challenge back to who knows the token (Meta)', async () => {
      expect(await ask('line', [meta], get(`${url}meatyhamhock`), ['meatyhamhock'])).toMatchObject({
        kind: 'answer',
        status: 200,
        body: '1158201444',
        headers: { 'x-content-type-options': 'nosniff' },
      });
      expect(await ask('line', [meta], get(`${url}wrong`), ['meatyhamhock'])).toMatchObject({
        kind: 'refuse',
        failure: { reason: 'signature_mismatch' },
      });
      expect(await ask('line', [meta], get(url), [''])).toMatchObject({ kind: 'refuse' });
    });
    it('is no handshake when method or constant differ: the delivery is an event', async () => {
      expect(await ask('line', [meta], { method: 'POST', url })).toBeNull();
      expect(await ask('line', [meta], get('https://example.com/hook?hub.mode=denied'))).toBeNull();
      expect(await ask('line', null, get(url))).toBeNull();
    });
    it('does not echo scripts across lines, long texts or doubled parameters', async () => {
      const dropbox: HandshakeRule = {
        when: { method: 'GET', has: [] },
        proof: OPEN,
        answer: { kind: 'echo-query', name: 'challenge', form: { as: 'text' } },
      };
      const kind = async (query: string) =>
        (await ask('line', [dropbox], get(`https://example.com/?${query}`)))?.kind;
      expect(await kind('challenge=abc123')).toBe('answer');
      expect(await kind(`challenge=${'a'.repeat(1_024)}`)).toBe('answer');
      expect(await kind(`challenge=${'a'.repeat(1_025)}`)).toBe('malformed');
      expect(await kind('challenge=a%0d%0ab')).toBe('malformed');
      expect(await kind('challenge=a&challenge=b')).toBe('malformed');
      expect(await kind('')).toBe('malformed');
    });
  });

  describe('echo-body', () => {
    const slack: HandshakeRule = {
      when: {
        method: 'POST',
        has: [{ text: { from: 'body', paths: ['type'] }, equals: 'url_verification' }],
      },
      proof: { kind: 'signature' },
      answer: { kind: 'echo-body', paths: ['challenge'], form: { as: 'json', field: 'challenge' } },
    };
    const body = '{"type":"url_verification","challenge":"3eZbrw1a"}';
    it('answers only a signed request (Slack)', async () => {
      const text = utf8(`v0:${NOW_SECONDS}:${body}`);
      const mac = encode(await crypto.hmac('SHA-256', utf8('s1'), [text]), 'hex');
      const headers = {
        'x-slack-signature': `v0=${mac}`,
        'x-slack-request-timestamp': String(NOW_SECONDS),
      };
      expect(await ask('slack', [slack], { headers, body })).toMatchObject({
        kind: 'answer',
        body: '{"challenge":"3eZbrw1a"}',
      });
      expect(await ask('slack', [slack], { headers, body: `${body} ` })).toMatchObject({
        kind: 'refuse',
      });
      expect(
        await ask('slack', [slack], { headers, body: '{"type":"event_callback"}' }),
      ).toBeNull();
    });
    it('finds a field in a list (Azure Event Grid)', async () => {
      const azure: HandshakeRule = {
        when: {
          method: 'POST',
          has: [
            {
              text: { from: 'header', names: ['aeg-event-type'] },
              equals: 'SubscriptionValidation',
            },
          ],
        },
        proof: OPEN,
        answer: {
          kind: 'echo-body',
          paths: ['0.data.validationCode'],
          form: { as: 'json', field: 'validationResponse' },
        },
      };
      const headers = { 'aeg-event-type': 'SubscriptionValidation' };
      const request = { headers, body: '[{"data":{"validationCode":"512d38b6"}}]' };
      expect(await ask('line', [azure], request)).toMatchObject({
        body: '{"validationResponse":"512d38b6"}',
      });
    });
  });

  describe('echo-header', () => {
    it('answers in headers (CloudEvents)', async () => {
      const cloudevents: HandshakeRule = {
        when: { method: 'OPTIONS', has: [] },
        proof: OPEN,
        answer: {
          kind: 'echo-header',
          name: 'webhook-request-origin',
          form: { as: 'header', name: 'webhook-allowed-origin' },
          also: [{ from: 'webhook-request-rate', to: 'webhook-allowed-rate' }],
          headers: { allow: 'POST, OPTIONS' },
        },
      };
      const origin = { 'webhook-request-origin': 'eventemitter.example.com' };
      const rate = { 'webhook-request-rate': '120' };
      const request = { method: 'OPTIONS', headers: { ...origin, ...rate } };
      expect(await ask('line', [cloudevents], request)).toEqual({
        kind: 'answer',
        status: 200,
        headers: {
          'webhook-allowed-origin': 'eventemitter.example.com',
          'webhook-allowed-rate': '120',
          allow: 'POST, OPTIONS',
        },
        body: '',
      });
      expect(await ask('line', [cloudevents], { method: 'OPTIONS', headers: rate })).toMatchObject({
        kind: 'malformed',
      });
    });
    it('answers a header as JSON (Okta)', async () => {
      const okta: HandshakeRule = {
        when: { method: 'GET', has: [] },
        proof: OPEN,
        answer: {
          kind: 'echo-header',
          name: 'x-okta-verification-challenge',
          form: { as: 'json', field: 'verification' },
        },
      };
      const headers = { 'x-okta-verification-challenge': 'abc' };
      expect(await ask('line', [okta], { method: 'GET', headers })).toMatchObject({
        body: '{"verification":"abc"}',
      });
    });
  });

  describe('hmac', () => {
    const crc: HandshakeRule = {
      when: { method: 'GET', has: [{ text: { from: 'query', name: 'crc_token' } }] },
      proof: OPEN,
      answer: {
        kind: 'hmac',
        token: { from: 'query', name: 'crc_token' },
        hash: 'SHA-256',
        encoding: 'base64',
        key: { form: 'text' },
        prefix: 'sha256=',
        form: { as: 'json', macField: 'response_token' },
      },
    };
    it('signs the token (X)', async () => {
      const mac = encode(await crypto.hmac('SHA-256', utf8('s1'), [utf8('abc')]), 'base64');
      const outcome = await ask('line', [crc], get('https://example.com/?crc_token=abc'), [
        ' ',
        's1',
      ]);
      expect(outcome).toMatchObject({ body: JSON.stringify({ response_token: `sha256=${mac}` }) });
    });
    it('signs with the digest of the secret and answers the documented value (Braintree)', async () => {
      const braintree: HandshakeRule = {
        ...crc,
        when: { method: 'GET', has: [] },
        answer: {
          kind: 'hmac',
          token: { from: 'query', name: 'bt_challenge' },
          hash: 'SHA-1',
          encoding: 'hex',
          key: { form: 'digest-of-text', hash: 'SHA-1' },
          prefix: 'integration_public_key|',
          form: { as: 'text' },
        },
      };
      // braintree_node, test/unit/braintree/webhook_notification_gateway_spec.js
      const url = 'https://example.com/?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53';
      expect(await ask('line', [braintree], get(url), ['integration_private_key'])).toMatchObject({
        body: 'integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4',
      });
    });
    it('never signs a text that could be a delivery', async () => {
      const kind = async (token: string) => {
        const url = `https://example.com/?crc_token=${encodeURIComponent(token)}`;
        return (await ask('line', [crc], get(url)))?.kind;
      };
      expect(await kind('abc_-+/=9')).toBe('answer');
      for (const token of [
        '{"id":"evt_1"}',
        'v0:1:x',
        '1764000000.{}',
        'a b',
        '[]',
        'a\nb',
        'a'.repeat(257),
      ]) {
        expect(await kind(token), token).toBe('malformed');
      }
    });
    it('refuses without a usable secret', async () => {
      const url = 'https://example.com/?crc_token=abc';
      expect(await ask('line', [crc], get(url), [''])).toMatchObject({
        kind: 'refuse',
        failure: { reason: 'no_secret' },
      });
    });
  });

  describe('call-url', () => {
    const sns: HandshakeRule = {
      when: {
        method: 'POST',
        has: [
          {
            text: { from: 'header', names: ['x-amz-sns-message-type'] },
            equals: 'SubscriptionConfirmation',
          },
        ],
      },
      proof: OPEN,
      answer: {
        kind: 'call-url',
        url: { from: 'body', paths: ['SubscribeURL'] },
        hosts: ['sns.eu-central-1.amazonaws.com', '.sns.example.com'],
        method: 'GET',
      },
    };
    it.each([
      ['https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription', 'call'],
      ['https://a.sns.example.com/', 'call'],
      ['http://sns.eu-central-1.amazonaws.com/', 'malformed'],
      ['https://sns.eu-central-1.amazonaws.com:8443/', 'malformed'],
      ['https://u:p@sns.eu-central-1.amazonaws.com/', 'malformed'],
      ['https://sns.eu-central-1.amazonaws.com.evil.example/', 'malformed'],
      ['https://evil.example/#sns.eu-central-1.amazonaws.com', 'malformed'],
      ['https://sns.eu-central-1.amazonaws.com\\@evil.example/', 'call'],
      ['https://evilsns.example.com/', 'malformed'],
      ['https://169.254.169.254/', 'malformed'],
      ['file:///etc/passwd', 'malformed'],
      ['', 'malformed'],
    ])('for %s is: %s', async (url, kind) => {
      const headers = { 'x-amz-sns-message-type': 'SubscriptionConfirmation' };
      const outcome = await ask('line', [sns], {
        headers,
        body: JSON.stringify({ SubscribeURL: url }),
      });
      expect(outcome?.kind).toBe(kind);
      // What is called is the parsed address, on an allowed host, however it was spelled.
      if (outcome?.kind === 'call') {
        expect(new URL(outcome.url).hostname).toMatch(
          /^(sns\.eu-central-1\.amazonaws\.com|a\.sns\.example\.com)$/,
        );
      }
    });
  });

  describe('answer-by-signature', () => {
    it('is 200 for a right signature and a refusal for a wrong one (Xero, Discord)', async () => {
      const rule: HandshakeRule = {
        when: { method: 'POST', has: [{ text: { from: 'body', paths: ['type'] }, equals: '1' }] },
        proof: { kind: 'signature' },
        answer: { kind: 'answer-by-signature', status: 200, json: { type: 1 } },
      };
      const body = '{"type":1}';
      const mac = encode(await crypto.hmac('SHA-256', utf8('s1'), [utf8(body)]), 'base64');
      const at = (signature: string) =>
        ask('line', [rule], { headers: { 'x-line-signature': signature }, body });
      expect(await at(mac)).toMatchObject({ kind: 'answer', status: 200, body: '{"type":1}' });
      expect(await at(mac.replace(/^./, (char) => (char === 'A' ? 'B' : 'A')))).toMatchObject({
        kind: 'refuse',
      });
    });
  });
});
