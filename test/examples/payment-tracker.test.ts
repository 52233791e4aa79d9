/** Reminders and escalations: Hookline beside Restate's payment tracker in five languages. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIMS } from '../../examples/payment-tracker/claims.ts';
import { paymentTrackers } from '../../examples/payment-tracker/compare.ts';
import {
  type ExampleServers,
  type Played,
  playOn,
  startExampleServers,
} from '../support/example.ts';

describe('on the same sequence of events', () => {
  let servers: ExampleServers;
  let played: Played;
  beforeAll(async () => {
    servers = await startExampleServers();
    played = await playOn(servers, paymentTrackers);
  }, 120_000);
  afterAll(async () => {
    await servers?.close();
  });

  it.each(CLAIMS.map(({ claim }) => claim))('%s', (claim) => {
    const expectation = played.expectations.find((one) => one.claim === claim);
    expect(expectation).toEqual({ claim, held: true, seen: '' });
  });

  it('sends no mail twice: every Message-ID is new', () => {
    const ids = servers.sink.messages().map(({ messageId }) => messageId);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('prints what each system told people, side by side', () => {
    expect(played.output).toMatch(/a failure that nobody answers( +3\+1){6}\n/);
  });
});
