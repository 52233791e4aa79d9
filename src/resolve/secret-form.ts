/** Secrets whose form can never verify a delivery: refused at start, not with a 401 per delivery. */
import type { CryptoPort } from '../core/crypto.ts';
import { secretProblem } from '../core/verify.ts';
import type { Gateway } from '../gateway.ts';
import type { ConfigProblem } from './problems.ts';

/** One problem per secret that does not fit its provider; names the secret's id, never its value. */
export async function secretFormProblems(
  gateway: Gateway,
  crypto: CryptoPort,
): Promise<readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const { id, provider, secrets } of gateway.sources.values()) {
    for (const secret of secrets) {
      const problem = await secretProblem(provider, secret.value, crypto);
      if (problem === null) continue;
      problems.push({
        field: `sources.${id}.secrets`,
        problem: `The secret with id ${secret.id} ${problem}.`,
        remedy: `Copy it again from ${provider.name}: ${provider.secretHint}`,
      });
    }
  }
  return problems;
}
