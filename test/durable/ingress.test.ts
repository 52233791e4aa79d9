/** The ingress client against a real restate-server, and against servers that misbehave. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as restate from '@restatedev/restate-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FactMessage, keyProblem } from '../../src/durable/contract.ts';
import { type ServedEndpoint, serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { createIngress, type IngressFetch } from '../../src/durable/ingress.ts';
import type { Ingress } from '../../src/durable/ingress-contract.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import { payment } from '../support/follow-up.ts';
import { uniqueId } from '../support/gateway.ts';
import { freePorts, type RunningRestate, startRestate } from '../support/restate.ts';
import { eventually } from './stage.ts';

const message = (eventKey: string): FactMessage => ({
  v: 1,
  source: 'stripe',
  eventKey,
  fact: payment('payment.failed', 0),
  receivedAt: 0,
  via: 'webhook',
});

/** Records which key every handler was called under, by any name it might be reached. */
function recorder() {
  const calls: { handler: string; key: string; eventKey: string }[] = [];
  const record = (handler: string) => async (ctx: restate.ObjectContext, input?: unknown) => {
    const eventKey = (input as FactMessage | undefined)?.eventKey ?? '';
    calls.push({ handler, key: ctx.key, eventKey });
    if (eventKey === 'poison') throw new restate.TerminalError('poisoned', { errorCode: 422 });
    return { handler, key: ctx.key };
  };
  const handlers = {
    onFact: record('onFact'),
    operate: record('operate'),
    view: record('view'),
    expire: record('expire'),
  };
  return {
    calls,
    services: [
      restate.object({ name: 'Payment', handlers }),
      restate.object({ name: 'Recipient', handlers: { suppress: record('suppress') } }),
      restate.service({
        name: 'Archivist',
        handlers: {
          store: restate.handlers.handler(
            { input: restate.serde.binary },
            async (_ctx: restate.Context, _packed: Uint8Array) => undefined,
          ),
        },
      }),
    ],
  };
}

