/**
 * Stands where AWS stands between Restate and the `objects` function: each HTTP request becomes one
 * invocation of the handler, with the event a Restate server sends to a Lambda.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { buildLambda } from '../../src/launch/lambda-parts.ts';

type Objects = Awaited<ReturnType<typeof buildLambda>>['objects'];

export interface Bridge {
  readonly url: string;
  /** How often the function was invoked. */
  invocations(): number;
  close(): Promise<void>;
}

export async function startBridge(objects: Objects): Promise<Bridge> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    invoke(objects, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    invocations: () => count,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

async function invoke(
  objects: Objects,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  const event = {
    path: request.url ?? '/',
    httpMethod: request.method ?? 'GET',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('base64'),
    isBase64Encoded: true,
  };
  // The handler reads no more of either than this; AWS sends much that nobody looks at.
  const answer = await objects(
    event as Parameters<Objects>[0],
    {
      awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    } as Parameters<Objects>[1],
  );
  response.writeHead(answer.statusCode, answer.headers);
  response.end(Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8'));
}
