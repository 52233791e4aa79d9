/**
 * In-memory ends of the edge's two ports. They keep what a real archive and a real Restate would
 * keep, and fail or hang when a test says so; the real ones run in their own suites.
 */
import type {
  Archive,
  EventRecord,
  RejectionRecord,
  StoredEvent,
} from '../../src/archive/contract.ts';
import { EVENT_FLAG } from '../../src/archive/contract.ts';
import type { SubjectKind } from '../../src/core/fact.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import type {
  FactMessage,
  OperatorAnswer,
  OperatorMessage,
  ParkMessage,
  QuarantineGroup,
  QuarantineResolveMessage,
  RecipientView,
  SimulateAnswer,
  SubjectView,
  SuppressMessage,
  UnsuppressAnswer,
  UnsuppressMessage,
} from '../../src/durable/contract.ts';
import type {
  Accepted,
  FailedInvocation,
  Ingress,
  IngressFailure,
} from '../../src/durable/ingress-contract.ts';
import { unresolved } from '../../src/durable/quarantine.ts';

export type Trouble = 'none' | 'throws' | 'hangs';

export interface MemoryArchive extends Archive {
  readonly records: Map<string, EventRecord>;
  readonly refused: RejectionRecord[];
  trouble: Trouble;
  rejectTrouble: Trouble;
}

const never = <Value>(): Promise<Value> => new Promise(() => undefined);

async function troubled(trouble: Trouble): Promise<void> {
  if (trouble === 'throws') throw new Error('archive: disk I/O error');
  if (trouble === 'hangs') await never();
}

export function memoryArchive(): MemoryArchive {
  const records = new Map<string, EventRecord>();
  const deliveries = new Map<string, number>();
  const nameOf = (source: string, key: string): string => `${source}\u0000${key}`;
  const stored = (record: EventRecord): StoredEvent => {
    const { body, ...rest } = record;
    return {
      ...rest,
      lastSeenAt: record.receivedAt,
      deliveries: deliveries.get(nameOf(record.source, record.key)) ?? 0,
      bodyBytes: body.length,
      bodySha256: '',
    };
  };
  const archive: MemoryArchive = {
    records,
    refused: [],
    trouble: 'none',
    rejectTrouble: 'none',
    put: async (record) => {
      await troubled(archive.trouble);
      const name = nameOf(record.source, record.key);
      const count = (deliveries.get(name) ?? 0) + 1;
      deliveries.set(name, count);
      const first = records.get(name);
      if (first === undefined) records.set(name, { ...record, body: record.body.slice() });
      const bodyDiffers = first !== undefined && !Buffer.from(first.body).equals(record.body);
      return { duplicate: count > 1, deliveries: count, bodyDiffers };
    },
    reject: async (record) => {
      await troubled(archive.rejectTrouble);
      archive.refused.push(record);
    },
    find: async (source, key) => {
      const record = records.get(nameOf(source, key));
      return record === undefined ? null : stored(record);
    },
    body: async (source, key) => {
      const record = records.get(nameOf(source, key));
      return record === undefined ? { kind: 'unknown' } : { kind: 'bytes', bytes: record.body };
    },
    list: async (query) => {
      await troubled(archive.trouble);
      return [...records.values()]
        .filter(({ source }) => query.source === undefined || source === query.source)
        .filter(({ flags }) => query.anyFlag === undefined || (flags & query.anyFlag) !== 0)
        .map(stored)
        .toSorted((a, b) => placeOf(b, a))
        .filter((event) => query.before === undefined || placeOf(event, query.before) < 0)
        .slice(0, query.limit);
    },
    rejections: async ({ limit }) =>
      archive.refused.slice(-limit).map((record, index) => ({ ...record, id: index })),
    ready: () => troubled(archive.trouble),
    close: async () => undefined,
  };
  return archive;
}

type Place = Pick<StoredEvent, 'receivedAt' | 'key'> & { readonly source?: string };

/** As the archive orders: by time, key, source. Without a source the key alone decides. */
function placeOf(a: Place, b: Place): number {
  if (a.receivedAt !== b.receivedAt) return a.receivedAt - b.receivedAt;
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.source === undefined || b.source === undefined || a.source === b.source) return 0;
  return a.source < b.source ? -1 : 1;
}

const NEVER_WRITTEN_TO: RecipientView = {
  suppressed: null,
  lifted: null,
  pending: [],
  sentToday: 0,
};

export interface SentFact {
  readonly kind: SubjectKind;
  readonly subject: string;
  readonly message: FactMessage;
  readonly idempotencyKey: string;
}

