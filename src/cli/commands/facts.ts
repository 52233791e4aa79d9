/** `facts`: runs labelled payloads through the fact tables. */
import { providers } from '../../../webhooks/index.ts';
import { utf8 } from '../../core/bytes.ts';
import { readEvents } from '../../core/event.ts';
import type { FactTable } from '../../core/fact-table.ts';
import { DEFAULT_ALERT_LABELS } from '../../core/fact-words.ts';
import type { Json } from '../../core/json.ts';
import { createNodeCrypto } from '../../edge/crypto-node.ts';
import { type Command, defineCommand } from '../command.ts';
import {
  countFacts,
  DISPUTED_LABELS,
  formatFacts,
  type LabelledEvent,
  type LabelledPayload,
  plainEvents,
  runFacts,
} from '../facts.ts';
import { readJsonFile } from '../json-file.ts';

/** Ends with `N passed, N failed`; exit 1 when one failed or none ran. */
export const facts: Command = defineCommand({
  name: 'facts',
  summary: 'Run labelled payloads through the fact tables; ends with "N passed, N failed".',
  arguments: [{ name: 'FILE', arity: 'many' }],
  options: {
    provider: { kind: 'text', value: 'ID', about: 'only the payloads of this provider' },
    json: { kind: 'flag', about: 'every outcome, for programs' },
  },
  examples: ['hookline facts payloads/*.json --provider stripe'],
  run: async ({ arguments: paths, options }, { cwd, print }) => {
    const entries: LabelledPayload[] = [];
    for (const path of paths) {
      const file = readJsonFile(cwd, path);
      const labelled = file.ok ? labelledPayloads(file.value) : null;
      if (labelled === null) {
        print.remark(file.ok ? `${path} is no array of labelled payloads.` : file.failure);
        return 1;
      }
      entries.push(...labelled);
    }
    const events = new Map<LabelledPayload, readonly LabelledEvent[]>();
    for (const entry of entries) events.set(entry, await eventsOf(entry));
    const report = runFacts({
      entries,
      tables: tables(),
      eventsOf: (entry) => events.get(entry) ?? [],
      options: { alertLabels: DEFAULT_ALERT_LABELS },
      ...(options.provider === null ? {} : { provider: options.provider }),
      disputes: DISPUTED_LABELS,
    });
    const { passed, failed } = countFacts(report);
    if (options.json) print.json({ passed, failed, ...report });
    else for (const line of formatFacts(report).split('\n')) print.line(line);
    return failed === 0 && passed > 0 ? 0 : 1;
  },
});

function tables(): Readonly<Record<string, FactTable>> {
  return Object.fromEntries(
    [...providers].flatMap(([id, provider]) =>
      provider.facts === null ? [] : [[id, provider.facts] as const],
    ),
  );
}

/** As the gateway reads them; documentation often leaves the id out, then by the plain rule. */
async function eventsOf(entry: LabelledPayload): Promise<readonly LabelledEvent[]> {
  const provider = providers.get(entry.provider);
  if (provider === undefined) return [];
  const events = await readEvents({
    provider,
    source: entry.provider,
    request: {
      method: 'POST',
      url: 'http://localhost/',
      headers: new Headers(entry.headers),
      body: utf8(entry.body),
    },
    verified: { secretId: '00000000', signedAtSeconds: null },
    crypto: createNodeCrypto(),
  });
  return events.ok ? events.value : plainEvents(entry);
}

function labelledPayloads(json: Json): readonly LabelledPayload[] | null {
  if (!Array.isArray(json)) return null;
  const isLabelled = (entry: unknown): entry is LabelledPayload =>
    typeof entry === 'object' &&
    entry !== null &&
    'provider' in entry &&
    'body' in entry &&
    'expect' in entry &&
    Array.isArray(entry.expect);
  const entries: readonly unknown[] = json;
  return entries.every(isLabelled) ? entries : null;
}
