/** Builds the signed bytes of a delivery from the parts a provider file lists. */
import { crc32, utf8 } from '../bytes.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { SignedPart, SignedTemplate, TextSource } from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';
import type { DeliveryReader, Found, SignatureFields } from './reader.ts';
import { describeSource } from './reader.ts';

type Chunks = Result<readonly Uint8Array[], VerifyFailure>;

/**
 * The signed bytes as chunks; the body is not copied. A text must not contain the literal that ends
 * it: with `{id}.{timestamp}.{body}` an id holding a dot would let an attacker shift bytes between
 * id, time and body under one valid signature (Standard Webhooks forbids the dot for that reason).
 */
export function renderTemplate(
  template: SignedTemplate,
  reader: DeliveryReader,
  fields: SignatureFields,
): Chunks {
  return renderParts(template.signs, template, reader, fields);
}

function renderParts(
  parts: readonly SignedPart[],
  template: SignedTemplate,
  reader: DeliveryReader,
  fields: SignatureFields,
): Chunks {
  const chunks: Uint8Array[] = [];
  for (const [index, part] of parts.entries()) {
    const rendered = renderPart(part, template, reader, fields);
    if (!rendered.ok) return rendered;
    const next = parts[index + 1];
    if (rendered.value.text !== null && typeof next === 'object' && 'literal' in next) {
      if (rendered.value.text.includes(next.literal)) {
        return fail({ reason: 'signed_part_malformed', where: describePart(part, template) });
      }
    }
    chunks.push(...rendered.value.chunks);
  }
  return ok(chunks);
}

/** `text` is set for parts whose length only their delimiter tells. */
interface Rendered {
  readonly chunks: readonly Uint8Array[];
  readonly text: string | null;
}

function renderPart(
  part: SignedPart,
  template: SignedTemplate,
  reader: DeliveryReader,
  fields: SignatureFields,
): Result<Rendered, VerifyFailure> {
  const { request } = reader;
  if (part === 'body') return ok({ chunks: [request.body], text: null });
  if (part === 'method') return ok(fixed(request.method.toUpperCase()));
  if (part === 'url') return ok(fixed(request.url));
  if (part === 'url-without-query') return ok(fixed(request.url.split(/[?#]/, 1)[0] ?? ''));
  if (part === 'secret')
    return fail({ reason: 'unsupported', what: 'the secret as a signed part' });
  if (part === 'id' || part === 'timestamp') {
    const source = part === 'id' ? template.id : template.timestamp?.from;
    if (source === undefined)
      return fail({ reason: 'unsupported', what: `a template with no ${part}` });
    const missing = part === 'id' ? 'signed_part_missing' : 'timestamp_missing';
    return delimited(reader.find(source, fields), source, missing);
  }
  if ('literal' in part) return ok(fixed(part.literal));
  if ('crc32' in part) return ok(fixed(crc32(request.body).toString()));
  if ('text' in part) return delimited(reader.find(part.text, fields), part.text);
  if ('jsonString' in part) {
    const source: TextSource =
      part.jsonString === 'body' ? { from: 'whole-body' } : part.jsonString;
    const text = delimited(reader.find(source, fields), source);
    return text.ok ? ok(fixed(JSON.stringify(text.value.text))) : text;
  }
  if ('headersNamedBy' in part) {
    const names = delimited(reader.find(part.headersNamedBy, fields), part.headersNamedBy);
    if (!names.ok) return names;
    return ok(fixed(headerValues(names.value.text ?? '', part, reader)));
  }
  const optional = renderParts(part.optional, template, reader, fields);
  if (optional.ok) return ok({ chunks: optional.value, text: null });
  const absent = ['signed_part_missing', 'timestamp_missing'].includes(optional.failure.reason);
  return absent ? ok({ chunks: [], text: null }) : optional;
}

function fixed(text: string): Rendered {
  return { chunks: [utf8(text)], text: null };
}

function delimited(
  read: Found,
  source: TextSource,
  missing: 'signed_part_missing' | 'timestamp_missing' = 'signed_part_missing',
): Result<Rendered, VerifyFailure> {
  const where = describeSource(source);
  if (read.kind === 'duplicated') return fail({ reason: 'header_duplicated', where });
  if (read.kind === 'missing') return fail({ reason: missing, where });
  return ok({ chunks: [utf8(read.text)], text: read.text });
}

/** A name that is no header name counts as an absent header: `Headers.get` would throw on it. */
function headerValues(
  names: string,
  part: { readonly separator: string; readonly join: string },
  reader: DeliveryReader,
): string {
  return names
    .split(part.separator)
    .map((name) =>
      /^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) ? (reader.request.headers.get(name) ?? '') : '',
    )
    .join(part.join);
}

function describePart(part: SignedPart, template: SignedTemplate): string {
  if (part === 'id') return template.id === undefined ? 'id' : describeSource(template.id);
  if (part === 'timestamp') {
    return template.timestamp === undefined ? 'timestamp' : describeSource(template.timestamp.from);
  }
  if (typeof part === 'object' && 'text' in part) return describeSource(part.text);
  return 'a signed part';
}
