/**
 * Builds, signs and judges the deliveries of `hookline trigger`. It sends nothing.
 */
import { utf8 } from '../core/bytes.ts';
import { explainEventFailure, readEvents } from '../core/event.ts';
import { isAlertFact, isPaymentFact } from '../core/fact.ts';
import { factsOf } from '../core/fact-table.ts';
import { nearest } from '../core/nearest.ts';
import type { ProviderDefinition } from '../core/provider.ts';
import { signDelivery } from '../core/sign.ts';
import { toleranceOf } from '../core/verify.ts';
import { createNodeCrypto } from '../edge/crypto-node.ts';
import { Misuse } from './command.ts';
import {
  buildEvent,
  type FixtureProvider,
  type SyntheticEvent,
  typesOf,
} from './fixtures/build-event.ts';
import type { ApiShape } from './fixtures/stripe-seed.ts';
import type { SubjectNoun } from './subject-ref.ts';

export interface TriggerTarget {
  readonly source: string;
  readonly provider: ProviderDefinition;
  readonly url: string;
  readonly secret: string;
  /** The source's own window, or null for the provider's. */
  readonly toleranceSeconds: number | null;
  readonly alertLabels: readonly string[];
}

export interface EventWish {
  readonly type: string;
  readonly set: Readonly<Record<string, string>>;
  readonly id: string | null;
  readonly shape: ApiShape;
}

const FIXTURE_PROVIDERS: readonly FixtureProvider[] = ['stripe', 'github', 'standard-webhooks'];

/** One synthetic event. Misuse: a type, path or id that the provider's fixtures do not know. */
export function buildWished(
  target: Pick<TriggerTarget, 'provider'>,
  wish: EventWish,
  nowSeconds: number,
  random: () => number,
): SyntheticEvent {
  const provider = fixtureProviderOf(target.provider);
  const set = wish.id === null ? wish.set : { [idPath(provider, wish.type)]: wish.id, ...wish.set };
  const event = buildEvent({
    provider,
    type: wish.type,
    nowSeconds,
    random,
    set,
    apiShape: wish.shape,
  });
  if (event.ok) return event.value;
  if (event.failure.reason === 'bad_path') {
    throw new Misuse(`--set ${event.failure.path}: there is nothing at that path to set.`);
  }
  const guess = nearest(wish.type, event.failure.known);
  throw new Misuse(
    `There is no synthetic ${provider} event "${wish.type}". ` +
      (guess === null ? knownTypes(target.provider) : `Did you mean ${guess}?`),
  );
}

function fixtureProviderOf({ id, name }: ProviderDefinition): FixtureProvider {
  const provider = FIXTURE_PROVIDERS.find((known) => known === id);
  if (provider !== undefined) return provider;
  throw new Misuse(
    `There are no synthetic events for ${name} yet. Known: ${FIXTURE_PROVIDERS.join(', ')}.`,
  );
}

/** The types of synthetic events, as a sentence. Misuse: the provider has none. */
export function knownTypes(provider: ProviderDefinition): string {
  return `Known: ${typesOf(fixtureProviderOf(provider)).join(', ')}.`;
}

/** Where an event names the payment it is about: charges and disputes point at it. */
function idPath(provider: FixtureProvider, type: string): string {
  if (provider !== 'stripe') throw new Misuse('--id is for Stripe events; use --set for others.');
  if (type.startsWith('charge.')) return 'data.object.payment_intent';
  return type.startsWith('invoice_payment.') ? 'data.object.invoice' : 'data.object.id';
}

/** The headers of one attempt: each attempt is signed anew, as providers do. */
export async function signAttempt(
  target: TriggerTarget,
  event: SyntheticEvent,
  secret: string,
  nowSeconds: number,
): Promise<Record<string, string>> {
  const signed = await signDelivery({
    provider: target.provider,
    secret,
    body: utf8(event.body),
    nowSeconds,
    id: event.id,
    url: target.url,
    crypto: createNodeCrypto(),
  });
  return { ...signed, ...event.headers };
}

/** `kept`: archived, not tracked. `set_aside`: its meaning cannot be read, and why. */
export type TriggerMeaning =
  | { readonly kind: 'subject'; readonly noun: SubjectNoun; readonly subject: string }
  | { readonly kind: 'kept' }
  | { readonly kind: 'set_aside'; readonly why: string };

/** What the event is about, read from what is sent, as the gateway reads it. */
export async function meaningOf(
  target: TriggerTarget,
  event: SyntheticEvent,
  nowSeconds: number,
): Promise<TriggerMeaning> {
  const { provider, source, url } = target;
  const headers = new Headers(await signAttempt(target, event, target.secret, nowSeconds));
  const events = await readEvents({
    provider,
    source,
    request: { method: 'POST', url, headers, body: utf8(event.body) },
    verified: { secretId: '00000000', signedAtSeconds: null },
    crypto: createNodeCrypto(),
  });
  if (!events.ok) return { kind: 'set_aside', why: explainEventFailure(events.failure) };
  const [read] = events.value;
  if (read === undefined || provider.facts === null) return { kind: 'kept' };
  if (read.type === null) return { kind: 'set_aside', why: 'it has no type that can be read.' };
  const facts = factsOf({
    table: provider.facts,
    event: { type: read.type, json: read.json, headers },
    options: { alertLabels: target.alertLabels },
  });
  if (!facts.ok) {
    return { kind: 'set_aside', why: `${facts.failure.path}: ${facts.failure.detail}.` };
  }
  const [fact] = facts.value;
  if (fact === undefined || !(isPaymentFact(fact) || isAlertFact(fact))) return { kind: 'kept' };
  const noun = isPaymentFact(fact) ? 'payments' : 'alerts';
  return { kind: 'subject', noun, subject: `${source}/${fact.ref}` };
}

/** The status a correct gateway answers, and why it is no success. */
export function expectedAnswer(
  target: TriggerTarget,
  wish: { readonly wrongSecret: boolean; readonly skewSeconds: number },
): { readonly status: number; readonly why: string | null } {
  if (wish.wrongSecret) return { status: 401, why: 'the signature is wrong' };
  const tolerance = target.toleranceSeconds ?? toleranceOf(target.provider.verification);
  if (Math.abs(wish.skewSeconds) > tolerance) {
    return { status: 401, why: `the signed time is off by more than ${tolerance} s` };
  }
  return { status: target.provider.delivery.successStatus, why: null };
}

/** Another secret in the same form: what a sender with an old or mistyped one would use. */
export function wrongSecretLike(
  secret: string,
  randomBytes: (count: number) => Uint8Array,
): string {
  const bytes = Buffer.from(randomBytes(32));
  return secret.startsWith('whsec_') ? `whsec_${bytes.toString('base64')}` : bytes.toString('hex');
}
