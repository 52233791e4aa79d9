/**
 * Handshakes: how makers make sure that an address is ours before they send. Six primitives cover
 * all documented ones. Answers echo only short, plain texts, so that no handshake reflects a script
 * or a header, and no HMAC handshake signs a text that could be taken for a delivery.
 */

import type { Encoding } from './bytes.ts';
import { encode, utf8 } from './bytes.ts';
import type { Hash } from './crypto.ts';
import type { KeyForm } from './key-form.ts';
import { CHALLENGE_CHARS_MAX } from './limits.ts';
import { isBlank, isValidAt, keyBytes } from './schemes/keys.ts';
import type { DeliveryReader, Found } from './schemes/reader.ts';
import { describeSource, readDelivery } from './schemes/reader.ts';
import type { HeaderName, TextSource } from './verification.ts';
import type { VerifyFailure, VerifyInput } from './verify.ts';
import { verifyDelivery } from './verify.ts';

/** The first rule whose `when` fits decides; a delivery that fits none is an event. */
export type Handshake = readonly HandshakeRule[];

export interface HandshakeRule {
  readonly when: {
    readonly method: 'GET' | 'POST' | 'OPTIONS' | 'HEAD';
    /** All must be there, and equal where a constant is given. */
    readonly has: readonly { readonly text: TextSource; readonly equals?: string }[];
  };
  readonly proof: HandshakeProof;
  readonly answer: HandshakeAnswer;
}

/** What must hold before we answer. `none` needs a reason: the answer must then give nothing away. */
type HandshakeProof =
  | { readonly kind: 'signature' }
  /** A text that must be one of the source's secrets (Meta's verify token). */
  | { readonly kind: 'token'; readonly text: TextSource }
  | { readonly kind: 'none'; readonly why: string };

/** How a text goes back. */
type AnswerForm =
  | { readonly as: 'text' }
  | { readonly as: 'json'; readonly field: string }
  | { readonly as: 'header'; readonly name: HeaderName };

type HandshakeAnswer =
  | { readonly kind: 'echo-query'; readonly name: string; readonly form: AnswerForm }
  | { readonly kind: 'echo-body'; readonly paths: readonly string[]; readonly form: AnswerForm }
  | {
      readonly kind: 'echo-header';
      readonly name: HeaderName;
      readonly form: AnswerForm;
      /** Further headers given back under another name when they are there (CloudEvents' rate). */
      readonly also?: readonly { readonly from: HeaderName; readonly to: HeaderName }[];
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'hmac';
      readonly token: TextSource;
      readonly hash: Hash;
      readonly encoding: Encoding;
      readonly key: KeyForm;
      readonly prefix?: string;
      /** `json`: the MAC at `macField`, the token too where `tokenField` says so (Zoom). */
      readonly form:
        | { readonly as: 'text' }
        | { readonly as: 'json'; readonly macField: string; readonly tokenField?: string };
    }
  /** The caller fetches it: https, and a host that is or ends with one of these (no SSRF). */
  | {
      readonly kind: 'call-url';
      readonly url: TextSource;
      readonly hosts: readonly string[];
      readonly method: 'GET';
    }
  /** 2xx for a right signature and 401 for a wrong one is the whole answer (Xero, Discord). */
  | {
      readonly kind: 'answer-by-signature';
      readonly status: number;
      readonly json?: Readonly<Record<string, string | number>>;
    };

export type HandshakeOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'call'; readonly method: 'GET'; readonly url: string }
  /** Not proven: 401. */
  | { readonly kind: 'refuse'; readonly failure: VerifyFailure }
  /** Proven or open, but what should be echoed is missing or unfit: 400. */
  | { readonly kind: 'malformed'; readonly where: string };

/** Null: not a handshake; go on and verify it as an event. */
export async function answerHandshake(input: VerifyInput): Promise<HandshakeOutcome | null> {
  const reader = readDelivery(input.request);
  const rule = input.provider.handshake?.find(({ when }) => isMatch(when, reader));
  if (rule === undefined) return null;
  const refusal = await refuse(rule, input, reader);
  if (refusal !== null) return { kind: 'refuse', failure: refusal };
  const { answer } = rule;
  switch (answer.kind) {
    case 'echo-query':
      return echo(reader, { from: 'query', name: answer.name }, answer.form);
    case 'echo-body':
      return echo(reader, { from: 'body', paths: answer.paths }, answer.form);
    case 'echo-header':
      return echoHeaders(reader, answer);
    case 'hmac':
      return macOf(answer, input, reader);
    case 'call-url':
      return callUrl(answer, reader);
    case 'answer-by-signature': {
      const body = answer.json === undefined ? '' : JSON.stringify(answer.json);
      const headers = answer.json === undefined ? {} : JSON_HEADERS;
      return { kind: 'answer', status: answer.status, headers, body };
    }
  }
}

const JSON_HEADERS = { 'content-type': 'application/json' };
// `nosniff` and a plain type: an echoed challenge must never run as a page of ours.
const TEXT_HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
};
const CHALLENGE = /^[\x20-\x7e]+$/;
// Nothing that occurs in JSON or between the parts of a template: an HMAC over a challenge of the
// attacker's choice would otherwise be a signature for a delivery of the attacker's choice.
const MAC_TOKEN = /^[A-Za-z0-9_+/=-]{1,256}$/;

