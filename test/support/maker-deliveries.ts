/** Deliveries as the makers themselves make them: their own signer, their own payloads. */
import { createRequire } from 'node:module';
import Stripe from 'stripe';
import { type Delivery, SECRETS, type StripeSigning } from './gateway.ts';

/** Signed by Stripe's SDK. It signs text only; for other bytes there is `stripeDelivery`. */
export function deliveryByStripe(
  payload: string,
  { secret = SECRETS.stripe, atSeconds }: StripeSigning = {},
): Delivery {
  const signature = Stripe.webhooks.generateTestHeaderString({
    payload,
    secret,
    ...(atSeconds === undefined ? {} : { timestamp: atSeconds }),
  });
  return {
    body: new TextEncoder().encode(payload),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': signature,
    },
  };
}

/** One event of GitHub, by its name in `X-GitHub-Event`, with the payloads recorded of it. */
interface GithubExamples {
  readonly name: string;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
}

export const githubExamples: readonly GithubExamples[] = createRequire(import.meta.url)(
  '@octokit/webhooks-examples',
);

/** The first recorded payload of an event with this action; null: an event that has none. */
export function githubExample(name: string, action: string | null): string {
  const found = githubExamples
    .find((event) => event.name === name)
    ?.examples.find((payload) => (payload['action'] ?? null) === action);
  if (found === undefined) throw new Error(`GitHub records no ${name} ${action ?? ''}`);
  return JSON.stringify(found);
}
