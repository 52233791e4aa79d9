/** The only list of providers, in the order of their ids. */
import type { ProviderDefinition } from '../src/core/provider.ts';
import { github } from './github.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { stripe } from './stripe.ts';

const LIST: readonly ProviderDefinition[] = [github, standardWebhooks, stripe];

export const providers: ReadonlyMap<string, ProviderDefinition> = new Map(
  LIST.map((provider) => [provider.id, provider]),
);

/** Null for an id that no file in this folder has. */
export function providerById(id: string): ProviderDefinition | null {
  return providers.get(id) ?? null;
}
