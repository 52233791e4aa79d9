/** Our ingress client beside Restate's own: one server, one meaning of object, key and idempotency. */
import { connect, rpc } from '@restatedev/restate-sdk-clients';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type FactMessage,
  HANDLER,
  PAYMENT,
  type SubjectView,
} from '../../src/durable/contract.ts';
import { payment } from '../support/follow-up.ts';
import { type Stage, startStage } from './stage.ts';

describe("Restate's own client and ours", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay: false });
  });
  afterAll(() => stage?.close());

  const messageOf = (subject: string, eventKey: string): FactMessage => ({
    v: 1,
    source: 'stripe',
    eventKey,
    fact: payment('payment.paid', stage.now(), { ref: subject.split('/')[1] ?? '' }),
    receivedAt: stage.now(),
    via: 'webhook',
  });

  it('share one idempotency: what one sent, the other finds already accepted', async () => {
    const subject = 'stripe/in_clients';
    const theirs = connect({ url: stage.restate.ingressUrl });
    const sent = await theirs.send<FactMessage>({
      service: PAYMENT,
      key: subject,
      handler: HANDLER.onFact,
      parameter: messageOf(subject, 'evt_clients'),
      opts: rpc.sendOpts({ idempotencyKey: 'stripe:evt_clients' }),
    });
    const ours = await stage.ingress.sendFact(
      'payment',
      subject,
      messageOf(subject, 'evt_clients'),
      'stripe:evt_clients',
    );
    expect(ours).toEqual({ ok: true, value: { invocationId: sent.invocationId, duplicate: true } });
    await theirs.result(sent);
    const seen = await theirs.call<undefined, SubjectView>({
      service: PAYMENT,
      key: subject,
      handler: HANDLER.view,
      parameter: undefined,
    });
    const view = await stage.ingress.view('payment', subject);
    expect(view).toEqual({ ok: true, value: seen });
    expect(seen.status).toBe('paid');
  });

  it('keep two events apart on one subject', async () => {
    const subject = 'stripe/in_apart';
    const send = (eventKey: string) =>
      stage.ingress.sendFact('payment', subject, messageOf(subject, eventKey), eventKey);
    const [first, second] = [await send('evt_one'), await send('evt_two')];
    expect(first.ok && second.ok && first.value.invocationId !== second.value.invocationId).toBe(
      true,
    );
  });
});
