import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { type GatewayUnderTest, testGateway } from '../suites/gateway.ts';
import { edgeUnderTest, views } from '../support/edge-app.ts';

testGateway('Node, called directly', async (): Promise<GatewayUnderTest> => {
  const edge = edgeUnderTest();
  return {
    // `fetch` and not `request`: the latter joins paths and would tidy what is being tested.
    fetch: async (path, init) =>
      edge.app.fetch(
        new Request(`http://localhost${path}`, { duplex: 'half', ...init } as RequestInit),
      ),
    ...views(edge),
    close: async () => undefined,
  };
});

testGateway('Node, over a socket', async (): Promise<GatewayUnderTest> => {
  const edge = edgeUnderTest();
  const server = createAdaptorServer({ fetch: edge.app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    fetch: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    ...views(edge),
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
});
