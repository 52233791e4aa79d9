/** Which secrets a config needs, and in which form each provider writes them. */
import type { GatewayConfig } from '../config.ts';
import type { SecretForm, WantedSecret } from './secrets.ts';

export const TOKEN = 'HOOKLINE_TOKEN';
export const LINK_SECRET = 'HOOKLINE_LINK_SECRET';

const FORM_OF_PROVIDER: Readonly<Record<string, SecretForm>> = {
  stripe: 'whsec',
  'standard-webhooks': 'whsec',
};

/**
 * The operator token, the link secret, and the first secret of every source. Further secrets of a
 * source are for rotation: they exist at the provider already, so one that is not set is a problem
 * of the config and no reason to invent a value.
 */
export function wantedSecrets(
  config: GatewayConfig,
  env: Readonly<Record<string, string | undefined>>,
): readonly WantedSecret[] {
  const wanted = new Map<string, SecretForm>([
    [TOKEN, 'hex'],
    [LINK_SECRET, 'hex'],
  ]);
  for (const { provider, first } of sourcesOf(config)) {
    if (wanted.has(first)) continue;
    // Only providers whose secret we choose ourselves: an asymmetric provider's public key, say,
    // cannot be invented, and the config's own check then names what is missing.
    const form = FORM_OF_PROVIDER[provider] ?? (provider === 'github' ? 'hex' : null);
    if (form !== null || env[first]) wanted.set(first, form ?? 'hex');
  }
  return Array.from(wanted, ([variable, form]) => ({ variable, form }));
}

/** The config is a file and may be wrong in any way; what is wrong is said when it is resolved. */
function sourcesOf(config: unknown): readonly { provider: string; first: string }[] {
  const found: { provider: string; first: string }[] = [];
  for (const source of Object.values(Object(Object(config).sources))) {
    const { provider, secrets } = Object(source);
    const first: unknown = Array.isArray(secrets) ? secrets[0] : undefined;
    if (typeof provider === 'string' && typeof first === 'string') found.push({ provider, first });
  }
  return found;
}
