/** What the comparison must show: one claim per sequence and tracker, and one per defect. */
import { type Observations, type Seen, seenOf } from './play.ts';
import { DEFECTS, PLAIN, SEQUENCES, type Sequence, type Told } from './sequences.ts';
import { SYSTEM_NAMES, type SystemName } from './systems.ts';
import { VARIANTS } from './variants.ts';

export interface Claim {
  readonly claim: string;
  readonly holds: (observations: Observations) => boolean;
  readonly about: Sequence;
}

const LANGUAGES = VARIANTS.map(({ language }) => language);

function isAsTold(seen: Told, { reminders, escalations }: Told): boolean {
  return seen.reminders === reminders && seen.escalations === escalations;
}

const alike: readonly Claim[] = PLAIN.flatMap((sequence) =>
  LANGUAGES.map((language) => ({
    claim: `${language} and Hookline tell people the same: ${sequence.title}`,
    about: sequence,
    holds: (observations) =>
      isAsTold(seenOf(observations, sequence.id, language), sequence.told) &&
      isAsTold(seenOf(observations, sequence.id, 'hookline'), sequence.told),
  })),
);

/** `tracker` must hold for all five, `ours` for Hookline. */
function defect(
  claim: string,
  about: Sequence,
  tracker: (seen: Seen) => boolean,
  ours: (seen: Seen) => boolean,
): Claim {
  return {
    claim,
    about,
    holds: (observations) =>
      LANGUAGES.every((language) => tracker(seenOf(observations, about.id, language))) &&
      ours(seenOf(observations, about.id, 'hookline')),
  };
}

const asTold =
  (sequence: Sequence) =>
  (seen: Told): boolean =>
    isAsTold(seen, sequence.told);
/** Three mails within one interval, where there should be two intervals between them. */
const isHasty = (seen: Seen): boolean => seen.spanBeats !== null && seen.spanBeats < 1;
const isPatient = (seen: Seen): boolean => seen.spanBeats !== null && seen.spanBeats > 1;

function plain(id: string): Sequence {
  const sequence = PLAIN.find((one) => one.id === id);
  if (sequence === undefined) throw new Error(`no sequence ${id}`);
  return sequence;
}

const better: readonly Claim[] = [
  defect(
    'each attempt of the provider starts one more chain in a tracker: three mails at once and three alarms; Hookline keeps one ladder',
    DEFECTS.retried,
    (seen) => isHasty(seen) && isAsTold(seen, { reminders: 3, escalations: 3 }),
    (seen) => isPatient(seen) && isAsTold(seen, DEFECTS.retried.told),
  ),
  defect(
    'a repeated delivery counts again in a tracker; Hookline knows the event by its id',
    DEFECTS.duplicated,
    (seen) => isHasty(seen) && isAsTold(seen, { reminders: 3, escalations: 3 }),
    (seen) => isPatient(seen) && isAsTold(seen, DEFECTS.duplicated.told),
  ),
  defect(
    'paid is for ever in a tracker; Hookline follows up on a newer failure from its beginning',
    DEFECTS.reopened,
    (seen) => isAsTold(seen, { reminders: 1, escalations: 0 }),
    asTold(DEFECTS.reopened),
  ),
  defect(
    'a tracker raises the alarm again at each failure after the first alarm; Hookline has raised it',
    DEFECTS.escalated,
    (seen) => isAsTold(seen, { reminders: 3, escalations: 3 }),
    asTold(DEFECTS.escalated),
  ),
  defect(
    'a tracker writes twice when an invoice and its payment intent fail together; Hookline joins them',
    DEFECTS.intent,
    (seen) => isAsTold(seen, { reminders: 6, escalations: 2 }),
    asTold(DEFECTS.intent),
  ),
  defect(
    'a tracker believes anybody who finds its address; Hookline refuses what is not signed',
    DEFECTS.forged,
    (seen) => isAsTold(seen, { reminders: 3, escalations: 1 }),
    asTold(DEFECTS.forged),
  ),
  defect(
    'the timer of a tracker stays armed after the payment; Hookline cancels it',
    plain('paidfirst'),
    (seen) => seen.timersLeft === 1,
    (seen) => seen.timersLeft === 0,
  ),
  defect(
    'the state of a tracker stays for ever; Hookline has scheduled its end',
    plain('paidfirst'),
    (seen) => !seen.forgets,
    (seen) => seen.forgets,
  ),
];

export const CLAIMS: readonly Claim[] = [...alike, ...better];

/** `3+1`: three reminders and one escalation. */
export function tableRows(observations: Observations): readonly (readonly string[])[] {
  const cell = (sequence: Sequence, system: SystemName): string => {
    const { reminders, escalations } = seenOf(observations, sequence.id, system);
    return `${reminders}+${escalations}`;
  };
  return [
    ['', ...SYSTEM_NAMES],
    ...SEQUENCES.map((sequence) => [
      sequence.title,
      ...SYSTEM_NAMES.map((system) => cell(sequence, system)),
    ]),
  ];
}
