/**
 * The largest body a source may send, whatever is down: GitHub does not come again, so what is
 * answered 5xx here is lost. On the real Node gateway, an SQLite file and a real restate-server.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { noise } from '../support/archive.ts';
import { type Delivery, githubDelivery } from '../support/gateway.ts';
import { type GatewayOnNode, startGatewayOnNode } from '../support/gateway-node.ts';

/** GitHub's own cap, https://docs.github.com/en/webhooks/webhook-events-and-payloads. */
const CAP_BYTES = 25 * 1024 * 1024;
const WAIT = { timeout: 60_000, interval: 200 };

let gateway: GatewayOnNode;
beforeAll(async () => {
  // The deployed 4 s are for a machine that serves, not for one that runs other tests beside; that
  // they are kept to is tested where parts hang.
  gateway = await startGatewayOnNode({ answerMs: 20_000 });
});
afterAll(() => gateway?.close());

describe('a GitHub delivery', { timeout: 120_000 }, () => {
  it('of exactly the cap is kept byte for byte', async () => {
    const body = jsonOfNoise(CAP_BYTES, 1);
    const answer = await send(githubDelivery(body));
    expect(answer.status).toBe(200);
    await expectKept(answer.key, body);
  });

  it('of exactly the cap, archive locked: 200 from Restate, and kept once the lock is gone', async () => {
    const body = noise(CAP_BYTES, 2);
    const release = gateway.lockArchive();
    try {
      const answer = await send(githubDelivery(body));
      expect(answer.status).toBe(200);
      // The first write of the gateway itself has failed by then: what arrives comes from Restate.
      await vi.waitFor(async () => expect(await failedStores(answer.key)).toHaveLength(1), WAIT);
      release();
      await expectKept(answer.key, body);
    } finally {
      release();
    }
  });

  it.each([
    ['healthy', () => () => undefined],
    ['locked', () => gateway.lockArchive()],
  ])('of one byte more, archive %s: 413, and Restate is given nothing', async (_state, lock) => {
    const release = lock();
    try {
      const before = (await stores()).length;
      const answer = await send(githubDelivery(jsonOfNoise(CAP_BYTES + 1, 3)));
      expect(answer.status).toBe(413);
      expect(await stores()).toHaveLength(before);
    } finally {
      release();
    }
  });
});

async function send(delivery: Delivery) {
  const response = await fetch(`${gateway.origin}/webhooks/github`, {
    method: 'POST',
    headers: delivery.headers,
    body: new Uint8Array(delivery.body),
  });
  const { events } = (await response.json()) as { events?: readonly { readonly key: string }[] };
  return { status: response.status, key: events?.[0]?.key ?? '' };
}

async function expectKept(key: string, body: Uint8Array): Promise<void> {
  await vi.waitFor(async () => {
    const stored = await gateway.archiveView.find('github', key);
    expect(Buffer.from(stored?.body ?? []).equals(body)).toBe(true);
  }, WAIT);
}

function stores(where = 'true') {
  return gateway.restate.query(
    `SELECT id FROM sys_invocation WHERE target_service_name = 'Archivist' AND ${where}`,
  );
}

/** The parked event, once its first write into the archive has failed. */
function failedStores(key: string) {
  return stores(`idempotency_key = 'github:${key}' AND retry_count > 0`);
}

/** JSON of exactly that many bytes that hardly any compression makes smaller. */
function jsonOfNoise(bytes: number, seed: number): Uint8Array {
  const frame = '{"zen":""}';
  const text = Buffer.from(noise(bytes, seed)).toString('base64');
  return new TextEncoder().encode(
    `${frame.slice(0, -2)}${text.slice(0, bytes - frame.length)}${frame.slice(-2)}`,
  );
}
