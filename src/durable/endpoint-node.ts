/** Serves the objects on Node, over cleartext HTTP/2 as Restate speaks it. */
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { EndpointOptions } from '@restatedev/restate-sdk';
import { createEndpointHandler } from '@restatedev/restate-sdk';

export interface EndpointConfig {
  readonly services: EndpointOptions['services'];
  /** Loopback unless requests are signed: whoever reaches the endpoint can run any handler. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Public keys of the Restate server; given, unsigned requests are refused. */
  readonly identityKeys?: readonly string[];
  readonly logger?: EndpointOptions['logger'];
}

export interface ServedEndpoint {
  readonly port: number;
  /** Stops listening and ends open streams; Restate tries what was under way again later. */
  close(): Promise<void>;
}

/** Rejects when the port is taken. */
export async function serveEndpoint(config: EndpointConfig): Promise<ServedEndpoint> {
  const { services, host, port, identityKeys, logger } = config;
  const handler = createEndpointHandler({
    services,
    ...(identityKeys === undefined ? {} : { identityKeys: [...identityKeys] }),
    ...(logger === undefined ? {} : { logger }),
  });
  const server = http2.createServer(handler);
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  const address = server.address() as AddressInfo; // A server that listens on TCP has one.
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}
