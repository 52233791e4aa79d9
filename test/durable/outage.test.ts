import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Archive } from '../../src/archive/contract.ts';
import type { ParkMessageV1 } from '../../src/durable/contract.ts';
import { registerDeployment, selfCheck } from '../../src/durable/register.ts';
import { payment } from '../support/follow-up.ts';
import { days, eventually, failOn, granted, inBothModes, type Stage, startStage } from './stage.ts';

/** Fails as an unreachable archive does until it is told to work. */
function breakable(): { wrap: (archive: Archive) => Archive; works: boolean; refused: number } {
  const switchboard = {
    works: false,
    refused: 0,
    wrap: (archive: Archive): Archive => ({
      ...archive,
      put: async (record) => {
        if (switchboard.works) return archive.put(record);
        switchboard.refused += 1;
        throw new Error('archive unreachable');
      },
    }),
  };
  return switchboard;
}

inBothModes('when something is away', (alwaysReplay) => {
  const archiveSwitch = breakable();
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay, wrapArchive: archiveSwitch.wrap });
  });
  afterAll(() => stage?.close());

  it('says whether the server or the endpoint is missing when it cannot register', async () => {
    const wanted = { uri: 'http://127.0.0.1:1', force: true, useHttp11: false, fetch };
    const { adminUrl } = stage.restate;
    expect(await registerDeployment({ ...wanted, adminUrl, deadlineMs: 5_000 })).toMatchObject({
      failure: { reason: 'endpoint_refused' },
    });
    const nobody = 'http://127.0.0.1:1';
    expect(
      await registerDeployment({ ...wanted, adminUrl: nobody, deadlineMs: 300 }),
    ).toMatchObject({ failure: { reason: 'server_unreachable' } });
    expect(await selfCheck({ ingressUrl: nobody, fetch, timeoutMs: 300 })).toMatchObject({
      failure: { reason: 'no_answer' },
    });
  });

  const record = (key: string) => ({
    source: 'stripe',
    key,
    type: 'invoice.paid',
    subject: null,
    providerTime: null,
    receivedAt: Date.now(),
    flags: 0,
    headers: { 'content-type': 'application/json' },
    secretId: null,
    note: null,
  });
  const body = new Uint8Array([0, 1, 255, 10, 13]);
  const kept = (key: string) =>
    eventually(async () => {
      expect(await stage.deps.archive.body('stripe', key)).toEqual({ kind: 'bytes', bytes: body });
    });

  it('keeps parked bytes until the archive is back, then stores them once', async () => {
    const park = { v: 2, record: { ...record('evt_parked'), body } } as const;
    const parked = await stage.ingress.park(park, 'stripe/evt_parked');
    expect(granted(parked).duplicate).toBe(false);
    await eventually(() => expect(archiveSwitch.refused).toBeGreaterThan(1));
    archiveSwitch.works = true;
    await kept('evt_parked');
    expect(granted(await stage.ingress.park(park, 'stripe/evt_parked')).duplicate).toBe(true);
  });

  it('stores what the version before this one parked, as it sent it', async () => {
    const before: ParkMessageV1 = {
      v: 1,
      record: { ...record('evt_before'), bodyBase64: Buffer.from(body).toString('base64') },
    };
    const headers = { 'idempotency-key': 'stripe:evt_before' };
    expect((await stage.post('/restate/send/Archivist/store', before, headers)).status).toBe(202);
    await kept('evt_before');
  });

  it('gives up no parked bytes that it cannot read: they wait for a version that can', async () => {
    const ofTheFuture = { ...record('evt_after'), v: 3 };
    const headers = { 'idempotency-key': 'stripe:evt_after' };
    await stage.post('/restate/send/Archivist/store', ofTheFuture, headers);
    await eventually(async () => {
      const [waiting] = granted(await stage.ingress.failedInvocations(10));
      expect(waiting).toMatchObject({ target: 'Archivist/store', status: 'backing-off' });
      expect(waiting?.failure).toContain('unreadable parked event');
    });
  });

  it('loses no accepted fact while the endpoint is away', async () => {
    const subject = 'stripe/in_outage';
    await stage.stopEndpoint();
    const fact = payment('payment.failed', stage.now(), { ref: 'in_outage' });
    const message = {
      v: 1,
      source: 'stripe',
      eventKey: 'evt_outage',
      fact,
      receivedAt: stage.now(),
      via: 'webhook',
    } as const;
    granted(await stage.ingress.sendFact('payment', subject, message, 'evt_outage'));
    // Longer than any short retry policy would last: Restate counts refused connections.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await stage.startEndpoint();
    await eventually(async () => expect((await stage.view(subject)).status).toBe('failed'));
    await stage.operate(subject, { kind: 'resolve', reason: null, actor: 'ada' });
  });

  it('fires a timer that came due while the Restate server was dead', async () => {
    const subject = 'stripe/in_crash';
    await failOn(stage, subject);
    await stage.restate.kill9();
    await days(2);
    await stage.restate.restart();
    await eventually(() => expect(stage.mailsAbout(subject).length).toBeGreaterThan(0), 60_000);
    await stage.operate(subject, { kind: 'resolve', reason: null, actor: 'ada' });
    const sent = stage.mailsAbout(subject).map((mail) => mail.subject);
    expect(new Set(sent).size).toBe(sent.length);
  }, 90_000);
});
