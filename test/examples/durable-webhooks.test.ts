/** Durable webhook processing, played with a mail server whose first answer is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { durableWebhooks } from '../../examples/durable-webhooks/run.ts';
import {
  type ExampleServers,
  type Played,
  playOn,
  startExampleServers,
} from '../support/example.ts';

describe('the durable webhooks example', () => {
  let servers: ExampleServers;
  let played: Played;
  beforeAll(async () => {
    servers = await startExampleServers();
    played = await playOn(servers, durableWebhooks);
  }, 120_000);
  afterAll(async () => {
    await servers?.close();
  });

  it('finds everything as it claims', () => {
    expect(played.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(played.expectations.length).toBeGreaterThanOrEqual(12);
  });

  it('leaves each payment opened once in Restate, after fifteen deliveries and a kill -9', async () => {
    const rows = await servers.restate.query(
      "SELECT service_key FROM state WHERE service_name = 'Payment' AND key = 'st'",
    );
    expect(rows).toHaveLength(5);
    expect(played.output).toContain('killed with -9');
  });
});
