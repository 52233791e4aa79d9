/** Stops what was started, last started first, once; a second signal ends it at once. */

export interface Stopper {
  readonly name: string;
  /** Asks it to end in its own time. */
  stop(): Promise<void>;
  /** Ends it now. Absent where the end of this process is its end. */
  kill?(): void;
}

export interface Shutdown {
  /** To be stopped before everything added earlier. */
  add(stopper: Stopper): void;
  /** Stops everything in order; the same promise for every caller. A stopper that throws is named. */
  run(): Promise<void>;
  killAll(): void;
  readonly begun: boolean;
}

/** `say` hears of a part that could not be stopped. */
export function createShutdown(say: (sentence: string) => void): Shutdown {
  const stoppers: Stopper[] = [];
  let running: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    for (let stopper = stoppers.pop(); stopper !== undefined; stopper = stoppers.pop()) {
      try {
        await stopper.stop();
      } catch (error) {
        stopper.kill?.();
        say(
          `${stopper.name} did not stop cleanly: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  };
  return {
    add: (stopper) => {
      stoppers.push(stopper);
    },
    run: () => {
      running ??= stopAll();
      return running;
    },
    killAll: () => {
      for (const stopper of stoppers) stopper.kill?.();
    },
    get begun() {
      return running !== null;
    },
  };
}

/** A terminal's Ctrl-C arrives twice under npm, which passes it on: repeats this close are one. */
const SAME_PRESS_MS = 1000;

/**
 * SIGINT, SIGTERM and SIGHUP stop in order and exit 0; another one a second later forces, exit 130.
 */
export function stopOnSignals(shutdown: Shutdown, say: (sentence: string) => void): void {
  let firstMs: number | null = null;
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (firstMs !== null) {
      if (nowMs - firstMs < SAME_PRESS_MS) return;
      shutdown.killAll();
      say('Forced to stop.');
      process.exit(130);
    }
    firstMs = nowMs;
    say('Stopping. Press Ctrl-C again to force.');
    void shutdown.run().then(() => {
      say('Stopped.');
      process.exit(0);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}
