import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryFalsehoods } from '../support/falsify.ts';
import { killed, runThrough } from '../support/fault-run.ts';
import { createGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts';
import { SEED } from '../support/property.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';

describe('kill -9 in the middle of 500 events', () => {
  let sink: SmtpSink;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    sink = await startSmtpSink();
    gateway = await createGatewayProcess({ smtpUrl: sink.url });
    await gateway.start();
  });
  afterAll(async () => {
    await gateway?.end();
    await sink?.close();
  });

  /** One burst, in the middle of which `kill` strikes and `restart` does its part. */
  async function burstThrough(
    name: string,
    seed: number,
    kill: () => Promise<unknown>,
    restart?: () => Promise<unknown>,
  ) {
    const { verdict, evidence } = await runThrough({
      name,
      gateway,
      sink: () => sink,
      seed,
      disturb: async (burst) => {
        await burst.untilAcked(150 + (SEED % 200));
        return [await killed(burst, kill, restart)];
      },
    });
    expect(verdict.violations).toEqual([]);
    expect(verdict.acked).toBe(500);
    expect(verdict.orderedPairs).toBeGreaterThan(500);
    expect(verdict.mails).toBeGreaterThan(20);
    return evidence;
  }

  it('of the Restate server loses no acked event, doubles no effect, keeps the order of a payment', async () => {
    const before = { node: gateway.nodePid(), restate: gateway.restatePid() };
    // The supervisor starts it again, as it would at a user's.
    const evidence = await burstThrough('restate killed', SEED, gateway.killRestate9);
    // The same checker finds every lie that can be made of what this very run left behind.
    const { uncaught, tried } = tryFalsehoods(evidence);
    expect(uncaught).toEqual([]);
    expect(tried).toBeGreaterThan(12);
    expect(gateway.nodePid()).toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 120_000);

  it('of the Node process loses and doubles nothing, and the next start clears the server it left behind', async () => {
    const before = { node: gateway.nodePid(), restate: gateway.restatePid() };
    const kill = async (): Promise<void> => {
      await gateway.killNode9();
      expect(gateway.restatePid()).toBe(before.restate);
    };
    await burstThrough('node killed', SEED + 1, kill, gateway.start);
    expect(gateway.nodePid()).not.toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 180_000);

  it('of both at once loses and doubles nothing', async () => {
    const before = { node: gateway.nodePid(), restate: gateway.restatePid() };
    const kill = () => Promise.all([gateway.killNode9(), gateway.killRestate9()]);
    await burstThrough('both killed', SEED + 2, kill, gateway.start);
    expect(gateway.nodePid()).not.toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 180_000);
});
