/** Numbers from 0 to 1 for synthetic events: from the system, or the same again for a seed. */

/** Mulberry32: small, well mixed, and good enough for ids of test events. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A synthetic event takes some hundred draws. */
const BLOCK_BYTES = 2048;

/** Unpredictable, from the system's source, which is asked for a block at a time. */
export function systemRandom(randomBytes: (count: number) => Uint8Array): () => number {
  let block = new Uint8Array(0);
  let used = 0;
  return () => {
    if (used + 4 > block.length) {
      block = Uint8Array.from(randomBytes(BLOCK_BYTES));
      used = 0;
    }
    const [a = 0, b = 0, c = 0, d = 0] = block.subarray(used, used + 4);
    used += 4;
    return (a * 0x1_00_00_00 + b * 0x1_00_00 + c * 0x1_00 + d) / 0x1_0000_0000;
  };
}
