/** `trigger`: builds a realistic event, signs it and posts it to the gateway. */

import { shellWord } from '../../core/shell-word.ts';
import { toleranceOf } from '../../core/verify.ts';
import { noAnswerSentence } from '../api.ts';
import { runBurst, summaryText } from '../burst.ts';
import { type Command, defineCommand, type ExitCode, Misuse, type World } from '../command.ts';
import { connectionOf } from '../connection.ts';
import type { SyntheticEvent } from '../fixtures/build-event.ts';
import type { ApiShape } from '../fixtures/stripe-seed.ts';
import { spanMs } from '../times.ts';
import {
  expectedAnswer,
  meaningOf,
  type TriggerMeaning,
  type TriggerTarget,
} from '../trigger-plan.ts';
import { triggerTarget } from '../trigger-target.ts';
import { type Delivered, deliver, deliverAsProvider, eventAt, type Volley } from '../volley.ts';

const RATE_DEFAULT = 50;
const COUNT_MAX = 1_000_000;
const SEED_MAX = 2 ** 32 - 1;
/** Slower, and a timer would overflow and fire at once. */
const RATE_MIN = 0.001;
const RATE_MAX = 100_000;
/** Further, and the signed time would be none that a provider can write. */
const SKEW_MAX_MS = 3650 * 86_400_000;

/** Exit 1 when an answer is not the one a correct gateway gives; a wrong secret expects 401. */
export const trigger: Command = defineCommand({
  name: 'trigger',
  summary: 'Build a realistic event, sign it and post it to the gateway.',
  arguments: [
    { name: 'SOURCE', arity: 'one' },
    { name: 'TYPE', arity: 'one', askedByCommand: true },
  ],
  options: {
    set: {
      kind: 'list',
      value: 'PATH=VALUE',
      about: 'change the event, data.object.amount_due=100',
    },
    id: { kind: 'text', value: 'ID', about: 'of the payment it is about, in_… or pi_… (Stripe)' },
    shape: { kind: 'text', value: 'basil|acacia', about: "Stripe's API shape (basil)" },
    source: { kind: 'text', value: 'NAME', about: 'post to this source' },
    times: { kind: 'number', value: 'N', about: 'post the same event N times' },
    count: {
      kind: 'number',
      value: 'N',
      about: 'post N events, each about a payment of its own; a 503 is sent again, as providers do',
    },
    rate: { kind: 'number', value: 'R', about: `events per second with --count (${RATE_DEFAULT})` },
    seed: { kind: 'number', value: 'N', about: 'the same ids again' },
    'wrong-secret': { kind: 'flag', about: 'sign with another secret; 401 is expected' },
    skew: {
      kind: 'text',
      value: 'SPAN',
      about: 'move the signed time, -10m (GitHub signs none)',
    },
    json: { kind: 'flag', about: 'the result for programs' },
  },
  examples: [
    'hookline trigger stripe invoice.payment_failed --set data.object.customer_email=ada@example.com',
    'hookline trigger stripe invoice.paid --id in_1ABC',
    'hookline trigger stripe invoice.payment_failed --count 500 --rate 100',
    'hookline trigger github dependabot_alert --times 3',
  ],
  run: async ({ arguments: [name = '', type = ''], options }, world) => {
    if (options.rate !== null && options.count === null) {
      throw new Misuse('--rate is for a burst: add --count N.');
    }
    const target = await triggerTarget(world, { name, type }, options.source);
    if ('sentence' in target) {
      world.print.remark(target.sentence);
      return 1;
    }
    const shape = readShape(options.shape, target);
    const volley: Volley = {
      target,
      wish: { type, set: readSets(options.set), id: options.id, shape },
      seed: options.seed === null ? null : whole('seed', options.seed, SEED_MAX),
      wrongSecret: options['wrong-secret'],
      skewSeconds: readSkew(options.skew, target),
      times: whole('times', options.times ?? 1),
    };
    const count = options.count === null ? null : whole('count', options.count);
    const rate = readRate(options.rate);
    return count === null
      ? one(world, volley, options.json)
      : burst(world, volley, count, rate, options.json);
  },
});

async function one(world: World, volley: Volley, asJson: boolean): Promise<ExitCode> {
  const { print } = world;
  const { target } = volley;
  const event = eventAt(world, volley, 0);
  const expected = expectedAnswer(target, volley);
  const meaning = await meaningOf(target, event, world.nowMs() / 1000);
  const answers: Delivered[] = [];
  for (let time = 0; time < volley.times; time += 1) {
    const shot = await deliver(world, volley, event);
    answers.push(shot);
    if (shot.error !== null) {
      print.remark(noAnswerSentence(connectionOf(world), shot.error));
      return 1;
    }
    if (!asJson) print.line(answerLine(volley, event, shot, expected));
  }
  const good = answers.every(({ status }) => status === expected.status);
  if (asJson) {
    print.json({
      source: target.source,
      type: event.type,
      id: event.id,
      subject: meaning.kind === 'subject' ? meaning.subject : null,
      kind: meaning.kind === 'subject' ? meaning.noun : null,
      expectedStatus: expected.status,
      asExpected: good,
      answers: answers.map(({ status, tookMs, answer }) => ({ status, tookMs, answer })),
    });
  } else if (expected.why === null && good) {
    print.line(meaningText(meaning));
  }
  return good ? 0 : 1;
}

