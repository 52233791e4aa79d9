/** Reminders and escalations: Hookline beside Restate's payment tracker in five languages. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIMS } from '../../examples/payment-tracker/claims.ts';
import { paymentTrackers } from '../../examples/payment-tracker/compare.ts';
import { paymentTracker, VARIANTS } from '../../examples/payment-tracker/variants.ts';
import { serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import {
  type ExampleServers,
  type Played,
  playOn,
  startExampleServers,
} from '../support/example.ts';

const UNLUCKY = 'unanswered@example.com';

/** The first mail to this address is taken, but the connection is cut before the sender hears of it. */
function loseFirstAnswerTo({ sink }: ExampleServers, address: string): void {
  let connection: number | null = null;
  let lost = false;
  sink.setScript((step) => {
    if (step.at === 'rcpt' && step.address === address) connection = step.connection;
    if (lost || step.at !== 'data' || step.connection !== connection) return null;
    lost = true;
    return 'drop';
  });
}

describe('on the same sequence of events', () => {
  let servers: ExampleServers;
  let played: Played;
  beforeAll(async () => {
    servers = await startExampleServers();
    loseFirstAnswerTo(servers, UNLUCKY);
    played = await playOn(servers, paymentTrackers);
  }, 120_000);
  afterAll(async () => {
    await servers?.close();
  });

  it.each(CLAIMS.map(({ claim }) => claim))('%s', (claim) => {
    const expectation = played.expectations.find((one) => one.claim === claim);
    expect(expectation).toEqual({ claim, held: true, seen: '' });
  });

  it('repeats a mail whose answer was lost under its Message-ID, and no other mail', () => {
    const mails = servers.sink.messages();
    const ids = mails.map(({ messageId }) => messageId);
    const unlucky = mails.filter(({ envelope }) => envelope.to.includes(UNLUCKY));
    expect(ids.length).toBeGreaterThan(20);
    expect(unlucky).toHaveLength(4);
    expect(unlucky[1]?.messageId).toBe(unlucky[0]?.messageId);
    expect(new Set(ids).size).toBe(ids.length - 1);
  });

  it('while a tracker repeats it as a new mail, with nothing to tell them apart', async () => {
    const [ts] = VARIANTS;
    if (ts === undefined) throw new Error('no variant');
    const lossy = { ...ts, objectName: 'PaymentTrackerLossy' };
    const mails: string[] = [];
    const tracker = paymentTracker(lossy, {
      scale: (intervalMs) => intervalMs,
      mail: async (told, payment) => {
        mails.push(`${told} ${payment}`);
        if (mails.length === 1) throw new Error('taken, but the answer never came');
      },
    });
    const logger = () => undefined;
    const endpoint = await serveEndpoint({
      services: [tracker],
      host: '127.0.0.1',
      port: 0,
      logger,
    });
    try {
      const registered = await registerDeployment({
        adminUrl: servers.restate.adminUrl,
        uri: `http://127.0.0.1:${endpoint.port}`,
        force: true,
        useHttp11: false,
        fetch,
        deadlineMs: 20_000,
      });
      expect(registered.ok).toBe(true);
      const event = { id: 'evt_1', type: 'failed', created: 0, data: { id: 'in_1', customer: '' } };
      const url = `${servers.restate.ingressUrl}/${lossy.objectName}/in_1/${lossy.onFailure}`;
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
      expect(answer.ok).toBe(true);
      expect(mails).toEqual(['reminder in_1', 'reminder in_1']);
    } finally {
      await endpoint.close();
    }
  });

  it('prints what each system told people, side by side', () => {
    expect(played.output).toMatch(/a failure that nobody answers( +3\+1){6}\n/);
  });
});
