/** Which source `hookline trigger` posts to: the user's config says, the environment completes. */

import { providerById, providers } from '../../webhooks/index.ts';
import type { GatewayConfig, SourceConfig } from '../config.ts';
import { DEFAULT_ALERT_LABELS } from '../core/fact-words.ts';
import { nearest } from '../core/nearest.ts';
import { secretProblem } from '../core/verify.ts';
import { createNodeCrypto } from '../edge/crypto-node.ts';
import { loadConfig } from '../launch/load-config.ts';
import { type ConfigProblem, isSound } from '../resolve/problems.ts';
import { configShape } from '../resolve/shape.ts';
import { Misuse, type World } from './command.ts';
import { connectionOf } from './connection.ts';
import { knownTypes, type TriggerTarget } from './trigger-plan.ts';

/**
 * `name` is a source or a provider; `sourceName` overrides where it is posted. Misuse: neither is
 * known, or no type of event is named. A secret that nobody has is said as such: there is no
 * unsigned delivery.
 */
export async function triggerTarget(
  world: World,
  { name, type }: { readonly name: string; readonly type: string },
  sourceName: string | null,
): Promise<TriggerTarget | { readonly sentence: string }> {
  // Loaded here and not above, so that a config with a mistake does not take the help away.
  const config = await loadConfig(() => import('../../gateway.config.ts'));
  if (!config.ok) return { sentence: config.failure };
  const unsound = sourcesProblem(config.value);
  if (unsound !== null) return { sentence: unsound };
  const sources = Object.entries(config.value.sources);
  const named = sources.find(([id]) => id === name);
  const provider = providerById(named?.[1].provider ?? name);
  if (provider === null) {
    const known = [...new Set([...sources.map(([id]) => id), ...providers.keys()])];
    const guess = nearest(name, known);
    throw new Misuse(
      `"${name}" is neither a source nor a provider.` +
        (guess === null ? ` Known: ${known.join(', ')}.` : ` Did you mean ${guess}?`),
    );
  }
  // Before the secret: who asks what there is need not have started anything.
  if (type.trim() === '') throw new Misuse(`"trigger ${name}" needs TYPE. ${knownTypes(provider)}`);
  const ofProvider = named ?? sources.find(([, source]) => source.provider === provider.id);
  const [id, source] = sources.find(([other]) => other === sourceName) ?? ofProvider ?? [];
  const variable = source?.secrets[0];
  if (source === undefined || id === undefined || variable === undefined) {
    return { sentence: `gateway.config.ts has no source with provider ${provider.id}; add one.` };
  }
  const connection = connectionOf(world);
  // A variable may hold several secrets for rotation; the first is the newest.
  const secret = connection.secret(variable)?.trim().split(/\s+/)[0] ?? '';
  if (secret === '') {
    return {
      sentence:
        `No secret to sign with: ${variable} is not set, and ${connection.notKept}. Run ` +
        '`npm start` once, with the same HOOKLINE_DATA_DIR, or set it.',
    };
  }
  const problem = await secretProblem(provider, secret, createNodeCrypto());
  if (problem !== null) return { sentence: `Nothing can be signed: ${variable} ${problem}.` };
  const target = sourceName ?? id;
  return {
    source: target,
    provider,
    url: `${connection.url}/webhooks/${encodeURIComponent(target)}`,
    secret,
    ...ownSettings(source),
  };
}

/** The config is a file and may be wrong in any way; what is wrong elsewhere does not matter here. */
function sourcesProblem(config: GatewayConfig): string | null {
  const problems: ConfigProblem[] = [];
  configShape(config, '', problems);
  const first = problems.find((problem) => !isSound([problem], 'sources'));
  if (first === undefined) return null;
  return `gateway.config.ts, ${first.field}: ${first.problem} ${first.remedy}`;
}

function ownSettings(
  source: SourceConfig,
): Pick<TriggerTarget, 'toleranceSeconds' | 'alertLabels'> {
  return {
    toleranceSeconds: source.toleranceSeconds ?? null,
    alertLabels: source.alertLabels ?? DEFAULT_ALERT_LABELS,
  };
}
