import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { template } from '../../webhooks/_template.ts';
import { providers } from '../../webhooks/index.ts';
import { NOW_SECONDS, testProvider } from '../suites/provider.ts';

const SECRET = 'secret of the template';
const BODY = '{"id":"evt_1","type":"thing.created","created_at":"2025-11-24T10:00:00Z"}';
// No maker published this: signed here, with nothing of ours.
const mac = createHmac('sha256', SECRET).update(`v0:${NOW_SECONDS}:${BODY}`).digest('hex');
const signed = {
  provider: 'template',
  url: 'https://example.com/',
  headers: { 'x-template-signature': `v0=${mac}`, 'x-template-timestamp': String(NOW_SECONDS) },
  body: BODY,
  secret: SECRET,
  now: NOW_SECONDS,
  expect: 'valid',
  note: 'signed with node:crypto',
} as const;

testProvider(
  template,
  [signed, { ...signed, body: `${BODY} `, expect: 'invalid', note: 'one space more' }],
  {
    secret: SECRET,
    otherSecret: 'another secret',
    body: BODY,
    id: 'evt_1',
    type: 'thing.created',
    key: /^evt_1$/,
  },
);

describe('the template', () => {
  it('is no provider: a copy of it is one once it is listed', () => {
    expect(providers.has(template.id)).toBe(false);
  });
});
