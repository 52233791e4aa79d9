/** Rows into the contract's words. A row of another shape is damage, not a case. */
import type { StoredEvent, StoredRejection } from './contract.ts';
import { ArchiveError } from './errors.ts';
import type { Row } from './sql-executor.ts';

/**
 * Wants every column of `events`; times are epoch ms. Throws `corrupt` when a column is missing or
 * of another type, or the headers are no JSON object.
 */
export function toStoredEvent(row: Row): StoredEvent {
  return {
    source: textIn(row, 'source'),
    key: textIn(row, 'key'),
    type: textOrNullIn(row, 'type'),
    subject: textOrNullIn(row, 'subject'),
    providerTime: row['provider_time'] === null ? null : integerIn(row, 'provider_time'),
    receivedAt: integerIn(row, 'received_at'),
    lastSeenAt: integerIn(row, 'last_seen_at'),
    deliveries: integerIn(row, 'deliveries'),
    flags: integerIn(row, 'flags'),
    headers: headersIn(row),
    secretId: textOrNullIn(row, 'secret_id'),
    bodyBytes: integerIn(row, 'body_bytes'),
    bodySha256: textIn(row, 'body_sha256'),
    note: textOrNullIn(row, 'note'),
  };
}

/** Wants every column of `rejections`; `at` is epoch ms. Throws as `toStoredEvent` does. */
export function toRejection(row: Row): StoredRejection {
  return {
    id: integerIn(row, 'id'),
    source: textIn(row, 'source'),
    at: integerIn(row, 'at'),
    reason: textIn(row, 'reason'),
    detail: textOrNullIn(row, 'detail'),
    headers: headersIn(row),
    bodyBytes: integerIn(row, 'body_bytes'),
    bodySha256: textOrNullIn(row, 'body_sha256'),
  };
}

/** The text in a column. Throws `corrupt` for anything else, null included. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw damaged(column, value);
  return value;
}

/** The number in a column. Throws `corrupt` for anything else, null included. */
export function integerIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw damaged(column, value);
  return value;
}

function textOrNullIn(row: Row, column: string): string | null {
  return row[column] === null ? null : textIn(row, column);
}

function headersIn(row: Row): Readonly<Record<string, string>> {
  const parsed = parsedOrNull(textIn(row, 'headers'));
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw damaged('headers', parsed);
  }
  return Object.fromEntries(
    Object.entries(parsed).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function damaged(column: string, value: unknown): ArchiveError {
  return new ArchiveError('corrupt', `the archive holds a ${typeof value} in ${column}`);
}
