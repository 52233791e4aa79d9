/** The deliveries of one `hookline trigger`: which event is the nth, and how it is sent. */
import { fieldOf } from './api.ts';
import type { Shot } from './burst.ts';
import type { World } from './command.ts';
import type { SyntheticEvent } from './fixtures/build-event.ts';
import { seededRandom, systemRandom } from './random.ts';
import {
  buildWished,
  type EventWish,
  signAttempt,
  type TriggerTarget,
  wrongSecretLike,
} from './trigger-plan.ts';

const TIMEOUT_MS = 30_000;
/** Times one delivery is sent before the answer counts. */
const TRIES_MAX = 4;

/** The job at hand, as typed. */
export interface Volley {
  readonly target: TriggerTarget;
  readonly wish: EventWish;
  readonly seed: number | null;
  readonly wrongSecret: boolean;
  readonly skewSeconds: number;
  readonly times: number;
}

export interface Delivered extends Shot {
  readonly answer: string;
  /** The gateway says that it had the event already. */
  readonly duplicate: boolean;
  /** When a 503 asks to come back; null: it does not ask, or the answer is another one. */
  readonly retryAfterSeconds: number | null;
  /** What was thrown when there was no answer. */
  readonly error: unknown;
}

const drawn = new WeakMap<Volley, Map<number, SyntheticEvent>>();

/** The nth event. With a seed the same n gives the same ids; `--times` repeats one event. */
export function eventAt(world: World, volley: Volley, index: number): SyntheticEvent {
  const known = drawn.get(volley) ?? new Map<number, SyntheticEvent>();
  drawn.set(volley, known);
  const before = known.get(index);
  if (before !== undefined) return before;
  const random =
    volley.seed === null
      ? systemRandom(world.randomBytes)
      : seededRandom(volley.seed * 1_000_003 + index + hashOf(volley.wish.type));
  const nowSeconds = Math.floor(world.nowMs() / 1000);
  const event = buildWished(volley.target, volley.wish, nowSeconds, random);
  known.set(index, event);
  // Only the event that may still be repeated is kept: a long burst must not hold all of them.
  known.delete(index - 1);
  return event;
}

/** FNV-1a. Two types with one seed must not share an event id: the second would be a duplicate. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}

/**
 * Sends as a provider does: a gateway that has no room just now says when to come back, and the
 * sender comes back. `place` spreads the returns, or all would find it full again at one moment.
 */
export async function deliverAsProvider(
  world: World,
  volley: Volley,
  event: SyntheticEvent,
  place: number,
): Promise<Delivered> {
  for (let tries = 1; ; tries += 1) {
    const shot = await deliver(world, volley, event);
    if (shot.retryAfterSeconds === null || tries === TRIES_MAX) {
      return { ...shot, cameBack: tries > 1 };
    }
    const spread = 1 + (place % 20) / 20;
    await world.sleep(shot.retryAfterSeconds * 1000 * spread);
  }
}

/** One attempt, signed at this moment. */
export async function deliver(
  world: World,
  volley: Volley,
  event: SyntheticEvent,
): Promise<Delivered> {
  const { target, skewSeconds } = volley;
  const secret = volley.wrongSecret
    ? wrongSecretLike(target.secret, world.randomBytes)
    : target.secret;
  const headers = await signAttempt(target, event, secret, world.nowMs() / 1000 + skewSeconds);
  const startMs = world.monotonicMs();
  const tookMs = (): number => world.monotonicMs() - startMs;
  try {
    const response = await world.fetch(target.url, {
      method: 'POST',
      headers,
      body: event.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.text();
    return {
      status: response.status,
      tookMs: tookMs(),
      answer: answer.slice(0, 2000),
      duplicate: saysDuplicate(answer),
      retryAfterSeconds: response.status === 503 ? retryAfter(response) : null,
      error: null,
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const status = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
    return {
      status,
      tookMs: tookMs(),
      answer: '',
      duplicate: false,
      retryAfterSeconds: null,
      error,
    };
  }
}

function saysDuplicate(answer: string): boolean {
  try {
    return fieldOf(JSON.parse(answer), 'duplicate') === true;
  } catch {
    return false;
  }
}

function retryAfter(response: Response): number | null {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d{1,2}$/.test(text) ? Number(text) : null;
}
