/**
 * Finds the texts a provider file points at. Total: whatever a sender puts into headers, query or
 * body, the answer is a text or the reason why there is none.
 */
import { decodeUtf8 } from '../bytes.ts';
import type { DeliveryRequest } from '../delivery.ts';
import type { Json } from '../json.ts';
import { at, textAt } from '../json.ts';
import { parseJson } from '../parse-json.ts';
import type { TextSource } from '../verification.ts';

export type Found =
  | { readonly kind: 'found'; readonly text: string }
  | { readonly kind: 'missing' }
  /** Sent twice where one is meant: which one a maker signed cannot be known. */
  | { readonly kind: 'duplicated' };

const MISSING: Found = { kind: 'missing' };
const DUPLICATED: Found = { kind: 'duplicated' };

/** Fields of the signature text itself, for sources `from: 'signature'`. */
export type SignatureFields = ReadonlyMap<string, string>;
export const NO_FIELDS: SignatureFields = new Map();

export interface DeliveryReader {
  readonly request: DeliveryRequest;
  /** The text at a source; `item` is the element of a batch, absent: the whole body. */
  find(source: TextSource, fields?: SignatureFields, item?: Json): Found;
  /** Every text of a source with aliases: signatures of several headers all count. */
  findAll(source: TextSource): readonly string[] | 'duplicated';
}

/** `payload` spares the second parse when the caller has parsed the (verified) body already. */
export function readDelivery(request: DeliveryRequest, payload?: Json): DeliveryReader {
  let parsed: Json | undefined = payload;
  let tried = payload !== undefined;
  const body = (): Json | undefined => {
    if (!tried) {
      tried = true;
      const result = parseJson(request.body);
      parsed = result.ok ? result.value : undefined;
    }
    return parsed;
  };
  const find = (source: TextSource, fields = NO_FIELDS, item?: Json): Found => {
    switch (source.from) {
      case 'header':
        return first(source.names, (name) => header(request, name, source.prefix));
      case 'query':
        return parameter(queryOf(request.url), source.name, source.lowerCase === true);
      case 'form':
        return parameter(decodeUtf8(request.body) ?? '', source.name, false);
      case 'body':
        return first(source.paths, (path) => exactText(body(), path));
      case 'item':
        return first(source.paths, (path) => exactText(item ?? body(), path));
      case 'member':
        return first(source.names, (name) =>
          at(item ?? body(), name) === undefined ? null : name,
        );
      case 'signature':
        return found(fields.get(source.field) ?? null);
      case 'whole-body':
        return found(decodeUtf8(request.body));
    }
  };
  const findAll = (source: TextSource): readonly string[] | 'duplicated' => {
    if (source.from === 'header') {
      return source.names.flatMap((name) => header(request, name, source.prefix) ?? []);
    }
    const one = find(source);
    if (one.kind === 'duplicated') return 'duplicated';
    return one.kind === 'found' ? [one.text] : [];
  };
  return { request, find, findAll };
}

/** How a source is called in messages: names from the provider file, nothing from the delivery. */
export function describeSource(source: TextSource): string {
  switch (source.from) {
    case 'header':
      return `header ${source.names.join(' or ')}`;
    case 'query':
      return `query parameter ${source.name}`;
    case 'form':
      return `form field ${source.name}`;
    case 'body':
    case 'item':
      return `payload field ${source.paths.join(' or ')}`;
    case 'member':
      return `payload field ${source.names.join(' or ')}`;
    case 'signature':
      return `field ${source.field} of the signature header`;
    case 'whole-body':
      return 'the body';
  }
}

function first(names: readonly string[], read: (name: string) => string | null): Found {
  for (const name of names) {
    const text = read(name);
    if (text !== null && text !== '') return { kind: 'found', text };
  }
  return MISSING;
}

/** A number JSON could not hold exactly counts as missing: two long ids would become one. */
function exactText(json: Json | undefined, path: string): string | null {
  const value = at(json, path);
  return typeof value === 'number' && !Number.isSafeInteger(value) ? null : textAt(json, path);
}

function found(text: string | null): Found {
  return text === null || text === '' ? MISSING : { kind: 'found', text };
}

function header(request: DeliveryRequest, name: string, prefix = ''): string | null {
  const value = request.headers.get(name);
  if (value === null || !value.startsWith(prefix)) return null;
  return value.slice(prefix.length);
}

/** The query as sent, without `?` and fragment. */
function queryOf(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return '';
  const end = url.indexOf('#', start);
  return url.slice(start + 1, end < 0 ? undefined : end);
}

function parameter(encoded: string, name: string, lowerCase: boolean): Found {
  const values = new URLSearchParams(encoded).getAll(name);
  if (values.length > 1) return DUPLICATED;
  const value = values[0] ?? null;
  return found(lowerCase && value !== null ? value.toLowerCase() : value);
}
