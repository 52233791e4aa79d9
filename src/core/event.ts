/**
 * Event identity: which event a verified delivery is (key), of what type, when, and of how many
 * events it consists. Pure functions of the bytes; called only after the signature is good.
 */
import { decodeUtf8, encode, utf8 } from './bytes.ts';
import { covers } from './coverage.ts';
import type { CryptoPort } from './crypto.ts';
import type { DeliveryRequest } from './delivery.ts';
import type { Json } from './json.ts';
import { at } from './json.ts';
import { EVENT_KEY_CHARS_MAX, EVENT_TYPE_CHARS_MAX, ITEMS_MAX } from './limits.ts';
import type { ParseProblem } from './parse-json.ts';
import { parseJsonText } from './parse-json.ts';
import type { ProviderDefinition } from './provider.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import type { DeliveryReader } from './schemes/reader.ts';
import { describeSource, readDelivery } from './schemes/reader.ts';
import { parseTimestamp } from './schemes/timestamp.ts';
import type { TextSource, TimestampSource, Verified } from './verification.ts';
import { plausibleMs } from './written-time.ts';

/** How a provider names its events. */
export interface EventIdentity {
  /**
   * The texts that together are the maker's event id; they are joined with `:`, each escaped. Whether
   * they lie inside the signed bytes is derived from `verification`, never stated here.
   * Null: the maker sends none. `ifMissing`: `quarantine` where every event has one (a replay could
   * otherwise drop an unsigned id header to look new), `digest` where some kinds have none.
   */
  readonly id: {
    readonly parts: readonly TextSource[];
    readonly ifMissing: 'quarantine' | 'digest';
  } | null;
  /** Joined with `.`; later parts may be missing, without the first there is no type. */
  readonly type: readonly TextSource[];
  /** When it happened, by the maker's clock; not the time of the attempt. The first that can be read. */
  readonly time: readonly TimestampSource[];
  /** Path of the array whose elements are events; `''`: the payload itself is the array. */
  readonly items: { readonly path: string } | null;
  readonly payload: PayloadForm;
}

/**
 * `json`: JSON; `formField`: may also come as a form with the JSON in that field (GitHub's default).
 * `form`: a form; the event's JSON is an object of its fields, repeated ones as arrays.
 */
type PayloadForm =
  | { readonly kind: 'json'; readonly formField?: string }
  | { readonly kind: 'form' };

/** One event of a delivery. */
export interface ReceivedEvent {
  /** Unique inside the source: same key, same event. 1 to 200 printable characters. */
  readonly key: string;
  /** The maker's id as sent, or null. */
  readonly id: string | null;
  readonly type: string | null;
  /** The event's own payload: the whole body, or its item of the batch. */
  readonly json: Json;
  /** Epoch ms. */
  readonly providerTimeMs: number | null;
  readonly index: number;
  readonly itemCount: number;
}

/** A verified delivery whose meaning cannot be read. It is quarantined under its `fallbackKey`, with a 200. */
export type EventFailure =
  | { readonly reason: 'unparsable'; readonly problem: ParseProblem | 'no_form_field' }
  | { readonly reason: 'id_missing'; readonly where: string }
  | { readonly reason: 'id_malformed'; readonly where: string }
  | { readonly reason: 'items_missing'; readonly path: string }
  | { readonly reason: 'items_too_many'; readonly count: number; readonly max: number };

export interface ReadEventsInput {
  readonly provider: ProviderDefinition;
  /** Id of the source: part of a key made from a digest. */
  readonly source: string;
  readonly request: DeliveryRequest;
  readonly verified: Verified;
  readonly crypto: CryptoPort;
}

/** The events of a verified delivery, in the payload's order; an empty batch has none. */
export async function readEvents(
  input: ReadEventsInput,
): Promise<Result<readonly ReceivedEvent[], EventFailure>> {
  const { event } = input.provider;
  const payload = parsePayload(input.request.body, event.payload);
  if (!payload.ok) return payload;
  const items = splitItems(payload.value, event);
  if (!items.ok) return items;
  const reader = readDelivery(input.request, payload.value);
  const events: ReceivedEvent[] = [];
  for (const [index, item] of items.value.entries()) {
    const id = readId(event, reader, item);
    if (!id.ok) return id;
    events.push({
      key: await eventKey(input, id.value, index),
      id: id.value,
      type: readType(event, reader, item),
      json: item,
      providerTimeMs: readTimeMs(event, reader, item),
      index,
      itemCount: items.value.length,
    });
  }
  return ok(events);
}

/**
 * The key of a delivery that has no id, or whose payload cannot be read: a digest over source, signed
 * time and body. Each is preceded by its length, or "a" + "bc" would be the same event as "ab" + "c".
 */
export async function fallbackKey(input: {
  readonly source: string;
  readonly signedAtSeconds: number | null;
  readonly body: Uint8Array;
  readonly crypto: CryptoPort;
}): Promise<string> {
  const signedAt = input.signedAtSeconds === null ? '' : String(input.signedAtSeconds);
  const parts = [utf8(input.source), utf8(signedAt), input.body];
  const chunks = parts.flatMap((part) => [utf8(`${part.length}:`), part]);
  return `sha256:${encode(await input.crypto.digest('SHA-256', chunks), 'hex')}`;
}

