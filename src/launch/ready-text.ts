/** What a person reads when everything is up, and the one line that scripts wait for. */

export interface ReadySource {
  readonly id: string;
  readonly provider: string;
  readonly webhookUrl: string;
  readonly live: boolean;
  /** Names of the variables its secrets come from. */
  readonly secrets: readonly {
    readonly variable: string;
    readonly value: string;
    readonly generated: boolean;
  }[];
}

export interface ReadyFacts {
  readonly gatewayUrl: string;
  readonly publicUrl: string;
  readonly restateIngressUrl: string;
  readonly restateAdminUrl: string | null;
  readonly endpointUrl: string;
  /** Null: mail goes to a server of the user's. */
  readonly catcher: { readonly pageUrl: string; readonly smtpUrl: string } | null;
  readonly dataDir: string;
  readonly token: { readonly value: string; readonly generated: boolean };
  readonly sources: readonly ReadySource[];
  readonly scale: number;
}

/** The JSON after `ready `: addresses only, so that logs of it hold no secret. */
export function readyAddresses(facts: ReadyFacts): Record<string, unknown> {
  return {
    gateway: facts.gatewayUrl,
    publicUrl: facts.publicUrl,
    webhooks: Object.fromEntries(facts.sources.map(({ id, webhookUrl }) => [id, webhookUrl])),
    restateIngress: facts.restateIngressUrl,
    restateAdmin: facts.restateAdminUrl,
    endpoint: facts.endpointUrl,
    mail: facts.catcher?.pageUrl ?? null,
    smtp: facts.catcher?.smtpUrl ?? null,
    dataDir: facts.dataDir,
    timeScale: facts.scale,
  };
}

/** The friendly block. A secret from the environment is named, not shown: its owner has it. */
export function readyBlock(facts: ReadyFacts): string {
  const lines = [
    '',
    `Hookline is up at ${facts.gatewayUrl}`,
    '',
    ...sourceLines(facts.sources),
    '',
    facts.catcher === null
      ? 'Mail      sent through SMTP_URL'
      : `Mail      caught, read it at ${facts.catcher.pageUrl} (SMTP ${facts.catcher.smtpUrl})`,
    `Restate   ingress ${facts.restateIngressUrl}` +
      (facts.restateAdminUrl === null ? '' : `, admin ${facts.restateAdminUrl}`),
    `Objects   ${facts.endpointUrl}`,
    `Data      ${facts.dataDir}`,
    `Operator  HOOKLINE_TOKEN ${facts.token.generated ? facts.token.value : '(from the environment)'}`,
    ...(facts.scale === 1 ? [] : [`Clock     ${scaleText(facts.scale)}`]),
    '',
    'Try:',
    `  npx hookline trigger ${facts.sources[0]?.id ?? 'stripe'} ${exampleType(facts.sources[0]?.provider)}`,
    '',
  ];
  return lines.join('\n');
}

function sourceLines(sources: readonly ReadySource[]): readonly string[] {
  return sources.flatMap(({ id, provider, webhookUrl, live, secrets }) => [
    `Source    ${id}${id === provider ? '' : ` (${provider})`}, ${live ? 'live' : 'shadow: customers are not written to'}`,
    `          POST ${webhookUrl}`,
    ...secrets.map(
      ({ variable, value, generated }) =>
        `          ${variable} ${generated ? value : '(from the environment)'}`,
    ),
  ]);
}

function scaleText(scale: number): string {
  const daySeconds = 86_400 / scale;
  return `${scale} times faster: a day takes ${daySeconds < 120 ? `${Number(daySeconds.toPrecision(3))} s` : `${Math.round(daySeconds / 60)} min`}`;
}

function exampleType(provider: string | undefined): string {
  if (provider === 'github') return 'dependabot_alert';
  return provider === 'stripe' || provider === undefined
    ? 'invoice.payment_failed --set data.object.customer_email=ada@example.com'
    : 'example.event';
}
