/** Gathers what the ready block shows, from the settings and the resolved gateway. */

import type { GatewayConfig } from '../config.ts';
import type { ReadyFacts } from './ready-text.ts';
import type { Ground } from './start.ts';
import { TOKEN } from './wanted-secrets.ts';

/** `config` names the variables; the resolved gateway says what became of them. */
export function readyFacts(ground: Ground, config: GatewayConfig, endpointUrl: string): ReadyFacts {
  const { settings, secrets, gateway, gatewayUrl } = ground;
  const isGenerated = (variable: string): boolean => secrets.fromFile.includes(variable);
  return {
    gatewayUrl,
    publicUrl: gateway.publicUrl,
    restateIngressUrl: ground.restateIngressUrl,
    restateAdminUrl: ground.restateAdminUrl,
    endpointUrl,
    catcher:
      settings.smtpUrl === null
        ? {
            pageUrl: `http://127.0.0.1:${settings.ports.mail}`,
            smtpUrl: `smtp://127.0.0.1:${settings.ports.smtp}`,
          }
        : null,
    dataDir: settings.dataDir,
    token: { value: gateway.token, generated: isGenerated(TOKEN) },
    sources: Array.from(gateway.sources.values(), (source) => ({
      id: source.id,
      provider: source.provider.id,
      webhookUrl: `${gateway.publicUrl}/webhooks/${source.id}`,
      live: source.policy.live,
      secrets: (config.sources[source.id]?.secrets ?? []).map((variable) => ({
        variable,
        value: ground.env[variable] ?? '',
        generated: isGenerated(variable),
      })),
    })),
    scale: ground.clock.line.scale,
  };
}
