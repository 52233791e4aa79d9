/**
 * Everything the objects touch, for real: restate-server, the endpoint, an SMTP server, an SQLite
 * archive, the ingress client. Only the clock is scaled: a day of follow-up passes in 1.5 seconds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import type { Archive } from '../../src/archive/contract.ts';
import { type Clock, scaledClock } from '../../src/core/clock.ts';
import { defaultLadders } from '../../src/core/default-ladders.ts';
import type { SubjectFact, SubjectKind } from '../../src/core/fact.ts';
import type { OperatorInput } from '../../src/core/follow-up/types.ts';
import type { Result } from '../../src/core/result.ts';
import type {
  FactAnswer,
  FactMessage,
  OperatorAnswer,
  SubjectView,
} from '../../src/durable/contract.ts';
import { OBJECT_OF } from '../../src/durable/contract.ts';
import type { ServiceDeps } from '../../src/durable/deps.ts';
import { type ServedEndpoint, serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { createIngress } from '../../src/durable/ingress.ts';
import type { Ingress } from '../../src/durable/ingress-contract.ts';
import { registerDeployment, selfCheck } from '../../src/durable/register.ts';
import { createServices } from '../../src/durable/services.ts';
import type { Gateway, ResolvedSource } from '../../src/gateway.ts';
import { smtpTransport } from '../../src/mail/transport-smtp.ts';
import { DAY, payment } from '../support/follow-up.ts';
import { lateArchive } from '../support/late-archive.ts';
import { freePorts, type RunningRestate, startRestate } from '../support/restate.ts';
import { type SinkMail, type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';
import { source } from './sources.ts';

/** A day in 1.5 s: short enough to wait for, long enough for a busy machine to keep up. */
export const SCALE = 57_600;

/** Both ways a handler can run: straight through, and replayed from its journal at every wait. */
export const MODES = [
  { mode: 'plain', alwaysReplay: false },
  { mode: 'replayed at every suspension', alwaysReplay: true },
] as const;

/** The same tests both ways and at the same time, for most of that time is waiting. */
export function inBothModes(title: string, tests: (alwaysReplay: boolean) => void): void {
  describe.concurrent.each(MODES)('$mode', ({ alwaysReplay }) => {
    describe(title, { concurrent: false }, () => tests(alwaysReplay));
  });
}

export interface Stage {
  readonly restate: RunningRestate;
  readonly ingress: Ingress;
  readonly sink: SmtpSink;
  readonly deps: ServiceDeps;
  readonly sources: Map<string, ResolvedSource>;
  /** Follow-up time. */
  now(): number;
  /** Gives a fact to its subject and waits for what was decided. */
  fact(subject: string, fact: SubjectFact, extra?: FactExtra): Promise<FactAnswer>;
  operate(subject: string, input: OperatorInput, kind?: SubjectKind): Promise<OperatorAnswer>;
  view(subject: string, kind?: SubjectKind): Promise<SubjectView>;
  /** Calls any handler over the ingress, as a stranger would. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  mailsAbout(subject: string): readonly SinkMail[];
  /** What the mail server answers to RCPT for an address; null: it takes the mail again. */
  answerRcpt(
    address: string,
    answer: { readonly code: number; readonly times?: number } | null,
  ): void;
  /** Ends and serves the endpoint again on the same port, as a restarted process does. */
  stopEndpoint(): Promise<void>;
  startEndpoint(): Promise<void>;
  close(): Promise<void>;
}

export interface FactExtra {
  readonly kind?: SubjectKind;
  readonly eventKey?: string;
  readonly idempotencyKey?: string;
  readonly via?: FactMessage['via'];
}

