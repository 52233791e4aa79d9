/** Bodies over a real socket: what senders may claim, and what counts. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { createBodyBudget } from '../../src/edge/body-budget.ts';
import { readBody } from '../../src/edge/read-body.ts';
import { type EdgeUnderTest, edgeUnderTest } from '../support/edge-app.ts';
import { stripeDelivery, uniqueId, untrackedEvent } from '../support/gateway.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(edge: EdgeUnderTest): Promise<number> {
  const server = createAdaptorServer({ fetch: edge.app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  closers.push(() => socket.destroy());
  return socket;
}

async function statusOf(socket: Socket): Promise<number> {
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
    if (status !== undefined) return Number(status);
  }
  return 0;
}

const head = (path: string, headers: Record<string, string>): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

describe('a body over a socket', () => {
  it('declared longer than the cap: 413 before it is sent', async () => {
    const socket = await open(await listen(edgeUnderTest()));
    socket.write(head('/webhooks/small', { 'content-length': '2001' }));
    expect(await statusOf(socket)).toBe(413);
  });

  it('T6: chunked without end: 413 at the cap', async () => {
    const edge = edgeUnderTest();
    const socket = await open(await listen(edge));
    socket.write(head('/webhooks/small', { 'transfer-encoding': 'chunked' }));
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    const timer = setInterval(() => socket.write(chunk), 5);
    closers.push(() => clearInterval(timer));
    expect(await statusOf(socket)).toBe(413);
    expect(edge.ingress.tries).toEqual([]);
  });

  it.each([5_000, 1_000_000])(
    'over the cap without a declared length (%i bytes): the next delivery on the line is served',
    async (bytes) => {
      const edge = edgeUnderTest();
      const socket = await open(await listen(edge));
      socket.write(head('/webhooks/small', { 'transfer-encoding': 'chunked' }));
      for (let sent = 0; sent < bytes; sent += 1000) {
        socket.write(`3e8\r\n${'x'.repeat(1000)}\r\n`);
      }
      socket.write('0\r\n\r\n');
      const { headers, body } = stripeDelivery(untrackedEvent(uniqueId('evt')));
      // Longer than the server gives a body that nobody reads.
      await new Promise((resolve) => setTimeout(resolve, 700));
      socket.write(head('/webhooks/stripe', { ...headers, 'content-length': `${body.length}` }));
      socket.write(body);
      let answers = '';
      for await (const chunk of socket) {
        answers += String(chunk);
        if (answers.includes('"received":true')) break;
      }
      expect(answers.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
    },
  );

  it('shorter than it declares: nothing is accepted', async () => {
    const edge = edgeUnderTest({ limits: { bodyReadMs: 200 } });
    const socket = await open(await listen(edge));
    const { headers, body } = stripeDelivery(untrackedEvent(uniqueId('evt')));
    socket.write(
      head('/webhooks/stripe', { ...headers, 'content-length': String(body.length + 5) }),
    );
    socket.write(body);
    expect(await statusOf(socket)).toBe(503);
    expect(edge.archive.records.size).toBe(0);
  });

  it('T6: one byte at a time: cut off at the read deadline', async () => {
    const edge = edgeUnderTest({ limits: { bodyReadMs: 300 } });
    const socket = await open(await listen(edge));
    const started = performance.now();
    socket.write(head('/webhooks/stripe', { 'content-length': '100000' }));
    const timer = setInterval(() => socket.write('x'), 20);
    closers.push(() => clearInterval(timer));
    expect(await statusOf(socket)).toBe(503);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('whose sender goes away leaves the gateway serving', async () => {
    const edge = edgeUnderTest();
    const port = await listen(edge);
    for (let index = 0; index < 20; index += 1) {
      const socket = await open(port);
      socket.write(head('/webhooks/stripe', { 'content-length': '1000' }));
      socket.write('{');
      socket.destroy();
    }
    const socket = await open(port);
    const { headers, body } = stripeDelivery(untrackedEvent(uniqueId('evt')));
    socket.write(head('/webhooks/stripe', { ...headers, 'content-length': String(body.length) }));
    socket.write(body);
    expect(await statusOf(socket)).toBe(200);
  });

  it('T6: beyond the bytes that may be in flight: 503; when they are gone: 200', async () => {
    const edge = edgeUnderTest({ limits: { bodyBytesMax: 50_000 } });
    const port = await listen(edge);
    const holders = await Promise.all(Array.from({ length: 4 }, () => open(port)));
    for (const socket of holders) {
      socket.write(head('/webhooks/stripe', { 'content-length': '20000' }));
      socket.write('x'.repeat(12_000));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { headers, body } = stripeDelivery(
      `{"id":"evt_1","type":"x","pad":"${'p'.repeat(9_000)}"}`,
    );
    const send = async (): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/webhooks/stripe`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
      });
    const refused = await send();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    for (const socket of holders) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await send()).status).toBe(200);
  });
});

describe('the body budget', () => {
  it('forgets a reservation that nobody closed, after a minute', () => {
    let now = 0;
    const budget = createBodyBudget({ bytesMax: 10, wallNow: () => now });
    expect(budget.open().grow(10)).toBe(true);
    now = 59_000;
    expect(budget.open().grow(1)).toBe(false);
    now = 61_000;
    expect(budget.open().grow(10)).toBe(true);
  });

  it('keeps counting a body until the write that holds it has settled', async () => {
    const budget = createBodyBudget({ bytesMax: 10, wallNow: () => 0 });
    const reservation = budget.open();
    reservation.grow(4);
    const write = Promise.withResolvers<void>();
    reservation.keepUntil(write.promise);
    reservation.close();
    expect(budget.heldBytes()).toBe(4);
    write.reject(new Error('disk'));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(budget.heldBytes()).toBe(0);
  });
});

describe('reading', () => {
  const read = (chunks: readonly Uint8Array[], bytesMax: number) =>
    readBody({
      stream: new ReadableStream({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk);
          controller.close();
        },
      }),
      declaredLength: null,
      bytesMax,
      readMs: 1_000,
      reservation: createBodyBudget({ bytesMax: 1e9, wallNow: () => 0 }).open(),
    });

  it('joins chunks of any size in order, empty ones too', async () => {
    const body = Uint8Array.from({ length: 5_000 }, (_, index) => index % 251);
    const chunks = [body.slice(0, 0), body.slice(0, 1), body.slice(1, 1), body.slice(1, 3_000)];
    const result = await read([...chunks, ...singles(body.slice(3_000))], 5_000);
    expect(result).toEqual({ ok: true, value: body });
  });

  it('accepts exactly the cap and refuses one byte more', async () => {
    expect((await read([new Uint8Array(10)], 10)).ok).toBe(true);
    expect(await read([new Uint8Array(10), new Uint8Array(1)], 10)).toEqual({
      ok: false,
      failure: { reason: 'too_large', bytesMax: 10, bytesSeen: 11 },
    });
  });

  function singles(bytes: Uint8Array): Uint8Array[] {
    return Array.from(bytes, (byte) => Uint8Array.of(byte));
  }
});
