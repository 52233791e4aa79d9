/**
 * Refusals on their way to the archive. Anybody on the internet can cause one, so nothing here may
 * grow with their number: a flood of forged requests costs a counter each, five rows a second per
 * source and reason, and no place in the queue of good events.
 */
import type { RejectionRecord } from './contract.ts';
import type { SqlQuery } from './sql-executor.ts';
import { countRejections, putRejection, trimAllRejections, trimRejections } from './statements.ts';

export interface RejectionLimits {
  /** Rows written per second for one source and reason; the rest is only counted. */
  readonly sampledPerSecond: number;
  /** Rows kept of one source, give or take `trimEvery`. */
  readonly rowsPerSourceMax: number;
  readonly rowsMax: number;
  /** Rows of a source between two trims; a trim walks the index and is not free. */
  readonly trimEvery: number;
  /** Samples held in memory between two writes. */
  readonly pendingMax: number;
  /** Different (source, reason) pairs told apart in memory; more share one counter. */
  readonly pairsMax: number;
}

const REJECTION_LIMITS: RejectionLimits = {
  sampledPerSecond: 5,
  rowsPerSourceMax: 10_000,
  rowsMax: 100_000,
  trimEvery: 500,
  pendingMax: 1_000,
  pairsMax: 1_000,
};

const DAY_MS = 86_400_000;
const NAME_CHARS_MAX = 100;
const DETAIL_CHARS_MAX = 500;
const HEADERS_CHARS_MAX = 4_096;
/** Counts what came after `pairsMax` pairs were seen: a flood over invented sources. */
const OTHERS = '(others)';

interface Count {
  readonly source: string;
  readonly reason: string;
  readonly day: number;
  refused: number;
}

export interface RejectionLog {
  /** True when the record was sampled, false when it was only counted. */
  add(record: RejectionRecord): boolean;
  readonly unwrittenCount: number;
  /** Hands over what is held, which is then forgotten here. */
  take(): RejectionWrite;
}

export interface RejectionWrite {
  /** Empty when there is nothing to write. */
  readonly queries: readonly SqlQuery[];
  /** After a failed write: the counts wait for the next one, the samples are let go. */
  readonly restoreCounts: () => void;
}

/**
 * Holds refusals in memory and writes nothing itself: `take` hands over what to write. Its seconds
 * and days are those of `record.at`, epoch ms.
 */
export function rejectionLog(limits: RejectionLimits = REJECTION_LIMITS): RejectionLog {
  let samples: RejectionRecord[] = [];
  let counts = new Map<string, Count>();
  const sampler = createSampler(limits);
  const rowsSinceTrim = new Map<string, number>();
  let unwrittenCount = 0;

  const count = (source: string, reason: string, at: number, refused: number): void => {
    const day = Math.floor(at / DAY_MS) * DAY_MS;
    let key = JSON.stringify([source, reason, day]);
    let entry = counts.get(key);
    if (entry === undefined) {
      const isNew = counts.size < limits.pairsMax;
      const names = isNew ? { source, reason } : { source: OTHERS, reason: OTHERS };
      if (!isNew) key = JSON.stringify([OTHERS, OTHERS, day]);
      entry = counts.get(key) ?? { ...names, day, refused: 0 };
      counts.set(key, entry);
    }
    entry.refused += refused;
    unwrittenCount += refused;
  };

  return {
    add(record) {
      const source = record.source.slice(0, NAME_CHARS_MAX);
      const reason = record.reason.slice(0, NAME_CHARS_MAX);
      count(source, reason, record.at, 1);
      if (samples.length >= limits.pendingMax) return false;
      if (!sampler.takes(source, reason, record.at)) return false;
      samples.push({ ...record, source, reason });
      return true;
    },
    get unwrittenCount() {
      return unwrittenCount;
    },
    take() {
      const taken = [...counts.values()];
      const queries = [
        ...samples.map(toQuery),
        ...taken.map((entry) => countRejections({ ...entry })),
        ...trims(samples, rowsSinceTrim, limits),
      ];
      samples = [];
      counts = new Map();
      unwrittenCount = 0;
      sampler.makeRoom();
      return {
        queries,
        restoreCounts: () => {
          for (const { source, reason, day, refused } of taken) count(source, reason, day, refused);
        },
      };
    },
  };
}

/** The first few of a second for each source and reason. */
function createSampler(limits: RejectionLimits) {
  const windows = new Map<string, { second: number; sampled: number }>();
  return {
    takes: (source: string, reason: string, at: number): boolean => {
      const second = Math.floor(at / 1000);
      const key = JSON.stringify([source, reason]);
      const window = windows.get(key);
      if (window === undefined || window.second !== second) {
        if (window === undefined && windows.size >= limits.pairsMax) return false;
        windows.set(key, { second, sampled: 1 });
        return true;
      }
      window.sampled += 1;
      return window.sampled <= limits.sampledPerSecond;
    },
    /** A window that is forgotten only lets a few more samples through. */
    makeRoom: (): void => {
      if (windows.size >= limits.pairsMax) windows.clear();
    },
  };
}

function toQuery(record: RejectionRecord): SqlQuery {
  const headers = JSON.stringify(record.headers);
  return putRejection({
    source: record.source,
    at: record.at,
    reason: record.reason,
    detail: record.detail?.slice(0, DETAIL_CHARS_MAX) ?? null,
    headers: headers.length <= HEADERS_CHARS_MAX ? headers : '{}',
    bodyBytes: record.bodyBytes,
    bodySha256: record.bodySha256,
  });
}

/** Trims a source on its first rows after a start, and then every so many. */
function trims(
  samples: readonly RejectionRecord[],
  rowsSinceTrim: Map<string, number>,
  limits: RejectionLimits,
): readonly SqlQuery[] {
  const queries: SqlQuery[] = [];
  for (const { source } of samples) {
    rowsSinceTrim.set(source, (rowsSinceTrim.get(source) ?? limits.trimEvery) + 1);
  }
  for (const [source, rows] of rowsSinceTrim) {
    if (rows <= limits.trimEvery) continue;
    queries.push(trimRejections({ source, kept: limits.rowsPerSourceMax }));
    rowsSinceTrim.set(source, 0);
  }
  if (queries.length > 0) queries.push(trimAllRejections({ kept: limits.rowsMax }));
  // Invented source names would grow this map; forgetting it costs one early trim each.
  if (rowsSinceTrim.size > limits.pairsMax) rowsSinceTrim.clear();
  return queries;
}
