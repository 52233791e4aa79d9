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

  it('of the Restate server loses no acked event, doubles no effect, keeps the order of a payment', async () => {
    const before = { node: gateway.nodePid(), restate: gateway.restatePid() };
    const { verdict, evidence } = await runThrough({
      name: 'restate killed',
      gateway,
      sink: () => sink,
      seed: SEED,
      disturb: async (burst) => {
        await burst.untilAcked(150 + (SEED % 200));
        // The supervisor starts it again, as it would at a user's.
        return [await killed(burst, gateway.killRestate9)];
      },
    });
    expect(verdict.violations).toEqual([]);
    expect(verdict.acked).toBe(500);
    expect(verdict.orderedPairs).toBeGreaterThan(500);
    expect(verdict.mails).toBeGreaterThan(20);
    // The same checker finds every lie that can be made of what this very run left behind.
    const { uncaught, tried } = tryFalsehoods(evidence);
    expect(uncaught).toEqual([]);
    expect(tried).toBeGreaterThan(12);
    expect(gateway.nodePid()).toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 120_000);

  it('of the Node process loses and doubles nothing, and the next start clears the server it left behind', async () => {
    const before = { node: gateway.nodePid(), restate: gateway.restatePid() };
    const { verdict } = await runThrough({
      name: 'node killed',
      gateway,
      sink: () => sink,
      seed: SEED + 1,
      disturb: async (burst) => {
        await burst.untilAcked(150 + (SEED % 200));
        const kill = async (): Promise<void> => {
          await gateway.killNode9();
          expect(gateway.restatePid()).toBe(before.restate);
        };
        return [await killed(burst, kill, gateway.start)];
      },
    });
    expect(verdict.violations).toEqual([]);
    expect(verdict.acked).toBe(500);
    expect(verdict.orderedPairs).toBeGreaterThan(500);
    expect(verdict.mails).toBeGreaterThan(20);
    expect(gateway.nodePid()).not.toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 180_000);

  it('of both at once loses and doubles nothing', async () => {
    const before = { node: gateway.nodePid(), restate: gateway.restatePid() };
    const { verdict } = await runThrough({
      name: 'both killed',
      gateway,
      sink: () => sink,
      seed: SEED + 2,
      disturb: async (burst) => {
        await burst.untilAcked(150 + (SEED % 200));
        const kill = () => Promise.all([gateway.killNode9(), gateway.killRestate9()]);
        return [await killed(burst, kill, gateway.start)];
      },
    });
    expect(verdict.violations).toEqual([]);
    expect(verdict.acked).toBe(500);
    expect(verdict.orderedPairs).toBeGreaterThan(500);
    expect(verdict.mails).toBeGreaterThan(20);
    expect(gateway.nodePid()).not.toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 180_000);
});
