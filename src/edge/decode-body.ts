/**
 * Decodes a compressed body after its signature was checked over the bytes as sent, under the
 * same cap as a plain one: a kilobyte that inflates to a gigabyte stops at the cap.
 */
import { fail, ok, type Result } from '../core/result.ts';

export type DecodeFailure =
  | { readonly reason: 'too_large'; readonly bytesMax: number }
  | { readonly reason: 'malformed' };

/** What `content-encoding` asks for: `none`, `gzip`, or null for anything else. */
export function encodingOf(header: string | null): 'none' | 'gzip' | null {
  const value = header?.trim().toLowerCase() ?? '';
  if (value === '' || value === 'identity') return 'none';
  return value === 'gzip' ? 'gzip' : null;
}

/** Refuses output beyond `bytesMax`, truncated input and bytes after the stream. */
export async function gunzip(
  bytes: Uint8Array,
  bytesMax: number,
): Promise<Result<Uint8Array, DecodeFailure>> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(new Uint8Array(bytes));
      controller.close();
    },
  });
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const step = await reader.read();
      if (step.done) break;
      length += step.value.length;
      if (length > bytesMax) {
        reader.cancel().catch(() => undefined);
        return fail({ reason: 'too_large', bytesMax });
      }
      chunks.push(step.value);
    }
  } catch {
    return fail({ reason: 'malformed' });
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return ok(body);
}