export interface StageOptions {
  readonly alwaysReplay: boolean;
  readonly remindersPerDay?: number;
  /** In place of the usual one. */
  readonly gateway?: Gateway;
  readonly cancelTimers?: boolean;
  /** Seconds of follow-up in a second; default: a day in 1.5 s. */
  readonly scale?: number;
  /** Default 10 s: who answers later than this may get a mail twice, and machines stand still. */
  readonly smtpTimeoutMs?: number;
  /** Stands between the objects and the real archive, to make it fail. */
  readonly wrapArchive?: (archive: Archive) => Archive;
}

function gatewayOf(sources: Map<string, ResolvedSource>, remindersPerDay: number): Gateway {
  return {
    sources,
    ladders: defaultLadders,
    mail: {
      from: 'Acme <billing@acme.example>',
      replyTo: null,
      businessName: 'Acme',
      locale: 'en',
    },
    remindersPerRecipientPerDay: remindersPerDay,
    publicUrl: 'http://127.0.0.1:8787',
    token: 'operator-token',
    linkSecret: 'link-secret',
  };
}

export async function startStage(options: StageOptions): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'hookline-stage-'));
  const archive = lateArchive(join(dir, 'archive.sqlite'));
  const [restate, sink] = await Promise.all([
    startRestate({ alwaysReplay: options.alwaysReplay }),
    startSmtpSink(),
  ]);
  const sources = new Map(
    options.gateway?.sources ?? [
      ['stripe', source('stripe', {})],
      ['shadow', source('shadow', {}, false)],
      ['github', source('github', {})],
    ],
  );
  const deps: ServiceDeps = {
    gateway: { ...(options.gateway ?? gatewayOf(sources, options.remindersPerDay ?? 40)), sources },
    clock: scaledClock(options.scale ?? SCALE, Date.now()),
    wallNow: () => Date.now(),
    archive: options.wrapArchive?.(archive) ?? archive,
    transport: smtpTransport({ url: sink.url, timeoutMs: options.smtpTimeoutMs ?? 10_000 }),
    linksFor: (notice) => ({
      acknowledge: notice.audience === 'team' ? 'http://127.0.0.1:8787/ack/token' : null,
      unsubscribe: notice.audience === 'customer' ? 'http://127.0.0.1:8787/u/token' : null,
      subject: `http://127.0.0.1:8787/payments/${notice.subject}`,
    }),
    cancelTimers: options.cancelTimers ?? true,
  };
  const [port = 0] = await freePorts(1);
  let endpoint: ServedEndpoint | null = null;
  const startEndpoint = async (): Promise<void> => {
    const logger = () => undefined; // Failures on purpose would fill the output.
    endpoint = await serveEndpoint({
      services: createServices(deps),
      host: '127.0.0.1',
      port,
      logger,
    });
  };
  const stopEndpoint = async (): Promise<void> => {
    await endpoint?.close();
    endpoint = null;
  };
  const close = async (): Promise<void> => {
    await restate.stop();
    await Promise.all([stopEndpoint(), sink.close(), archive.close()]);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await startEndpoint();
    await register(restate, port);
  } catch (error) {
    await close();
    throw error;
  }
  const ingress = createIngress({
    ingressUrl: restate.ingressUrl,
    adminUrl: restate.adminUrl,
    fetch,
    timeoutMs: 10_000,
  });
  const stage: Stage = {
    restate,
    ingress,
    sink,
    deps,
    sources,
    stopEndpoint,
    startEndpoint,
    close,
    answerRcpt: rcptAnswers(sink),
    mailsAbout: (subject) => sink.messages().filter((mail) => isAbout(mail, subject)),
    ...speech(restate, ingress, deps.clock),
  };
  await warmUp(stage);
  return stage;
}

/** The first fact takes as long as half a day lasts here, and ladders are not to notice. */
async function warmUp(stage: Stage): Promise<void> {
  const [id = ''] = stage.sources.keys();
  const paid = payment('payment.paid', stage.now(), { ref: 'in_first' });
  await stage.fact(`${id}/in_first`, paid, { eventKey: 'evt_first' });
  await stage.view(`${id}/in_first`);
}

