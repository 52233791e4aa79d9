/** Event join on one key, in every order of arrival. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventJoin } from '../../examples/event-join/run.ts';
import {
  type ExampleServers,
  type Played,
  playOn,
  startExampleServers,
} from '../support/example.ts';

describe('the event join example', () => {
  let servers: ExampleServers;
  let played: Played;
  beforeAll(async () => {
    servers = await startExampleServers();
    played = await playOn(servers, eventJoin);
  }, 120_000);
  afterAll(async () => {
    await servers?.close();
  });

  it('finds everything as it claims', () => {
    expect(played.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(played.expectations).toHaveLength(5);
    expect(played.output).toContain('all 24 orders');
  });

  it('alarms the team once for each payment, not once for each id of it', () => {
    const mails = servers.sink.messages();
    // At the end one dispute is won, and the team hears that as well.
    const isOver = (step: string | null): boolean => step?.endsWith('/resolved') === true;
    const alarms = mails
      .filter((mail) => !isOver(mail.header('x-hookline-step')))
      .flatMap((mail) => (mail.header('x-hookline-subject') ?? '').split(' '));
    const payments = alarms.map((subject) => /^stripe\/(?:in|pi)_joined(\d+)$/.exec(subject)?.[1]);
    expect(alarms.length).toBe(24);
    expect(new Set(payments).size).toBe(24);
    expect(payments).not.toContain(undefined);
  });
});
