/** The part of the story in which a person takes over: by the link in the mail, and only its button. */
import type { PlannedStep } from '../../src/core/follow-up/types.ts';
import type { Stage } from '../support/example.ts';
import type { Narrator } from './narrator.ts';

const DAY_MS = 86_400_000;
const PATIENCE_DAYS = 20;

export async function playAcknowledge(
  { hookline, expect }: Stage,
  narrator: Narrator,
  story: {
    readonly subject: string;
    readonly steps: readonly PlannedStep[];
    readonly escalation: PlannedStep;
  },
): Promise<void> {
  const { subject, steps, escalation } = story;
  const isEscalation = ({ step }: { readonly step: string }): boolean => step === escalation.step;
  const mail = await narrator.mail(isEscalation, PATIENCE_DAYS);
  expect('after the last reminder the team is asked to help', mail !== null);
  const link = /http\S+\/ack\/\S+/.exec(mail?.text ?? '')?.[0] ?? hookline.gatewayUrl;

  narrator.tell('A mail scanner opens the link in the mail, as they do.');
  const page = await fetch(link);
  const text = await page.text();
  const before = await hookline.view(subject);
  expect(
    'it sees a page with a button, and nothing has happened',
    page.status === 200 && text.includes('<button') && before?.followUp?.acknowledged === null,
    page.status,
  );
  narrator.tell('Somebody of the team opens it and presses the button, then presses it again.');
  const pressed = await fetch(link, { method: 'POST' });
  expect('the first press acknowledges', pressed.status === 200, pressed.status);
  const again = await fetch(link, { method: 'POST' });
  expect('the second press is refused', again.status === 409, again.status);

  const next = steps.find(({ action, at }) => action === 'escalate' && at > escalation.at);
  if (next === undefined) return;
  narrator.tell('The date of the next alarm comes and goes.');
  await narrator.until(next.at + DAY_MS / 2);
  const more = narrator.mails().filter(({ step }) => step === next.step);
  expect('nobody else is paged: somebody is on it', more.length === 0, more);
}
