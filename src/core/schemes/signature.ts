/**
 * Reads the signature text. A strict grammar with a cap: Clerk's CVE-2025-53548 came from a lenient
 * list parser, and a list of ten thousand entries would be ten thousand comparisons.
 */
import { SIGNATURE_CHARS_MAX, SIGNATURES_MAX } from '../limits.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { SignatureFormat, SignedTemplate } from '../verification.ts';
import type { VerifyFailure } from '../verify-failure.ts';
import type { DeliveryReader, SignatureFields } from './reader.ts';
import { describeSource, NO_FIELDS } from './reader.ts';

/** Signatures that share their fields (time, key id), as texts still encoded. */
export interface SignatureSet {
  readonly fields: SignatureFields;
  readonly signatures: readonly string[];
}

/** At least one signature in all, at most `SIGNATURES_MAX`, or why not. */
export function readSignatures(
  template: SignedTemplate,
  reader: DeliveryReader,
): Result<readonly SignatureSet[], VerifyFailure> {
  const { from, format } = template.signature;
  const where = describeSource(from);
  const texts = reader.findAll(from);
  if (texts === 'duplicated') return fail({ reason: 'header_duplicated', where });
  const present = texts.filter((text) => text.trim() !== '');
  if (present.length === 0) return fail({ reason: 'signature_missing', where });
  const malformed = (problem: string): Result<never, VerifyFailure> =>
    fail({ reason: 'signature_malformed', where, problem });
  if (present.reduce((sum, text) => sum + text.length, 0) > SIGNATURE_CHARS_MAX) {
    return malformed(`longer than ${SIGNATURE_CHARS_MAX} characters`);
  }
  const sets: SignatureSet[] = [];
  for (const text of present) {
    const parsed = parse(text, format);
    if (parsed === 'duplicated') return fail({ reason: 'header_duplicated', where });
    sets.push(...parsed);
  }
  const count = sets.reduce((sum, set) => sum + set.signatures.length, 0);
  if (count === 0) return malformed('no signature of the expected version in it');
  if (count > SIGNATURES_MAX) return malformed(`more than ${SIGNATURES_MAX} signatures`);
  return ok(sets);
}

type Parsed = readonly SignatureSet[] | 'duplicated';

function parse(text: string, format: SignatureFormat): Parsed {
  switch (format.kind) {
    case 'whole':
      // `Headers` joins a repeated header with a comma, which no encoding contains: two signatures
      // where the maker sends one mean that somebody added one.
      if (text.includes(',')) return 'duplicated';
      return [{ fields: NO_FIELDS, signatures: stripped([text], format) }];
    case 'list':
      return [{ fields: NO_FIELDS, signatures: stripped(split(text, format.separator), format) }];
    case 'pairs':
      return parsePairs(text, format);
    case 'fields':
      return parseFields(text, format);
    case 'timestamp-first': {
      const [timestamp = '', ...signatures] = split(text, format.separator);
      return [
        { fields: new Map([['timestamp', timestamp]]), signatures: signatures.filter(isText) },
      ];
    }
  }
}

function parsePairs(text: string, format: SignatureFormat & { readonly kind: 'pairs' }): Parsed {
  const sets: SignatureSet[] = [];
  for (const set of format.setSeparator === undefined ? [text] : split(text, format.setSeparator)) {
    const fields = new Map<string, string>();
    const signatures: string[] = [];
    let refused = false;
    for (const item of split(set, format.separator)) {
      const equals = item.indexOf('=');
      if (equals <= 0) continue;
      const name = item.slice(0, equals);
      const value = item.slice(equals + 1);
      if (format.unlessNamed?.includes(name)) refused = true;
      if (name === format.name) signatures.push(value);
      // Two times in one header (a header sent twice): the attacker's could be the one we check.
      // Versions we do not use may repeat; what names a field may not.
      else if (fields.has(name) && !/^[vh]\d/.test(name)) return 'duplicated';
      else fields.set(name, value);
    }
    sets.push({ fields, signatures: refused ? [] : signatures.filter(isText) });
  }
  return sets;
}

function parseFields(text: string, format: SignatureFormat & { readonly kind: 'fields' }): Parsed {
  const sets: SignatureSet[] = [];
  for (const item of split(text, format.separator)) {
    const values = splitFields(item, format.fieldSeparator, format.fields.length);
    if (values === null) continue;
    const fields = new Map(format.fields.map((name, index) => [name, values[index] ?? '']));
    const signature = fields.get('signature') ?? '';
    const wanted = Object.entries(format.where).every(
      ([name, value]) => fields.get(name) === value,
    );
    if (wanted && isText(signature)) sets.push({ fields, signatures: [signature] });
  }
  return sets;
}

/** Exactly `count` fields; the last keeps any further separators (base64 ends in `=`). */
function splitFields(item: string, separator: string, count: number): readonly string[] | null {
  const values: string[] = [];
  let rest = item;
  while (values.length < count - 1) {
    const index = rest.indexOf(separator);
    if (index < 0) return null;
    values.push(rest.slice(0, index));
    rest = rest.slice(index + separator.length);
  }
  return [...values, rest];
}

function split(text: string, separator: string): readonly string[] {
  return text.split(separator).map((item) => item.trim());
}

function stripped(
  texts: readonly string[],
  format: { readonly prefix?: string; readonly prefixOptional?: boolean },
): readonly string[] {
  const prefix = format.prefix ?? '';
  return texts.flatMap((text) => {
    if (text.startsWith(prefix))
      return isText(text.slice(prefix.length)) ? [text.slice(prefix.length)] : [];
    return format.prefixOptional && isText(text) ? [text] : [];
  });
}

function isText(text: string): boolean {
  return text !== '';
}
