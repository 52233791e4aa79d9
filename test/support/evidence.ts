/** Waits until nothing moves any more, then collects what every part remembers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { scaledClock } from '../../src/core/clock.ts';
import type { SubjectState } from '../../src/core/follow-up/types.ts';
import type { RecipientState } from '../../src/core/recipient-state.ts';
import type { PlannedEvent, RunningBurst } from './burst.ts';
import type { ArchivedEvent, Evidence, FactInvocation, Kill, TakenMail } from './checker.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { queryRows } from './restate.ts';
import type { SinkMail, SmtpSink } from './smtp-sink.ts';

export interface Scene {
  readonly gateway: GatewayProcess;
  readonly sink: () => SmtpSink;
  readonly events: readonly PlannedEvent[];
  readonly burst: RunningBurst;
  readonly kills: readonly Kill[];
}

const QUIET_WITHIN_MS = 60_000;

/** Throws with what still runs when it does not come to rest: a stuck key must not look like peace. */
export async function untilQuiet({ gateway, events }: Scene): Promise<void> {
  const subjects = new Set(events.map(({ subject }) => subject));
  const deadline = performance.now() + QUIET_WITHIN_MS;
  for (let pending = 'nothing was asked yet'; ; ) {
    try {
      pending = await whatMoves(gateway.adminUrl, subjects);
    } catch (error) {
      pending = `Restate does not answer: ${String(error)}`;
    }
    if (pending === '') return;
    if (performance.now() > deadline) throw new Error(`never came to rest:\n${pending}`);
    await sleep(500);
  }
}

async function whatMoves(adminUrl: string, subjects: ReadonlySet<string>): Promise<string> {
  const running = await queryRows(
    adminUrl,
    'SELECT id, target, status, retry_count, last_failure FROM sys_invocation ' +
      "WHERE status NOT IN ('completed', 'scheduled') LIMIT 20",
  );
  if (running.length > 0) return running.map((row) => JSON.stringify(row)).join('\n');
  const [payments, recipients] = await Promise.all([
    statesOf<SubjectState>(adminUrl, 'Payment'),
    statesOf<RecipientState>(adminUrl, 'Recipient'),
  ]);
  const restless = [...payments.values()]
    .filter(({ subject }) => subjects.has(subject))
    .flatMap(({ subject, followUp, notices }) => [
      ...notices
        .filter(({ outcome }) => outcome === null || /retrying|digested/.test(outcome.kind))
        .map(({ id, outcome }) => `${id}: ${outcome?.kind ?? 'no outcome yet'}`),
      ...(followUp === null || followUp.next === null || followUp.next.step === 'close'
        ? []
        : [`${subject}: ${followUp.next.step} is planned`]),
    ]);
  const waiting = [...recipients]
    .filter(([, { pending, digest }]) => pending.length > 0 || digest !== null)
    .map(([key]) => `recipient ${key} has mail waiting`);
  return [...restless, ...waiting].slice(0, 20).join('\n');
}

async function statesOf<State>(
  adminUrl: string,
  service: string,
): Promise<ReadonlyMap<string, State>> {
  const rows = await queryRows(
    adminUrl,
    `SELECT service_key, value_utf8 FROM state WHERE service_name = '${service}' AND key = 'st'`,
  );
  return new Map(
    rows.map((row) => [
      String(row['service_key']),
      JSON.parse(String(row['value_utf8'])) as State, // Written by the object of that name.
    ]),
  );
}

export async function collect(scene: Scene): Promise<Evidence> {
  const { gateway, events, burst, kills } = scene;
  const { adminUrl, dataDir } = gateway;
  const line = JSON.parse(readFileSync(join(dataDir, 'clock.json'), 'utf8')) as {
    readonly scale: number;
    readonly baseMs: number;
  }; // Written by clock-file.ts.
  const clock = scaledClock(line.scale, line.baseMs);
  const isOwn = ownerOf(events);
  const states = [...(await statesOf<SubjectState>(adminUrl, 'Payment')).values()];
  return {
    sent: events.map(({ key, subject, fact, createdSeconds, bodySha256 }) => ({
      key,
      subject,
      fact,
      occurredAt: clock.fromWall(createdSeconds * 1000),
      bodySha256,
    })),
    attempts: burst.attempts,
    archived: archivedEvents(join(dataDir, 'archive.db')).filter(isOwn),
    invocations: (await factInvocations(adminUrl)).filter(isOwn),
    states: new Map(states.filter(isOwn).map((state) => [state.subject, state])),
    mails: ownMails(scene.sink().messages().map(takenMail), states, isOwn),
    kills,
    toWall: (followUpMs) => line.baseMs + clock.wallSpanMs(followUpMs - line.baseMs),
  };
}

type IsOwn = (item: { readonly subject: string | null }) => boolean;

/** Several bursts may share a gateway; everything about other payments is left out. */
function ownerOf([first]: readonly PlannedEvent[]): IsOwn {
  const prefix = first?.subject.slice(0, first.subject.lastIndexOf('x')) ?? '';
  return ({ subject }) => subject?.startsWith(prefix) ?? true;
}

/** A digest may speak of payments of another burst alone; only their own states can tell. */
function ownMails(
  mails: readonly TakenMail[],
  states: readonly SubjectState[],
  isOwn: IsOwn,
): readonly TakenMail[] {
  const claims = (those: readonly SubjectState[]): ReadonlySet<string> =>
    new Set(
      those.flatMap(({ notices }) =>
        notices.flatMap(({ outcome }) => (outcome?.kind === 'sent' ? [outcome.messageId] : [])),
      ),
    );
  const own = claims(states.filter(isOwn));
  const others = claims(states.filter((state) => !isOwn(state)));
  return mails.filter(
    (mail) => own.has(mail.messageId) || (isOwn(mail) && !others.has(mail.messageId)),
  );
}

/** Read from the file itself, not through the gateway. */
function archivedEvents(path: string): readonly ArchivedEvent[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare('SELECT key, subject, body_sha256 FROM events')
      .all()
      .map((row) => ({
        key: String(row['key']),
        subject: row['subject'] === null ? null : String(row['subject']),
        bodySha256: String(row['body_sha256']),
      }));
  } finally {
    database.close();
  }
}

async function factInvocations(adminUrl: string): Promise<readonly FactInvocation[]> {
  const rows = await queryRows(
    adminUrl,
    'SELECT idempotency_key, target_service_key, completion_result, created_at, completed_at ' +
      "FROM sys_invocation WHERE target_service_name = 'Payment' AND target_handler_name = 'onFact'",
  );
  return rows.map((row) => ({
    key: String(row['idempotency_key']).replace(/^stripe:/, ''),
    subject: String(row['target_service_key']),
    succeeded: row['completion_result'] === 'success',
    createdAt: Date.parse(String(row['created_at'])),
    completedAt: Date.parse(String(row['completed_at'])),
  }));
}

function takenMail(mail: SinkMail): TakenMail {
  const [subject = ''] = (mail.header('x-hookline-subject') ?? '').split(' ');
  return {
    messageId: mail.messageId,
    step: mail.header('x-hookline-step') ?? '',
    subject,
    to: mail.envelope.to.join(' '),
    receivedAt: mail.receivedAt,
  };
}