/** One sentence for the operator; nothing from the delivery in it. */
export function explainEventFailure(failure: EventFailure): string {
  switch (failure.reason) {
    case 'unparsable':
      return `The delivery is authentic but its payload cannot be read (${failure.problem.replaceAll('_', ' ')}).`;
    case 'id_missing':
      return `The delivery is authentic but carries no event id (${failure.where}).`;
    case 'id_malformed':
      return `The delivery is authentic but its event id (${failure.where}) has control characters.`;
    case 'items_missing':
      return `The delivery is authentic but has no list of events at "${failure.path}".`;
    case 'items_too_many':
      return `The delivery is authentic but holds ${failure.count} events; ${failure.max} are allowed.`;
  }
}

async function eventKey(input: ReadEventsInput, id: string | null, index: number): Promise<string> {
  const { crypto, provider, request, source, verified } = input;
  if (id === null) {
    const { signedAtSeconds } = verified;
    const key = await fallbackKey({ source, signedAtSeconds, body: request.body, crypto });
    return provider.event.items === null ? key : `${key}:${index}`;
  }
  const parts = provider.event.id?.parts ?? [];
  const isCovered = parts.every((part) => covers(provider.verification, part));
  const charsMax = isCovered ? EVENT_KEY_CHARS_MAX : EVENT_KEY_CHARS_MAX - BODY_DIGEST_CHARS;
  const short = id.length > charsMax ? await digestOf(id, crypto) : id;
  if (isCovered) return short;
  // The id stands outside the signed bytes: whoever replays a body may put any id on it. With the
  // body's digest a new id on an old body, or an old id on a new body, takes no other event's key.
  const digest = await crypto.digest('SHA-256', [request.body]);
  return `${short}:${encode(digest.subarray(0, 8), 'hex')}`;
}

/** The colon and 16 hex digits of the body's digest. */
const BODY_DIGEST_CHARS = 17;

async function digestOf(id: string, crypto: CryptoPort): Promise<string> {
  return `id-sha256:${encode(await crypto.digest('SHA-256', [utf8(id)]), 'hex')}`;
}

function readId(
  { id }: EventIdentity,
  reader: DeliveryReader,
  item: Json,
): Result<string | null, EventFailure> {
  if (id === null) return ok(null);
  const texts: string[] = [];
  for (const source of id.parts) {
    const read = reader.find(source, undefined, item);
    if (read.kind !== 'found') {
      if (id.ifMissing === 'digest') return ok(null);
      return fail({ reason: 'id_missing', where: describeSource(source) });
    }
    if (!isCleanText(read.text)) {
      return fail({ reason: 'id_malformed', where: describeSource(source) });
    }
    texts.push(read.text);
  }
  const [only] = texts;
  if (texts.length === 1 && only !== undefined) return ok(only);
  return ok(texts.map((text) => text.replace(/[\\:]/g, (char) => `\\${char}`)).join(':'));
}

function readType({ type }: EventIdentity, reader: DeliveryReader, item: Json): string | null {
  const texts: string[] = [];
  for (const [index, source] of type.entries()) {
    const read = reader.find(source, undefined, item);
    if (read.kind === 'found') texts.push(read.text);
    else if (index === 0) return null;
  }
  const joined = texts.join('.');
  const isUsable = joined !== '' && joined.length <= EVENT_TYPE_CHARS_MAX && isCleanText(joined);
  return isUsable ? joined : null;
}

function readTimeMs({ time }: EventIdentity, reader: DeliveryReader, item: Json): number | null {
  for (const { from, unit } of time) {
    const read = reader.find(from, undefined, item);
    const seconds = read.kind === 'found' ? parseTimestamp(read.text, unit) : null;
    const ms = plausibleMs(seconds === null ? null : Math.round(seconds * 1000));
    if (ms !== null) return ms;
  }
  return null;
}

/** No control characters, no lone surrogates: the text can stand in a URL, a log and a mail header. */
function isCleanText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) && text.isWellFormed();
}

function splitItems(
  payload: Json,
  { items }: EventIdentity,
): Result<readonly Json[], EventFailure> {
  if (items === null) return ok([payload]);
  const list = items.path === '' ? payload : at(payload, items.path);
  if (!isList(list)) return fail({ reason: 'items_missing', path: items.path });
  return list.length > ITEMS_MAX
    ? fail({ reason: 'items_too_many', count: list.length, max: ITEMS_MAX })
    : ok(list);
}

// `Array.isArray` does not narrow readonly arrays.
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The form is told by the signed bytes, not by `content-type`, which nobody signs. */
function parsePayload(body: Uint8Array, form: PayloadForm): Result<Json, EventFailure> {
  const text = decodeUtf8(body);
  if (text === null) return fail({ reason: 'unparsable', problem: 'not_utf8' });
  if (form.kind === 'form') {
    return text === '' ? fail({ reason: 'unparsable', problem: 'empty' }) : ok(formFields(text));
  }
  let json = text;
  if (form.formField !== undefined && text.startsWith(`${form.formField}=`)) {
    const values = new URLSearchParams(text).getAll(form.formField);
    const [only] = values;
    if (values.length !== 1 || only === undefined) {
      return fail({ reason: 'unparsable', problem: 'no_form_field' });
    }
    json = only;
  }
  const parsed = parseJsonText(json);
  return parsed.ok ? parsed : fail({ reason: 'unparsable', problem: parsed.failure });
}

function formFields(text: string): Json {
  const fields = new Map<string, Json>();
  for (const [name, value] of new URLSearchParams(text)) {
    const known = fields.get(name);
    if (known === undefined) fields.set(name, value);
    else fields.set(name, [...(isList(known) ? known : [known]), value]);
  }
  return Object.fromEntries(fields);
}
