/** The archive: the append-only SQL log of every verified event, and of refusals. */

/** Bits of `events.flags`. Stored: never renumber. */
export const EVENT_FLAG = {
  /** Verified, but its meaning could not be read; the bytes are kept, a person must look. */
  quarantined: 1,
  /** No fact of ours: kept, not tracked. */
  untracked: 2,
  /** Same event key, other bytes: seen at least once. */
  bodyDiffers: 4,
  /** Came through a replay or a reconciliation first. */
  reconciled: 8,
  /** The provider's handshake, not an event. */
  handshake: 16,
  /** Body removed on request: 409 body_gone. */
  expunged: 32,
} as const;

/** One event as it goes in. Times in epoch ms of wall time. */
export interface EventRecord {
  readonly source: string;
  readonly key: string;
  readonly type: string | null;
  readonly subject: string | null;
  readonly providerTime: number | null;
  readonly receivedAt: number;
  readonly flags: number;
  /** Allow-listed, lower-case names; never a signature, token or cookie. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which of the source's secrets matched: a short hash, never the secret. */
  readonly secretId: string | null;
  readonly body: Uint8Array;
  /** SHA-256 of `body`, lower-case hex, where the caller has it: saves hashing the body again. */
  readonly bodySha256?: string;
  /** Why it was quarantined, or null. */
  readonly note: string | null;
}

export interface PutOutcome {
  readonly duplicate: boolean;
  /** Deliveries seen of this event, this one included. */
  readonly deliveries: number;
  readonly bodyDiffers: boolean;
}

export interface StoredEvent {
  readonly source: string;
  readonly key: string;
  readonly type: string | null;
  readonly subject: string | null;
  readonly providerTime: number | null;
  readonly receivedAt: number;
  readonly lastSeenAt: number;
  readonly deliveries: number;
  readonly flags: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly secretId: string | null;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  readonly note: string | null;
}

export type BodyAnswer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

/** A refusal. Sampled and capped by the store; no body beyond its digest and length. */
export interface RejectionRecord {
  readonly source: string;
  readonly at: number;
  readonly reason: string;
  readonly detail: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  readonly bodySha256: string | null;
}

export interface StoredRejection extends RejectionRecord {
  readonly id: number;
}

export interface EventQuery {
  readonly source?: string;
  readonly subject?: string;
  /** Any of these bits set. */
  readonly anyFlag?: number;
  readonly limit: number;
  /**
   * Keyset: events strictly older than this (receivedAt, key). A page over all sources gives the
   * source of its last event too, or the same key of another source in the same ms is skipped.
   */
  readonly before?: { readonly receivedAt: number; readonly key: string; readonly source?: string };
}

/** All calls reject (throw) when the archive cannot be reached: the caller decides what that means. */
export interface Archive {
  /** Resolves only when the bytes are durable (committed with fsync). */
  put(record: EventRecord): Promise<PutOutcome>;
  reject(record: RejectionRecord): Promise<void>;
  find(source: string, key: string): Promise<StoredEvent | null>;
  body(source: string, key: string): Promise<BodyAnswer>;
  list(query: EventQuery): Promise<readonly StoredEvent[]>;
  rejections(query: {
    readonly source?: string;
    readonly limit: number;
  }): Promise<readonly StoredRejection[]>;
  /** A real write and its commit. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Told about every commit, for metrics: how many records shared it and how long it took. */
export type CommitListener = (batchSize: number, tookMs: number) => void;
