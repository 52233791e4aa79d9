/** Calls of an archive that runs in workerd, as JSON, bytes as they are. */
import type { Archive } from '../../src/archive/contract.ts';
import { ArchiveError, type ArchiveErrorReason } from '../../src/archive/errors.ts';
import type { SqlExecutor } from '../../src/archive/sql-executor.ts';

/** `database` is the name of a D1 binding. */
export interface Call {
  readonly database: string;
  readonly on: 'archive' | 'executor';
  readonly method: string;
  readonly parameters: readonly unknown[];
}

export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: ArchiveErrorReason | null; readonly message: string };

/** JSON, how long it is before it, and the bytes it speaks of after it. */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const text = JSON.stringify(value, (_name, part: unknown) => {
    if (!(part instanceof Uint8Array)) return part;
    const from = length;
    length += part.byteLength;
    parts.push(part);
    return { $bytes: [from, length] };
  });
  const json = new TextEncoder().encode(text);
  const head = new TextEncoder().encode(`${json.byteLength}\n`);
  const message = new Uint8Array(head.byteLength + json.byteLength + length);
  let at = 0;
  for (const part of [head, json, ...parts]) {
    message.set(part, at);
    at += part.byteLength;
  }
  return message;
}

export function decode(message: ArrayBuffer): unknown {
  const bytes = new Uint8Array(message);
  const start = bytes.indexOf(NEWLINE) + 1;
  const end = start + Number(new TextDecoder().decode(bytes.subarray(0, start)));
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  return JSON.parse(text, (_name, part: unknown) => {
    if (part === null || typeof part !== 'object' || !('$bytes' in part)) return part;
    const [from, to] = part.$bytes as [number, number]; // As written above.
    return bytes.slice(end + from, end + to);
  });
}

const NEWLINE = 0x0a;

type Send = (call: Call) => Promise<Reply>;

const CALLS_PER_REQUEST = 100;

/** Calls made in one turn travel together and run side by side: a request costs more than a call. */
export function inRequests(post: (body: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>): Send {
  let waiting: { readonly call: Call; readonly answered: PromiseWithResolvers<Reply> }[] = [];
  const flush = async (): Promise<void> => {
    const taken = waiting;
    waiting = [];
    for (let start = 0; start < taken.length; start += CALLS_PER_REQUEST) {
      const part = taken.slice(start, start + CALLS_PER_REQUEST);
      try {
        const replies = decode(await post(encode(part.map(({ call }) => call)))) as Reply[];
        part.forEach(({ answered }, index) => {
          const reply = replies[index];
          if (reply === undefined) answered.reject(new Error('a call was not answered'));
          else answered.resolve(reply);
        });
      } catch (error) {
        for (const { answered } of part) answered.reject(error);
      }
    }
  };
  return (call) => {
    if (waiting.length === 0) setImmediate(() => void flush());
    const answered = Promise.withResolvers<Reply>();
    waiting.push({ call, answered });
    return answered.promise;
  };
}

function caller(send: Send, database: string, on: Call['on']) {
  return async <T>(method: string, ...parameters: readonly unknown[]): Promise<T> => {
    const reply = await send({ database, on, method, parameters });
    if (reply.ok) return reply.value as T;
    if (reply.reason === null) throw new Error(reply.message);
    throw new ArchiveError(reply.reason, reply.message);
  };
}

export function remoteArchive(send: Send, database: string): Archive {
  const call = caller(send, database, 'archive');
  return {
    put: (record) => call('put', record),
    reject: async (record) => void (await call('reject', record)),
    find: (source, key) => call('find', source, key),
    body: (source, key) => call('body', source, key),
    list: (query) => call('list', query),
    rejections: (query) => call('rejections', query),
    ready: async () => void (await call('ready')),
    close: async () => void (await call('close')),
  };
}

export function remoteExecutor(send: Send, database: string): SqlExecutor {
  const call = caller(send, database, 'executor');
  return {
    blobForm: 'hex',
    batch: (queries) => call('batch', queries),
    read: (queries) => call('read', queries),
    close: async () => void (await call('close')),
  };
}
