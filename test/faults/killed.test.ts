import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { killed, runThrough } from '../support/fault-run.ts';
import { createGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts';
import { SEED } from '../support/property.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';

describe('kill -9 of the Node process in the middle of 500 events', () => {
  let sink: SmtpSink;
  let gateway: GatewayProcess;
  beforeEach(async () => {
    sink = await startSmtpSink();
    gateway = await createGatewayProcess({ smtpUrl: sink.url });
    await gateway.start();
  });
  afterEach(async () => {
    await gateway?.end();
    await sink?.close();
  });

  it('loses and doubles nothing, and the next start clears the server it left behind', async () => {
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
    expect(verdict.mails).toBeGreaterThan(20);
    expect(gateway.nodePid()).not.toBe(before.node);
    expect(gateway.restatePid()).not.toBe(before.restate);
  }, 180_000);

  it('loses and doubles nothing when the Restate server goes with it', async () => {
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
    expect(verdict.mails).toBeGreaterThan(20);
  }, 180_000);
});
