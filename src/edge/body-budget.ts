/**
 * Bounds the bytes of all bodies held at once, over every request: 200 parallel deliveries at
 * their cap must lead to refusals, not to an exhausted process (CVE-2024-40634, CVE-2026-42294).
 */
export interface BodyReservation {
  /** False: the budget is spent; nothing more may be kept. */
  grow(bytes: number): boolean;
  /** The bytes stay in memory until this settles, whatever was answered meanwhile. */
  keepUntil(work: Promise<unknown>): void;
  /** Gives everything back, once the kept work has settled. May be called twice. */
  close(): void;
}

export interface BodyBudget {
  open(): BodyReservation;
  heldBytes(): number;
}

/**
 * A reservation that was never closed is dropped after this long: a runtime may end a request
 * without running what should follow (workerd does when the client goes away).
 */
const ABANDONED_AFTER_MS = 60_000;

interface Entry {
  bytes: number;
  readonly since: number;
  pending: number;
  closed: boolean;
}

/** `bytesMax`: of all that is open together. `wallNow`: epoch ms, to tell what was abandoned. */
export function createBodyBudget(options: { bytesMax: number; wallNow: () => number }): BodyBudget {
  const entries = new Set<Entry>();
  let held = 0;
  const drop = (entry: Entry): void => {
    if (entries.delete(entry)) held -= entry.bytes;
  };
  const dropAbandoned = (): void => {
    const before = options.wallNow() - ABANDONED_AFTER_MS;
    for (const entry of entries) if (entry.since < before) drop(entry);
  };
  return {
    heldBytes: () => held,
    open: () => {
      const entry: Entry = { bytes: 0, since: options.wallNow(), pending: 0, closed: false };
      entries.add(entry);
      const settle = (): void => {
        entry.pending -= 1;
        if (entry.closed && entry.pending === 0) drop(entry);
      };
      return {
        grow: (bytes) => {
          if (held + bytes > options.bytesMax) dropAbandoned();
          if (!entries.has(entry) || held + bytes > options.bytesMax) return false;
          entry.bytes += bytes;
          held += bytes;
          return true;
        },
        keepUntil: (work) => {
          entry.pending += 1;
          work.then(settle, settle);
        },
        close: () => {
          entry.closed = true;
          if (entry.pending === 0) drop(entry);
        },
      };
    },
  };
}
