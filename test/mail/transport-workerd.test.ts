/** The same transport inside workerd: sockets, TLS and names are Cloudflare's, not Node's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TestHarness } from 'wrangler';
import type { MailMessage, SendOutcome } from '../../src/mail/contract.ts';
import { localhostCertificate } from '../support/certificate.ts';
import { type SmtpSink, type SmtpSinkOptions, startSmtpSink } from '../support/smtp-sink.ts';
import { built, noticeWith } from './samples.ts';

interface Answer {
  readonly outcomes: readonly SendOutcome[];
  readonly message: MailMessage;
}

const trusted = localhostCertificate();
let worker: TestHarness;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hookline-mail-worker-'));
  // Miniflare reads this once, when it is loaded, and workerd then trusts this certificate.
  writeFileSync(join(root, 'ca.pem'), trusted.cert);
  vi.stubEnv('NODE_EXTRA_CA_CERTS', join(root, 'ca.pem'));
  const { createTestHarness } = await import('wrangler');
  worker = createTestHarness({
    root,
    workers: [
      {
        config: {
          name: 'mail-worker',
          main: join(import.meta.dirname, 'mail-worker.ts'),
          compatibility_date: '2026-01-01',
          compatibility_flags: ['nodejs_compat'],
        },
      },
    ],
  });
  await worker.listen();
});

afterAll(async () => {
  await worker.close();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

async function sendFromWorker(query: Record<string, string>): Promise<Answer> {
  const response = await worker.fetch(`/?${new URLSearchParams({ timeoutMs: '5000', ...query })}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 500));
  return JSON.parse(text) as Answer; // the Worker beside this file wrote it
}

async function withSink(
  use: (sink: SmtpSink) => Promise<void>,
  options: SmtpSinkOptions = {},
): Promise<void> {
  const sink = await startSmtpSink(options);
  try {
    await use(sink);
  } finally {
    await sink.close();
  }
}

describe('mail out of a Worker', () => {
  it('is handed over with one recipient, and a second one after it', () =>
    withSink(async (sink) => {
      const { outcomes, message } = await sendFromWorker({ smtp: sink.url, twice: '1' });
      expect(outcomes.map(({ kind }) => kind)).toEqual(['sent', 'sent']);
      expect(sink.messages().map(({ messageId }) => messageId)).toEqual([
        message.messageId,
        message.messageId,
      ]);
      expect(sink.messages()[0]?.envelope.to).toEqual(['ada@example.com']);
    }));

  it('is the same mail that Node builds, in the words and digits of the reader', () =>
    withSink(async (sink) => {
      const { message } = await sendFromWorker({ smtp: sink.url });
      const to = {
        address: 'ada@example.com',
        name: 'Ada Lovelace',
        locale: 'de-DE',
        zone: 'Europe/Berlin',
      };
      const onNode = built(noticeWith('reminder-1', { to }));
      expect(message.messageId).toBe(onNode.messageId);
      expect(message.subject).toBe(onNode.subject);
      expect(message.text).toBe(onNode.text);
      expect(message.text).toContain('49,00\u00a0€');
      expect(message.text).toContain('2. März 2026');
    }));

  it('is tried later when nobody listens', async () => {
    const sink = await startSmtpSink();
    await sink.close();
    const { outcomes } = await sendFromWorker({ smtp: sink.url });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry']);
  });

  it('is tried later when the server goes silent, within its own time', () =>
    withSink(async (sink) => {
      sink.setScript(({ at }) => (at === 'rcpt' ? 'hang' : null));
      const { outcomes } = await sendFromWorker({ smtp: sink.url, timeoutMs: '500' });
      expect(outcomes).toEqual([{ kind: 'retry', error: 'no final answer within 500 ms' }]);
    }));

  it.each(['drop', 'hang'] as const)(
    'may have arrived when the server has all of it and does not answer, %s',
    (reply) =>
      withSink(async (sink) => {
        sink.setScript(({ at }) => (at === 'data' ? reply : null));
        const { outcomes } = await sendFromWorker({ smtp: sink.url, timeoutMs: '1000' });
        expect(outcomes.map(({ kind }) => kind)).toEqual(['unknown']);
        sink.setScript(({ at }) => (at === 'rcpt' ? reply : null));
        const before = await sendFromWorker({ smtp: sink.url, timeoutMs: '1000' });
        expect(before.outcomes.map(({ kind }) => kind)).toEqual(['retry']);
      }),
  );

  it('is sent to a server by its name', () =>
    withSink(async (sink) => {
      const { outcomes } = await sendFromWorker({ smtp: `smtp://localhost:${sink.port}` });
      expect(outcomes).toEqual([{ kind: 'sent', response: expect.stringMatching(/^250/) }]);
    }));

  it.each([
    ['smtps', 'implicit', ''],
    ['smtp', 'starttls', '?tls=required'],
  ] as const)('goes over TLS by %s (%s)', (scheme, mode, query) =>
    withSink(
      async (sink) => {
        const smtp = `${scheme}://localhost:${sink.port}${query}`;
        const { outcomes } = await sendFromWorker({ smtp });
        expect(outcomes).toEqual([{ kind: 'sent', response: expect.stringMatching(/^250/) }]);
        expect(sink.messages()[0]?.isSecure).toBe(true);
      },
      { tls: { ...trusted, mode } },
    ),
  );

  it.each([
    ['smtps', 'implicit', ''],
    ['smtp', 'starttls', '?tls=required'],
  ] as const)(
    'is tried later when the certificate is not trusted, by %s (%s)',
    (scheme, mode, query) =>
      withSink(
        async (sink) => {
          const smtp = `${scheme}://localhost:${sink.port}${query}`;
          const { outcomes } = await sendFromWorker({ smtp });
          expect(outcomes).toMatchObject([{ kind: 'retry' }]);
          expect(sink.messages()).toEqual([]);
        },
        { tls: { ...localhostCertificate(), mode } },
      ),
  );

  it('is not tried again when the recipient is refused', () =>
    withSink(async (sink) => {
      sink.setScript(({ at }) => (at === 'rcpt' ? { code: 550, text: 'no such user' } : null));
      const { outcomes } = await sendFromWorker({ smtp: sink.url });
      expect(outcomes.map(({ kind }) => kind)).toEqual(['refused']);
    }));
});