describe('the ingress client on a real server', () => {
  let server: RunningRestate;
  let endpoint: ServedEndpoint;
  let ingress: Ingress;
  const { calls, services } = recorder();

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    [server, endpoint] = await Promise.all([
      startRestate(),
      serveEndpoint({ services, host: '127.0.0.1', port, logger: () => undefined }),
    ]);
    const registered = await registerDeployment({
      adminUrl: server.adminUrl,
      uri: `http://127.0.0.1:${port}`,
      force: true,
      useHttp11: false,
      fetch,
      deadlineMs: 20_000,
    });
    expect(registered.ok).toBe(true);
    ingress = createIngress({
      ingressUrl: `${server.ingressUrl}/`,
      adminUrl: server.adminUrl,
      fetch,
    });
  });
  afterAll(async () => {
    await server.stop();
    await endpoint.close();
  });

  async function seen(eventKey: string) {
    const deadline = performance.now() + 5_000;
    for (;;) {
      const found = calls.filter((call) => call.eventKey === eventKey);
      if (found.length > 0 || performance.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it.each([
    'stripe/in_1',
    'a/b/c',
    'stripe/..',
    'x/../../Payment/other/expire',
    '%2F',
    '%252F',
    'x?delay=9999d',
    '#fragment',
    'stripe/in 1',
    '+',
    ';a=b',
    '\\..\\',
    "o'neill(1)!*",
    'stripe/\u202eRTL-عربى',
    'stripe/😀',
    'p'.repeat(1024),
  ])('T14: the key %s reaches exactly one object, and no other handler', async (key) => {
    const eventKey = uniqueId('evt');
    const answer = await ingress.sendFact('payment', key, message(eventKey), eventKey);
    expect(answer.ok).toBe(true);
    expect(await seen(eventKey)).toEqual([{ handler: 'onFact', key, eventKey }]);
  });

  it.each([
    ['', 'empty'],
    ['.', 'one dot'],
    ['..', 'two dots'],
    ['a\r\nx-evil: 1', 'a line break'],
    ['a\u0000', 'a NUL'],
    ['a\u0085', 'a C1 control'],
    ['a\ud800', 'a lone surrogate'],
    ['p'.repeat(1025), '1025 bytes'],
    ['€'.repeat(400), '1200 bytes in 400 characters'],
    ['p'.repeat(10_000), '10 KB'],
  ])('T14: the key %j (%s) is refused before it is sent', async (key) => {
    const before = calls.length;
    const answer = await ingress.sendFact('payment', key, message('x'), 'x');
    expect(answer).toMatchObject({ ok: false, failure: { reason: 'refused' } });
    expect(keyProblem(key)).not.toBeNull();
    expect(calls.length).toBe(before);
  });

  it('says which send was the first, and keeps to its invocation', async () => {
    const eventKey = uniqueId('evt');
    const first = await ingress.sendFact('payment', 'p/1', message(eventKey), eventKey);
    const second = await ingress.sendFact('payment', 'p/1', message(eventKey), eventKey);
    expect(first).toMatchObject({ ok: true, value: { duplicate: false } });
    expect(second).toMatchObject({ ok: true, value: { duplicate: true } });
    expect(first.ok && second.ok && first.value.invocationId === second.value.invocationId).toBe(
      true,
    );
  });

  it('takes idempotency keys of any text, and two are never one', async () => {
    const keys = ['a b', 'a%20b', 'a\r\nb', 'a%0D%0Ab', 'é', 'e\u0301', '日本', '%', '%25', 'a,b'];
    const run = uniqueId('k');
    for (const key of keys) {
      const answer = await ingress.sendFact('payment', 'p/2', message('x'), `${run}${key}`);
      expect(answer).toMatchObject({ ok: true, value: { duplicate: false } });
    }
    const again = await ingress.sendFact('payment', 'p/2', message('x'), `${run}日本`);
    expect(again).toMatchObject({ ok: true, value: { duplicate: true } });
  });

  it('refuses an empty idempotency key: to Restate it is one key for everything', async () => {
    const answer = await ingress.sendFact('payment', 'p/3', message('x'), '');
    expect(answer).toMatchObject({ ok: false, failure: { reason: 'refused' } });
  });

  it('parks bytes with the service, each key once', async () => {
    const key = uniqueId('park');
    const record = {
      source: 'stripe',
      key,
      type: null,
      subject: null,
      providerTime: null,
      receivedAt: 0,
      flags: 0,
      headers: {},
      secretId: null,
      body: new Uint8Array([0, 1, 255]),
      note: null,
    };
    const send = () => ingress.park({ v: 2, record }, key);
    expect(await send()).toMatchObject({ ok: true, value: { duplicate: false } });
    expect(await send()).toMatchObject({ ok: true, value: { duplicate: true } });
  });

  it('calls and returns the answer', async () => {
    const answer = await ingress.view('payment', 'p/4');
    expect(answer).toEqual({ ok: true, value: { handler: 'view', key: 'p/4' } });
  });

  it('tells a handler that failed from a server that refused', async () => {
    const input = { kind: 'release', actor: 'x' } as const;
    const poison = { v: 1, at: 0, input, eventKey: 'poison' } as const;
    const failed = await ingress.operate('payment', 'p/5', poison);
    expect(failed).toEqual({
      ok: false,
      failure: { reason: 'handler', status: 422, detail: 'poisoned' },
    });
    const unknown = await ingress.sendFact('alert', 'a/1', message('x'), uniqueId('k'));
    expect(unknown).toMatchObject({ ok: false, failure: { reason: 'refused', status: 404 } });
  });

  it('lists the invocations that failed', async () => {
    await ingress.sendFact('payment', 'p/6', message('poison'), uniqueId('k'));
    await expect
      .poll(async () => {
        const answer = await ingress.failedInvocations(10);
        return answer.ok ? answer.value : [];
      })
      .toContainEqual(
        expect.objectContaining({
          target: 'Payment/p/6/onFact',
          status: 'failed',
          failure: expect.stringContaining('poisoned'),
        }),
      );
  });

  it('is ready while the server is, and not once it is gone', async () => {
    expect(await ingress.ready()).toEqual({ ok: true, value: null });
    const weak = createIngress({ ingressUrl: server.ingressUrl, adminUrl: null, fetch });
    expect(await weak.ready()).toEqual({ ok: true, value: null });
    expect(await weak.failedInvocations(1)).toMatchObject({
      ok: false,
      failure: { reason: 'refused' },
    });
    await server.kill9();
    expect(await ingress.ready()).toMatchObject({ ok: false, failure: { reason: 'unreachable' } });
    const down = await ingress.sendFact('payment', 'p/7', message('x'), 'x');
    expect(down).toMatchObject({ ok: false, failure: { reason: 'unreachable' } });
    await server.restart();
    // It answers before all of its partitions do.
    await eventually(async () => expect(await ingress.ready()).toEqual({ ok: true, value: null }));
  });
});

describe('the ingress client on servers that misbehave', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const one of servers.splice(0)) {
      one.closeAllConnections();
      one.close();
    }
  });

  async function answering(answer: (response: ServerResponse, path: string, nth: number) => void) {
    let requests = 0;
    const one = createServer((request, response) => {
      requests += 1;
      request.resume();
      answer(response, request.url ?? '', requests);
    });
    servers.push(one);
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    const url = `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
    const client = createIngress({ ingressUrl: url, adminUrl: url, fetch, timeoutMs: 400 });
    return {
      url,
      count: () => requests,
      send: () => client.sendFact('payment', 'p/1', message('x'), 'k'),
      operate: () =>
        client.operate('payment', 'p/1', { v: 1, at: 0, input: { kind: 'release', actor: 'x' } }),
    };
  }

  const json = (response: ServerResponse, status: number, body: unknown, source?: string): void => {
    if (source !== undefined) response.setHeader('x-restate-error-source', source);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  it('a server that never answers: timeout within the limit', async () => {
    const { send } = await answering(() => undefined);
    const started = performance.now();
    expect(await send()).toEqual({ ok: false, failure: { reason: 'timeout', afterMs: 400 } });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('an answer whose body never ends: timeout all the same', async () => {
    const { send } = await answering((response) => response.writeHead(202).write('{'));
    expect(await send()).toMatchObject({ ok: false, failure: { reason: 'timeout' } });
  });

  it('a connection that breaks is tried once more, where that is safe', async () => {
    const flaky = await answering((response, _path, nth) =>
      nth === 1
        ? response.destroy()
        : json(response, 202, { invocationId: 'inv_1', status: 'PreviouslyAccepted' }),
    );
    expect(await flaky.send()).toEqual({
      ok: true,
      value: { invocationId: 'inv_1', duplicate: true },
    });
    const dead = await answering((response) => response.destroy());
    expect(await dead.send()).toMatchObject({ ok: false, failure: { reason: 'unreachable' } });
    expect(dead.count()).toBe(2);
    expect(await dead.operate()).toMatchObject({ ok: false, failure: { reason: 'unreachable' } });
    expect(dead.count()).toBe(3);
  });

  it.each([
    [429, 'overloaded'],
    [503, 'overloaded'],
    [500, 'overloaded'],
    [400, 'refused'],
    [404, 'refused'],
    [413, 'refused'],
  ])('status %i of the ingress: %s', async (status, reason) => {
    const { send } = await answering((response) =>
      json(response, status, { message: 'm', stacktrace: 'secret' }, 'ingress'),
    );
    const answer = await send();
    expect(answer).toMatchObject({ ok: false, failure: { reason, status } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('status 500 of the invocation is the handler', async () => {
    const { send } = await answering((response) =>
      json(response, 500, { message: 'm' }, 'invocation'),
    );
    expect(await send()).toEqual({
      ok: false,
      failure: { reason: 'handler', status: 500, detail: 'm' },
    });
  });

  it.each([
    ['a page', (response: ServerResponse) => response.writeHead(200).end('<html>')],
    ['nothing', (response: ServerResponse) => response.writeHead(202).end()],
    ['no invocation', (response: ServerResponse) => json(response, 202, { status: 'Accepted' })],
    [
      'another status',
      (response: ServerResponse) => json(response, 202, { invocationId: 'i', status: 'Maybe' }),
    ],
  ])('2xx with %s is not taken for an acceptance', async (_name, answer) => {
    const { send } = await answering(answer);
    expect(await send()).toMatchObject({ ok: false, failure: { reason: 'refused' } });
  });

  it('T19: a redirect is not followed', async () => {
    const other = await answering((response) =>
      json(response, 202, { invocationId: 'i', status: 'Accepted' }),
    );
    const { send } = await answering((response) =>
      response.writeHead(307, { location: `${other.url}/elsewhere` }).end(),
    );
    expect(await send()).toMatchObject({ ok: false, failure: { reason: 'refused' } });
    expect(other.count()).toBe(0);
  });

  it('sends the authorization of the config, and only our own names as path and headers', async () => {
    const asked: { url: string; headers: Record<string, string> }[] = [];
    const spy: IngressFetch = async (url, init) => {
      asked.push({ url, headers: init.headers });
      return new Response('{"invocationId":"i","status":"Accepted"}', { status: 202 });
    };
    const client = createIngress({
      ingressUrl: 'https://restate.example',
      adminUrl: null,
      fetch: spy,
      headers: { authorization: 'Bearer key' },
    });
    await client.sendFact('payment', 'a/b?x', message('x'), 'k 1');
    expect(asked).toEqual([
      {
        url: 'https://restate.example/restate/send/Payment/a%2Fb%3Fx/onFact',
        headers: {
          authorization: 'Bearer key',
          accept: 'application/json',
          'content-type': 'application/json',
          'idempotency-key': 'k%201',
        },
      },
    ]);
  });
});
