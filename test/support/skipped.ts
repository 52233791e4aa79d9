/** Proofs that are left out are seen, and in CI they are not left out. */

/** Why a proof cannot be given here. */
export interface Lack {
  /** The first half of a sentence: `strace is not here`. */
  readonly what: string;
  /** Nothing that could be installed would help: the machine or its container does not allow it. */
  readonly impossible?: boolean;
}

/**
 * For `it.skipIf`. With `HOOKLINE_REQUIRE_ALL` set, as CI sets it, what is merely absent throws; what
 * the machine makes impossible is only said, because no change of ours would make the run pass.
 */
export function leftOut(lack: Lack | null): boolean {
  if (lack === null) return false;
  if (lack.impossible !== true && process.env['HOOKLINE_REQUIRE_ALL']) {
    throw new Error(`${lack.what}, and with HOOKLINE_REQUIRE_ALL no proof may be skipped.`);
  }
  process.stderr.write(`\nNOT PROVEN HERE: ${lack.what}.\n\n`);
  return true;
}