function rcptAnswers(sink: SmtpSink): Stage['answerRcpt'] {
  const left = new Map<string, { readonly code: number; times: number }>();
  sink.setScript(({ at, address }) => {
    const answer = at === 'rcpt' ? left.get(address ?? '') : undefined;
    if (answer === undefined || answer.times === 0) return null;
    answer.times -= 1;
    return { code: answer.code, text: 'as the test says' };
  });
  return (address, answer) => {
    if (answer === null) left.delete(address);
    else left.set(address, { code: answer.code, times: answer.times ?? Number.POSITIVE_INFINITY });
  };
}

async function register(restate: RunningRestate, port: number): Promise<void> {
  granted(
    await registerDeployment({
      adminUrl: restate.adminUrl,
      uri: `http://127.0.0.1:${port}`,
      force: true,
      useHttp11: false,
      fetch,
      deadlineMs: 20_000,
    }),
  );
  granted(await selfCheck({ ingressUrl: restate.ingressUrl, fetch, timeoutMs: 10_000 }));
}

type Speech = Pick<Stage, 'now' | 'fact' | 'operate' | 'view' | 'post'>;

function speech(restate: RunningRestate, ingress: Ingress, clock: Clock): Speech {
  let events = 0;
  const now = (): number => clock.fromWall(Date.now());
  const post: Speech['post'] = (path, body, headers = {}) =>
    fetch(`${restate.ingressUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return {
    now,
    post,
    fact: async (subject, fact, extra = {}) => {
      const kind = extra.kind ?? 'payment';
      events += 1;
      const eventKey = extra.eventKey ?? `evt_${events}`;
      const message: FactMessage = {
        v: 1,
        source: subject.split('/', 1)[0] ?? '',
        eventKey,
        fact,
        receivedAt: now(),
        via: extra.via ?? 'webhook',
      };
      const path = `/restate/call/${OBJECT_OF[kind]}/${encodeURIComponent(subject)}/onFact`;
      const response = await post(path, message, {
        'idempotency-key': extra.idempotencyKey ?? eventKey,
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as FactAnswer; // Typed by contract.ts.
    },
    operate: async (subject, input, kind = 'payment') =>
      granted(await ingress.operate(kind, subject, { v: 1, at: now(), input })),
    view: async (subject, kind = 'payment') => granted(await ingress.view(kind, subject)),
  };
}

/** A mail names its subject in a header; a digest names several. */
function isAbout(mail: SinkMail, subject: string): boolean {
  return mail.raw.replace(/=\r?\n/g, '').includes(subject);
}

export function granted<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

/** To look into an object costs an invocation, and dozens of tests look at the same time. */
const LOOK_AGAIN_MS = 450;
const LOOK_AGAIN_HERE_MS = 200;

/** Looks again until the check holds; fails with the check's own words after 20 s. */
export async function eventually<Value>(
  look: () => Promise<Value> | Value,
  withinMs = 20_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  let pauseMs = LOOK_AGAIN_HERE_MS;
  for (;;) {
    try {
      const looking = look();
      if (looking instanceof Promise) pauseMs = LOOK_AGAIN_MS;
      return await looking;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** The payment of this subject fails now. */
export function failOn(
  stage: Stage,
  subject: string,
  over: Parameters<typeof payment>[2] = {},
  extra: FactExtra = {},
): Promise<FactAnswer> {
  const ref = subject.slice(subject.indexOf('/') + 1);
  return stage.fact(subject, payment('payment.failed', stage.now(), { ref, ...over }), extra);
}

/** What Restate keeps of a payment. */
export function statesOf(stage: Stage, subject: string) {
  return stage.restate.query(
    `SELECT key, value_utf8 FROM state WHERE service_name = 'Payment' AND service_key = '${subject}'`,
  );
}

/** Lets follow-up time pass. */
export function days(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, (count * DAY) / SCALE));
}
