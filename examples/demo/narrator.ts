/** Tells what happens as it happens: commands as typed, mails as they arrive, each with its day. */
import { type Stage, seenWithin } from '../support/example.ts';
import type { CommandResult } from '../support/hookline.ts';
import type { Mail } from '../support/mails.ts';

const DAY_MS = 86_400_000;
const LOOK_EVERY_MS = 200;

export interface Narrator {
  /** A sentence of the story. */
  tell(sentence: string): void;
  /** Types a command, shows it and what it says. */
  type(...argv: readonly string[]): Promise<CommandResult>;
  /** Everything that arrived so far, in order. */
  mails(): readonly Mail[];
  /** Waits for a mail; null when it has not come after so many days. */
  mail(is: (mail: Mail) => boolean, withinDays: number): Promise<Mail | null>;
  /** Waits until a moment of follow-up time, epoch ms. */
  until(at: number): Promise<void>;
  /** Stops watching the mailbox. */
  close(): Promise<void>;
}

/** Watches the mailbox from now on; day 0 is now. */
export async function narrate({ hookline, say }: Stage, timeScale: number): Promise<Narrator> {
  const startFollowUpMs = await hookline.now();
  const startMs = Date.now();
  const nowMs = (): number => startFollowUpMs + (Date.now() - startMs) * timeScale;
  const day = (): string => {
    const days = (nowMs() - startFollowUpMs) / DAY_MS;
    return `day ${days.toFixed(1).padStart(4)}`;
  };
  const indented = (line: string): string => (line === '' ? '' : `            ${line}`);
  const seen: Mail[] = [];
  let watching = true;
  const watch = (async () => {
    while (watching) {
      // A catcher that is too busy to answer is asked again.
      const mails = await hookline.mails().catch(() => []);
      for (const mail of mails.slice(seen.length)) {
        seen.push(mail);
        say(`${day()}    mail to ${mail.to.join(', ')}: ${mail.subject}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  })();
  return {
    tell: (sentence) => say(`${day()}    ${sentence}`),
    type: async (...argv) => {
      say(`${day()}    $ hookline ${argv.map(quoted).join(' ')}`);
      const result = await hookline.command(...argv);
      const lines = [...result.lines, ...result.remarks];
      // Advice on what to type next is for somebody who types; here the story goes on.
      for (const line of lines.filter((one) => !/^(Next: hookline|Subject:)/.test(one))) {
        say(indented(line));
      }
      return result;
    },
    mails: () => [...seen],
    mail: (is, withinDays) =>
      seenWithin((withinDays * DAY_MS) / timeScale, async () => seen.find(is) ?? null),
    until: async (at) => {
      const waitMs = (at - nowMs()) / timeScale;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    },
    close: async () => {
      watching = false;
      await watch;
    },
  };
}

/** As a shell would need it. */
function quoted(word: string): string {
  return /^[\w@./:=,+-]+$/.test(word) ? word : `"${word}"`;
}
