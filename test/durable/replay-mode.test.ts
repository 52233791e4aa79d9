/**
 * "Replayed at every suspension" hangs on an option of Restate, which ignores names it does not
 * know: were it renamed, every test in that mode would go on to pass and show nothing.
 */
import * as restate from '@restatedev/restate-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedEndpoint, serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import { type RunningRestate, startRestate } from '../support/restate.ts';
import { granted, MODES } from './stage.ts';

describe.each(MODES)('a handler that waits once, $mode', ({ alwaysReplay }) => {
  let server: RunningRestate;
  let endpoint: ServedEndpoint;
  let runs = 0;
  const probe = restate.service({
    name: 'Probe',
    handlers: {
      wait: async (ctx: restate.Context) => {
        runs += 1;
        await ctx.sleep(300);
        return 'done';
      },
    },
  });
  beforeAll(async () => {
    server = await startRestate({ alwaysReplay });
    endpoint = await serveEndpoint({
      services: [probe],
      host: '127.0.0.1',
      port: 0,
      logger: () => undefined,
    });
    const uri = `http://127.0.0.1:${endpoint.port}`;
    const { adminUrl } = server;
    const how = { force: true, useHttp11: false, fetch, deadlineMs: 20_000 };
    granted(await registerDeployment({ adminUrl, uri, ...how }));
  });
  afterAll(async () => {
    await server?.stop();
    await endpoint?.close();
  });

  it(`runs ${alwaysReplay ? 'again from its journal' : 'straight through'}`, async () => {
    const response = await fetch(`${server.ingressUrl}/Probe/wait`, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([200, 'done']);
    if (alwaysReplay) expect(runs).toBeGreaterThan(1);
    else expect(runs).toBe(1);
  });
});
