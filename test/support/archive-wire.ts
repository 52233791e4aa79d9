/** Calls of an archive that runs in workerd, as JSON; bytes as base64. */
import { Buffer } from 'node:buffer';
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

export function encode(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    part instanceof Uint8Array ? { $bytes: Buffer.from(part).toString('base64') } : part,
  );
}

export function decode(text: string): unknown {
  return JSON.parse(text, (_name, part: unknown) => {
    if (part === null || typeof part !== 'object' || !('$bytes' in part)) return part;
    return new Uint8Array(Buffer.from(String(part.$bytes), 'base64'));
  });
}

type Send = (call: Call) => Promise<Reply>;

const CALLS_PER_REQUEST = 100;

/** Calls made in one turn travel together and run side by side: a request costs more than a call. */
export function inRequests(post: (body: string) => Promise<string>): Send {
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
