/**
 * The clock of follow-ups. It is a monotone line over wall time: in production the identity, with
 * a time scale a day may pass in a second. Signature windows never use it: they use wall time.
 */
export interface Clock {
  /** Follow-up time (epoch ms) for a wall time (epoch ms). */
  fromWall(wallMs: number): number;
  /** Wall milliseconds that a span of follow-up time takes. */
  wallSpanMs(spanMs: number): number;
  readonly scale: number;
}

/**
 * `base` is the wall time at which scaling began; earlier times are left alone. It must be kept
 * over restarts, or pending timers and new events would live on different lines.
 */
export function scaledClock(scale: number, baseMs: number): Clock {
  return {
    scale,
    fromWall: (wallMs) => (wallMs <= baseMs ? wallMs : baseMs + (wallMs - baseMs) * scale),
    wallSpanMs: (spanMs) => spanMs / scale,
  };
}

export const wallClock: Clock = scaledClock(1, 0);
