/** The ingress client's `fetch` on Node: undici's plain request, which costs half the CPU of fetch. */
import { Agent, request } from 'undici';
import type { IngressFetch } from '../durable/ingress.ts';

export interface IngressConnections {
  readonly fetch: IngressFetch;
  close(): Promise<void>;
}

/** More than this many requests at once queue for a connection instead of opening another one. */
const CONNECTIONS_MAX = 256;

/** One pool of keep-alive connections for this process. */
export function ingressConnections(): IngressConnections {
  const dispatcher = new Agent({
    connections: CONNECTIONS_MAX,
    // Restate closes idle connections later than this: a send never meets a closing socket.
    keepAliveTimeout: 4000,
    headersTimeout: 0, // each request brings its own time limit
    bodyTimeout: 0,
  });
  return {
    fetch: async (url, init) => {
      // A redirect is returned as it is: `request` follows none unless told to.
      const answer = await request(url, {
        dispatcher,
        method: init.method === 'GET' ? 'GET' : 'POST',
        headers: init.headers,
        signal: init.signal,
        ...(init.body === undefined ? {} : { body: init.body }),
      });
      return {
        status: answer.statusCode,
        headers: {
          get: (name) => {
            const value = answer.headers[name.toLowerCase()];
            return Array.isArray(value) ? value.join(', ') : (value ?? null);
          },
        },
        text: () => answer.body.text(),
      };
    },
    close: () => dispatcher.close(),
  };
}
