/**
 * How long each handler is remembered, how it is retried and who may call it, as a Restate server
 * has them after discovery: a default of Restate, or a slip in `options.ts`, would show only days
 * after it was deployed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HANDLER } from '../../src/durable/contract.ts';
import { type Stage, startStage } from './stage.ts';

const UNTIL_DONE = {
  first: '100ms',
  factor: 2,
  longest: '10s',
  tries: 1_000_000,
  finally: 'Pause',
};
const SOON_OR_NEVER = { first: '100ms', factor: 2, longest: '1s', tries: 5, finally: 'Kill' };
/** Restate's own: no handler computes for that long between two words to it. */
const TIMEOUTS = { inactivity: '1m', abort: '10m' };

/** Longer than any provider repeats itself: Stripe for three days, Standard Webhooks for 75.6 h. */
const fact = { open: true, repeats: '8d', journal: '3d', retry: UNTIL_DONE, ...TIMEOUTS };
const operator = { open: true, repeats: '10m', journal: '1d', retry: SOON_OR_NEVER, ...TIMEOUTS };
const lasting = { open: true, repeats: '1d', journal: '0s', retry: UNTIL_DONE, ...TIMEOUTS };
const read = { open: true, repeats: '10s', journal: '0s', retry: SOON_OR_NEVER, ...TIMEOUTS };
const ours = { open: false, repeats: '1d', journal: '1d', retry: UNTIL_DONE, ...TIMEOUTS };
const ourRead = { open: false, repeats: '10s', journal: '0s', retry: UNTIL_DONE, ...TIMEOUTS };

const SUBJECT = {
  onFact: fact,
  onTimer: ours,
  onLink: ours,
  onHandOver: ours,
  onOutcome: ours,
  operate: operator,
  expire: ours,
  view: read,
  simulate: read,
  preview: read,
  stillWanted: ourRead,
};

const TABLE: Readonly<Record<string, Readonly<Record<string, typeof fact>>>> = {
  Payment: SUBJECT,
  Alert: SUBJECT,
  Recipient: {
    deliver: ours,
    attempt: ours,
    flush: ours,
    expire: ours,
    view: read,
    suppress: lasting,
    unsuppress: operator,
  },
  Quarantine: { add: ours, list: read, resolve: operator },
  // An archive that is away is away for a while: asked at least once a minute.
  Archivist: { store: { ...lasting, retry: { ...UNTIL_DONE, longest: '1m' } } },
};

/** What is read of the admin API's answer. A handler that leaves something open lacks the field. */
interface Handler {
  readonly name: string;
  readonly public: boolean;
  readonly idempotency_retention?: string;
  readonly journal_retention?: string;
  readonly inactivity_timeout?: string;
  readonly abort_timeout?: string;
  readonly retry_policy?: {
    readonly initial_interval?: string;
    readonly exponentiation_factor?: number;
    readonly max_interval?: string;
    readonly max_attempts?: number;
    readonly on_max_attempts?: string;
  };
}
interface Service {
  readonly name: string;
  readonly handlers: readonly Handler[];
  readonly inactivity_timeout: string;
  readonly abort_timeout: string;
}

function rowOf(service: Service, handler: Handler) {
  const retry = handler.retry_policy;
  return {
    open: handler.public,
    repeats: handler.idempotency_retention,
    journal: handler.journal_retention,
    retry: {
      first: retry?.initial_interval,
      factor: retry?.exponentiation_factor,
      longest: retry?.max_interval,
      tries: retry?.max_attempts,
      finally: retry?.on_max_attempts,
    },
    inactivity: handler.inactivity_timeout ?? service.inactivity_timeout,
    abort: handler.abort_timeout ?? service.abort_timeout,
  };
}

describe('the handlers, as a Restate server knows them', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay: false });
  });
  afterAll(() => stage?.close());

  it('have the retentions, retries, timeouts and privacy of the table, and there are no others', async () => {
    const response = await fetch(`${stage.restate.adminUrl}/services`);
    const { services } = (await response.json()) as { services: readonly Service[] };
    const found = Object.fromEntries(
      services.map((service) => [
        service.name,
        Object.fromEntries(
          service.handlers.map((handler) => [handler.name, rowOf(service, handler)]),
        ),
      ]),
    );
    expect(found).toEqual(TABLE);
  });

  it('are those of contract.ts, each of them', () => {
    const served = new Set(Object.values(TABLE).flatMap((handlers) => Object.keys(handlers)));
    expect([...served].toSorted()).toEqual(Object.values(HANDLER).toSorted());
  });

  it.each(Object.entries(TABLE))(
    'of %s are refused to whoever reaches the ingress, all but the open ones',
    async (object, handlers) => {
      const key = object === 'Archivist' ? '' : '/stripe%2Fin_x';
      for (const handler of Object.values(HANDLER)) {
        if (handlers[handler]?.open === true) continue;
        const answer = handler in handlers ? [400, 'not public'] : [404, 'was not found'];
        for (const path of [
          `/restate/call/${object}${key}/${handler}`,
          `/restate/send/${object}${key}/${handler}`,
          `/restate/send/${object}${key}/${handler}?delay=1d`,
          // As addresses were before `/restate`; the server still takes them.
          `/${object}${key}/${handler}`,
          `/${object}${key}/${handler}/send`,
        ]) {
          const called = await stage.post(path, {});
          const [status, reason] = answer;
          expect([path, called.status, await called.text()]).toEqual([
            path,
            status,
            expect.stringContaining(String(reason)),
          ]);
        }
      }
    },
  );
});
