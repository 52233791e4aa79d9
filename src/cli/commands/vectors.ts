/** `vectors`: runs a file of signature vectors against the provider files. */
import { providers } from '../../../webhooks/index.ts';
import { createNodeCrypto } from '../../edge/crypto-node.ts';
import { type Command, defineCommand } from '../command.ts';
import { readJsonFile } from '../json-file.ts';
import { parseVectors, runVectors } from '../vectors.ts';

/** Ends with `N passed, N failed`; exit 1 when one failed or none ran. */
export const vectors: Command = defineCommand({
  name: 'vectors',
  summary: 'Run a file of signature vectors; ends with "N passed, N failed".',
  arguments: [{ name: 'FILE', arity: 'one' }],
  options: {
    provider: { kind: 'text', value: 'ID', about: 'only the vectors of this provider' },
    json: { kind: 'flag', about: 'every result, for programs' },
  },
  examples: ['hookline vectors signatures.json --provider stripe'],
  run: async ({ arguments: [path = ''], options }, { cwd, print }) => {
    const file = readJsonFile(cwd, path);
    if (!file.ok) {
      print.remark(file.failure);
      return 1;
    }
    const parsed = parseVectors(file.value);
    if ('problem' in parsed) {
      print.remark(`${path}: ${parsed.problem}.`);
      return 1;
    }
    const crypto = createNodeCrypto();
    const results = await runVectors(
      parsed.vectors,
      providers,
      crypto,
      options.provider ?? undefined,
    );
    const passed = results.filter((result) => result.passed).length;
    const failed = results.length - passed;
    if (options.json) print.json({ passed, failed, results });
    else {
      for (const { index, provider, note, expected, got } of results.filter((one) => !one.passed)) {
        print.line(`failed  #${index} ${provider}: expected ${expected}, got ${got}. ${note}`);
      }
      if (results.length === 0) print.remark(`${path} has no vector of ${options.provider}.`);
      print.line(`${passed} passed, ${failed} failed`);
    }
    return failed === 0 && passed > 0 ? 0 : 1;
  },
});
