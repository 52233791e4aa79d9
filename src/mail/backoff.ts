/** When a mail that could not be handed over is tried again. */

const MINUTE_MS = 60_000;
const FIRST_MS = [1, 5, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);
const LATER_MS = 120 * MINUTE_MS;
const JITTER_MAX = 0.1;
/** A mail server that is down for longer is an incident, not a delay (RFC 5321 4.5.4.1 asks for days). */
const GIVE_UP_AFTER_MS = 24 * 60 * MINUTE_MS;

function nominalMs(attempt: number): number {
  return FIRST_MS[attempt - 1] ?? LATER_MS;
}

/**
 * Milliseconds to wait after failed attempt `attempt` (1 is the first): 1, 5, 15, 30 minutes, one
 * hour, then every two hours; null once the waits would pass 24 hours. `random01` in [0, 1) adds up
 * to 10 %, never subtracts, so that a thousand mails do not come back in one second, and none
 * comes back early. The 24 hours count the waits without what is added.
 */
export function nextAttemptAfterMs(attempt: number, random01: number): number | null {
  if (!Number.isInteger(attempt) || attempt < 1) throw new Error(`not an attempt: ${attempt}`);
  let totalMs = 0;
  for (let count = 1; count <= attempt; count += 1) {
    totalMs += nominalMs(count);
    if (totalMs > GIVE_UP_AFTER_MS) return null;
  }
  return spread(nominalMs(attempt), random01);
}

/**
 * Milliseconds until a mail is handed over once more that a server took without confirming it: as
 * after a first failure. It is repeated once, so this takes nothing from the 24 hours.
 */
export function repeatAfterMs(random01: number): number {
  return spread(nominalMs(1), random01);
}

function spread(waitMs: number, random01: number): number {
  const jitter = Math.min(Math.max(random01, 0), 1) * JITTER_MAX;
  return Math.round(waitMs * (1 + jitter));
}
