/** From verified bytes to plans: what the delivery means, decided before anything is written. */

import type { Clock } from '../core/clock.ts';
import type { CryptoPort } from '../core/crypto.ts';
import type { DeliveryRequest } from '../core/delivery.ts';
import { explainEventFailure, fallbackKey, readEvents } from '../core/event.ts';
import type { Verified } from '../core/verification.ts';
import { gunzip } from './decode-body.ts';
import { type EventPlan, planEvent, planWhole, type VerifiedDelivery } from './plan-event.ts';

export interface ReadDeliveryInput {
  readonly delivery: VerifiedDelivery;
  /** As sent and as verified. */
  readonly request: DeliveryRequest;
  readonly verified: Verified;
  readonly encoding: 'none' | 'gzip';
  readonly crypto: CryptoPort;
  readonly clock: Clock;
}

export interface DeliveryPlan {
  /** One for each event, in the payload's order. */
  readonly events: readonly EventPlan[];
  /** The delivery itself, where its events do not carry all of its bytes. */
  readonly whole: EventPlan | null;
}

/**
 * Never fails: a payload that cannot be read is kept with the reason beside it, because the same
 * bytes would come again and fail again.
 */
export async function readDelivery(input: ReadDeliveryInput): Promise<DeliveryPlan> {
  const { delivery, verified, crypto } = input;
  const key = (): Promise<string> =>
    fallbackKey({
      source: delivery.source.id,
      signedAtSeconds: verified.signedAtSeconds,
      body: delivery.sentBytes,
      crypto,
    });
  const quarantined = async (note: string): Promise<DeliveryPlan> => ({
    events: [planWhole(delivery, await key(), { flag: 'quarantined', note })],
    whole: null,
  });
  const body = await decoded(input);
  if (typeof body === 'string') return quarantined(body);
  const events = await readEvents({
    provider: delivery.source.provider,
    source: delivery.source.id,
    request: { ...input.request, body },
    verified,
    crypto,
  });
  if (!events.ok) return quarantined(explainEventFailure(events.failure));
  const plans = events.value.map((event) => planEvent(delivery, event, input.clock));
  if (plans.length === 1) return { events: plans, whole: null };
  const note = `delivery of ${plans.length} events`;
  return { events: plans, whole: planWhole(delivery, await key(), { flag: 'untracked', note }) };
}

/** The bytes to read, or why there are none. The cap is the same as for a plain body. */
async function decoded(input: ReadDeliveryInput): Promise<Uint8Array | string> {
  if (input.encoding === 'none') return input.request.body;
  const { bytesMax } = input.delivery.source;
  const plain = await gunzip(input.request.body, bytesMax);
  if (plain.ok) return plain.value;
  return plain.failure.reason === 'too_large'
    ? `The compressed body inflates to more than ${bytesMax} bytes.`
    : 'The body is not the gzip stream its content-encoding promises.';
}
