/** Fan-out and fan-in, with a mail server that knows only two of the three people. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fanOut, PEOPLE } from '../../examples/fan-out/run.ts';
import {
  type ExampleServers,
  type Played,
  playOn,
  startExampleServers,
} from '../support/example.ts';

describe('the fan-out example, with one mailbox that does not exist', () => {
  let servers: ExampleServers;
  let played: Played;
  beforeAll(async () => {
    servers = await startExampleServers();
    servers.sink.setScript(({ at, address }) =>
      at === 'rcpt' && address === PEOPLE[1] ? { code: 550, text: 'no such mailbox' } : null,
    );
    played = await playOn(servers, fanOut);
  }, 120_000);
  afterAll(async () => {
    await servers?.close();
  });

  it('finds everything as it claims', () => {
    expect(played.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(played.expectations).toHaveLength(7);
  });

  it('reaches the two others, and says of the third why not', () => {
    expect(played.output).toMatch(/finance@acme\.test +sent/);
    expect(played.output).toMatch(/sales@acme\.test +failed: .*550/);
    expect(played.output).toMatch(/grace@acme\.test +sent/);
    const to = servers.sink.messages().flatMap(({ envelope }) => envelope.to);
    const team = to.filter((address) => address.endsWith('@acme.test'));
    expect(team.toSorted()).toEqual(['finance@acme.test', 'grace@acme.test']);
  });
});
