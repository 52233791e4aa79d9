/** A wait that takes longer than a person expects says what it waits for. */

const SLOW_MS = 4000;

/** `what` ends the sentence "Still waiting for". */
export async function announced<Value>(
  say: (sentence: string) => void,
  what: string,
  wait: Promise<Value>,
): Promise<Value> {
  const timer = setTimeout(() => say(`Still waiting for ${what}.`), SLOW_MS);
  try {
    return await wait;
  } finally {
    clearTimeout(timer);
  }
}
