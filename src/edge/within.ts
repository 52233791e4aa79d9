/** What became of a promise within a time limit. `late`: it goes on, but nobody waits. */
export type Settled<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late'; readonly afterMs: number };

/** Never rejects, and a rejection after the limit is not an unhandled one. */
export async function within<Value>(
  work: Promise<Value>,
  limitMs: number,
): Promise<Settled<Value>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Settled<Value>>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'late', afterMs: limitMs }), limitMs);
  });
  const settled = work.then(
    (value): Settled<Value> => ({ kind: 'done', value }),
    (error: unknown): Settled<Value> => ({ kind: 'failed', error }),
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
