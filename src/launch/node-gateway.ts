/** The gateway and the objects in this Node process: both servers, started and drained. */
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

export interface ServedGateway {
  /** Refuses new connections, lets open requests end within `graceMs`, then cuts them. */
  drain(graceMs: number): Promise<void>;
}

/** Listens; rejects when the port is taken. */
export async function serveGateway(app: Hono, host: string, port: number): Promise<ServedGateway> {
  const server = createServer(getRequestListener(app.fetch));
  // Longer than the idle time of usual balancers (60 s): otherwise they send into a closing socket.
  server.keepAliveTimeout = 65_000;
  // Slow headers hold a connection each; the body has its own limit in the app.
  server.headersTimeout = 15_000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return { drain: (graceMs) => drain(server, graceMs) };
}

async function drain(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await Promise.race([closed, sleep(graceMs, undefined, { ref: false })]);
  server.closeAllConnections();
  await closed;
}

/** The address of the peer, for counting wrong tokens: never a header, which anybody can write. */
export function peerAddress(_request: Request, env: unknown): string | null {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return null;
  const { incoming } = env as {
    readonly incoming: { readonly socket?: { remoteAddress?: string } };
  };
  return incoming.socket?.remoteAddress ?? null;
}