export interface MemoryIngress extends Ingress {
  /** Accepted for the first time, in order. */
  readonly facts: SentFact[];
  /** Every try, repeated ones too. */
  readonly tries: SentFact[];
  readonly parked: { readonly message: ParkMessage; readonly idempotencyKey: string }[];
  readonly operated: { readonly subject: string; readonly message: OperatorMessage }[];
  readonly suppressed: { readonly recipientKey: string; readonly message: SuppressMessage }[];
  readonly views: Map<string, SubjectView>;
  readonly plans: Map<string, SimulateAnswer>;
  readonly groups: Map<string, readonly QuarantineGroup[]>;
  /** Every try to resolve a group, granted or not. */
  readonly resolved: { readonly source: string; readonly message: QuarantineResolveMessage }[];
  readonly unsuppressed: { readonly recipientKey: string; readonly message: UnsuppressMessage }[];
  readonly recipients: Map<string, RecipientView>;
  unsuppressAnswer: UnsuppressAnswer;
  failures: readonly FailedInvocation[];
  operatorAnswer: OperatorAnswer;
  sendTrouble: IngressFailure | 'hangs' | null;
  parkTrouble: IngressFailure | 'hangs' | null;
  /** Everything else. */
  trouble: IngressFailure | null;
}

export function memoryIngress(): MemoryIngress {
  const seen = new Set<string>();
  const accepted = (key: string): Result<Accepted, never> => {
    const duplicate = seen.has(key);
    seen.add(key);
    return ok({ invocationId: `inv_${seen.size}`, duplicate });
  };
  const answer = async <Value>(value: Value): Promise<Result<Value, IngressFailure>> =>
    ingress.trouble === null ? ok(value) : fail(ingress.trouble);
  const ingress: MemoryIngress = {
    facts: [],
    tries: [],
    parked: [],
    operated: [],
    suppressed: [],
    views: new Map(),
    plans: new Map(),
    groups: new Map(),
    resolved: [],
    unsuppressed: [],
    recipients: new Map(),
    unsuppressAnswer: { decision: 'not_suppressed', was: null },
    failures: [],
    operatorAnswer: { accepted: true, decision: 'done', rule: 'done' },
    sendTrouble: null,
    parkTrouble: null,
    trouble: null,
    sendFact: async (kind, subject, message, idempotencyKey) => {
      const sent = { kind, subject, message, idempotencyKey };
      ingress.tries.push(sent);
      if (ingress.sendTrouble === 'hangs') return never();
      if (ingress.sendTrouble !== null) return fail(ingress.sendTrouble);
      const result = accepted(JSON.stringify([kind, subject, idempotencyKey]));
      if (result.ok && !result.value.duplicate) ingress.facts.push(sent);
      return result;
    },
    park: async (message, idempotencyKey) => {
      if (ingress.parkTrouble === 'hangs') return never();
      if (ingress.parkTrouble !== null) return fail(ingress.parkTrouble);
      const result = accepted(`park ${idempotencyKey}`);
      if (result.ok && !result.value.duplicate) ingress.parked.push({ message, idempotencyKey });
      return result;
    },
    operate: async (_kind, subject, message) => {
      if (ingress.trouble === null) ingress.operated.push({ subject, message });
      return answer(ingress.operatorAnswer);
    },
    view: (_kind, subject) => answer(ingress.views.get(subject) ?? viewOf(subject, {})),
    simulate: (_kind, subject, { ladder }) =>
      answer(
        ingress.plans.get(subject) ?? {
          subject,
          ladder: ladder ?? 'pinned',
          anchorAt: null,
          steps: [],
        },
      ),
    suppress: async (recipientKey, message) => {
      if (ingress.trouble === null) ingress.suppressed.push({ recipientKey, message });
      return answer({ suppressed: true });
    },
    unsuppress: async (recipientKey, message) => {
      if (ingress.trouble === null) ingress.unsuppressed.push({ recipientKey, message });
      return answer(ingress.unsuppressAnswer);
    },
    recipient: (recipientKey) => answer(ingress.recipients.get(recipientKey) ?? NEVER_WRITTEN_TO),
    quarantined: (source) => answer(ingress.groups.get(source) ?? []),
    resolveQuarantined: async (source, message) => {
      if (ingress.trouble === null) ingress.resolved.push({ source, message });
      const groups = ingress.groups.get(source) ?? [];
      const left = unresolved(groups, message);
      ingress.groups.set(source, left);
      return answer({ resolved: left.length < groups.length });
    },
    failedInvocations: () => answer(ingress.failures),
    ready: () => answer(null),
  };
  return ingress;
}

/** An unknown subject unless told otherwise. */
export function viewOf(subject: string, over: Partial<SubjectView>): SubjectView {
  return {
    known: false,
    subject,
    status: 'unknown',
    details: null,
    followUp: null,
    hold: null,
    linkedTo: null,
    generation: 0,
    timeline: [],
    notices: [],
    ...over,
  };
}

export function flagNamesOf(flags: number): readonly string[] {
  return Object.entries(EVENT_FLAG)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name);
}
