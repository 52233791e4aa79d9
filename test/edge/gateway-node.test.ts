/** The gateway suite on Node, on an SQLite file and a real restate-server. */
import { afterAll, beforeAll } from 'vitest';
import { testGateway } from '../suites/gateway.ts';
import { type GatewayOnNode, startGatewayOnNode } from '../support/gateway-node.ts';

let gateway: GatewayOnNode;
beforeAll(async () => {
  gateway = await startGatewayOnNode();
});
afterAll(() => gateway?.close());

const close = async (): Promise<void> => undefined;

testGateway(
  'Node, called directly',
  async () => ({
    ...gateway,
    // `fetch` and not `request`: the latter joins paths and would tidy what is being tested.
    fetch: async (path, init) =>
      gateway.app.fetch(
        new Request(`http://localhost${path}`, { duplex: 'half', ...init } as RequestInit),
      ),
    close,
  }),
  { lengthMayLie: true },
);

testGateway('Node, over a socket', async () => ({
  ...gateway,
  fetch: (path, init) => fetch(`${gateway.origin}${path}`, init),
  close,
}));