function meaningText(meaning: TriggerMeaning): string {
  switch (meaning.kind) {
    case 'subject': {
      const { noun, subject } = meaning;
      return `Subject: ${subject}\nNext: hookline ${noun} show ${shellWord(subject)}`;
    }
    case 'kept':
      return 'Kept in the archive; nothing follows up on this event.';
    case 'set_aside':
      return `Set aside: ${meaning.why}\nType: hookline issues`;
  }
}

async function burst(
  world: World,
  volley: Volley,
  count: number,
  ratePerSecond: number,
  asJson: boolean,
): Promise<ExitCode> {
  const expected = expectedAnswer(volley.target, volley);
  // Wrong types and paths are said before the first shot, not a thousand times after it.
  const first = await meaningOf(volley.target, eventAt(world, volley, 0), world.nowMs() / 1000);
  let noAnswer: unknown = null;
  const summary = await runBurst({
    count: count * volley.times,
    ratePerSecond,
    shoot: async (index) => {
      const event = eventAt(world, volley, Math.floor(index / volley.times));
      const shot = await deliverAsProvider(world, volley, event, index);
      noAnswer ??= shot.error;
      return shot;
    },
    onProgress: (soFar) => world.print.progress(summaryText(soFar, count * volley.times)),
    world,
  });
  const good = Object.keys(summary.byStatus).every((status) => status === String(expected.status));
  if (asJson) {
    world.print.json({ ...summary, expectedStatus: expected.status, asExpected: good });
    return good ? 0 : 1;
  }
  world.print.line(summaryText(summary, count * volley.times));
  if (noAnswer !== null) world.print.remark(noAnswerSentence(connectionOf(world), noAnswer));
  else if (!good) world.print.remark(`Expected ${expected.status} for all of them.`);
  else if (expected.why !== null) world.print.line(`As expected: ${expected.why}.`);
  else if (first.kind === 'subject') world.print.line('Next: hookline events list');
  return good ? 0 : 1;
}

function answerLine(
  { target }: Volley,
  event: SyntheticEvent,
  shot: Delivered,
  expected: { readonly status: number; readonly why: string | null },
): string {
  const head = `${target.source} ${event.type} ${event.id}: ${shot.status} in ${Math.round(shot.tookMs)} ms`;
  if (shot.status !== expected.status) return `${head}, expected ${expected.status}`;
  if (expected.why !== null) return `${head}, as expected: ${expected.why}`;
  return shot.duplicate ? `${head}, duplicate` : head;
}

/** Built from entries: assigned one by one, a path `__proto__` would vanish instead of being refused. */
function readSets(texts: readonly string[]): Readonly<Record<string, string>> {
  const entries = texts.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) {
      throw new Misuse(`--set "${text}" is not PATH=VALUE, as in data.object.amount_due=4200.`);
    }
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function readSkew(text: string | null, { provider }: TriggerTarget): number {
  if (text === null) return 0;
  if (toleranceOf(provider.verification) === 0) {
    throw new Misuse(
      `${provider.name} signs no time, so --skew would change nothing. Leave it out, or use --wrong-secret to see a refusal.`,
    );
  }
  const span = spanMs(text);
  if (span === null) throw new Misuse(`--skew "${text}" is no span; type it as -10m or 90s.`);
  if (Math.abs(span) > SKEW_MAX_MS) throw new Misuse(`--skew is at most 3650d, not "${text}".`);
  return span / 1000;
}

function readRate(rate: number | null): number {
  if (rate === null) return RATE_DEFAULT;
  if (rate >= RATE_MIN && rate <= RATE_MAX) return rate;
  throw new Misuse(`--rate is from ${RATE_MIN} to ${RATE_MAX} events per second.`);
}

function readShape(text: string | null, target: TriggerTarget): ApiShape {
  if (text === null) return 'basil';
  if (target.provider.id !== 'stripe') throw new Misuse('--shape is for Stripe events.');
  if (text === 'basil' || text === 'acacia') return text;
  throw new Misuse(`--shape is basil or acacia, not "${text}".`);
}

function whole(name: string, value: number, max: number = COUNT_MAX): number {
  if (!Number.isInteger(value) || value > max) {
    throw new Misuse(`--${name} is a whole number up to ${max}.`);
  }
  return value;
}