function isMatch(when: HandshakeRule['when'], reader: DeliveryReader): boolean {
  if (reader.request.method.toUpperCase() !== when.method) return false;
  return when.has.every(({ text, equals }) => {
    const read = reader.find(text);
    return read.kind === 'found' && (equals === undefined || read.text === equals);
  });
}

async function refuse(
  rule: HandshakeRule,
  input: VerifyInput,
  reader: DeliveryReader,
): Promise<VerifyFailure | null> {
  const { proof } = rule;
  if (proof.kind === 'signature') {
    const verified = await verifyDelivery(input);
    return verified.ok ? null : verified.failure;
  }
  if (proof.kind === 'none') return null;
  const read = reader.find(proof.text);
  const where = describeSource(proof.text);
  if (read.kind !== 'found') return { reason: 'signature_missing', where };
  const { crypto } = input;
  const given = await crypto.digest('SHA-256', [utf8(read.text)]);
  let secretsTried = 0;
  for (const secret of input.secrets) {
    if (isBlank(secret.value) || !isValidAt(secret, input.nowSeconds)) continue;
    secretsTried += 1;
    if (crypto.equal(given, await crypto.digest('SHA-256', [utf8(secret.value)]))) return null;
  }
  return { reason: 'signature_mismatch', secretsTried, candidatesTried: 1 };
}

function challenge(read: Found): string | null {
  if (read.kind !== 'found' || read.text.length > CHALLENGE_CHARS_MAX) return null;
  return CHALLENGE.test(read.text) ? read.text : null;
}

function echo(reader: DeliveryReader, source: TextSource, form: AnswerForm): HandshakeOutcome {
  const text = challenge(reader.find(source));
  if (text === null) return { kind: 'malformed', where: describeSource(source) };
  switch (form.as) {
    case 'text':
      return { kind: 'answer', status: 200, headers: TEXT_HEADERS, body: text };
    case 'json': {
      const body = JSON.stringify({ [form.field]: text });
      return { kind: 'answer', status: 200, headers: JSON_HEADERS, body };
    }
    case 'header':
      return { kind: 'answer', status: 200, headers: { [form.name]: text }, body: '' };
  }
}

function echoHeaders(
  reader: DeliveryReader,
  answer: HandshakeAnswer & { readonly kind: 'echo-header' },
): HandshakeOutcome {
  const main = echo(reader, { from: 'header', names: [answer.name] }, answer.form);
  if (main.kind !== 'answer') return main;
  const extra: Record<string, string> = { ...answer.headers };
  for (const { from, to } of answer.also ?? []) {
    const text = challenge(reader.find({ from: 'header', names: [from] }));
    if (text !== null) extra[to] = text;
  }
  return { ...main, headers: { ...main.headers, ...extra } };
}

/** With the first secret that is valid now: a maker who rotates asks again. */
async function macOf(
  answer: HandshakeAnswer & { readonly kind: 'hmac' },
  { crypto, nowSeconds, secrets }: VerifyInput,
  reader: DeliveryReader,
): Promise<HandshakeOutcome> {
  const read = reader.find(answer.token);
  if (read.kind !== 'found' || !MAC_TOKEN.test(read.text)) {
    return { kind: 'malformed', where: describeSource(answer.token) };
  }
  for (const secret of secrets) {
    const key = isValidAt(secret, nowSeconds)
      ? await keyBytes(secret.value, answer.key, crypto)
      : null;
    if (key === null) continue;
    const mac = encode(await crypto.hmac(answer.hash, key, [utf8(read.text)]), answer.encoding);
    const text = `${answer.prefix ?? ''}${mac}`;
    const { form } = answer;
    if (form.as === 'text')
      return { kind: 'answer', status: 200, headers: TEXT_HEADERS, body: text };
    const token = form.tokenField === undefined ? {} : { [form.tokenField]: read.text };
    const body = JSON.stringify({ ...token, [form.macField]: text });
    return { kind: 'answer', status: 200, headers: JSON_HEADERS, body };
  }
  const failure: VerifyFailure = {
    reason: 'no_secret',
    configured: secrets.length,
    outsideValidity: secrets.filter((secret) => !isValidAt(secret, nowSeconds)).length,
    unusable: secrets.filter((secret) => isValidAt(secret, nowSeconds)).length,
  };
  return { kind: 'refuse', failure };
}

function callUrl(
  answer: HandshakeAnswer & { readonly kind: 'call-url' },
  reader: DeliveryReader,
): HandshakeOutcome {
  const read = reader.find(answer.url);
  const malformed: HandshakeOutcome = { kind: 'malformed', where: describeSource(answer.url) };
  if (read.kind !== 'found' || !URL.canParse(read.text)) return malformed;
  const url = new URL(read.text);
  const isPlain =
    url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  const isAllowed = answer.hosts.some((host) =>
    host.startsWith('.') ? url.hostname.endsWith(host) : url.hostname === host,
  );
  return isPlain && isAllowed ? { kind: 'call', method: answer.method, url: url.href } : malformed;
}
