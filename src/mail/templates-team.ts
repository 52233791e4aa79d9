/** What the team reads: who, how much, since when, why they hear of it, and what to press. */
import type { TemplateName } from '../core/notice.ts';
import { type Block, type Letter, type Phrase, paragraph, say } from './letter.ts';
import type { Shown } from './shown.ts';

/** Why the team hears of it; the engine's words are on the left. An unknown one is shown as it is. */
const CAUSES: Readonly<Record<string, string>> = {
  ladder: 'The reminders did not help: it is still open.',
  no_reminder: 'It is still open, and no reminder has gone to the customer.',
  hard_decline:
    'The bank declined for good: trying the same card again cannot work, a new one is needed.',
  high_amount: 'The amount is at or above the limit at which you want to hear at once.',
  disputed: 'The customer disputes this payment at their bank. Disputes have a deadline.',
  dispute_lost: 'The dispute was lost: the money went back to the customer.',
  uncollectible: 'The invoice was marked as uncollectible at the provider.',
};

const ENDINGS: Readonly<Record<string, string>> = {
  paid: 'It is paid.',
  voided: 'The invoice was voided at the provider.',
  uncollectible: 'The invoice was marked as uncollectible at the provider.',
  refunded: 'The payment was refunded.',
  dispute_won: 'The dispute was won.',
  dispute_lost: 'The dispute was lost.',
  closed: 'It was closed at the provider.',
  resolved: 'Somebody resolved it by hand.',
  exhausted: 'The ladder came to its end.',
  joined: 'It turned out to belong to another subject and goes on there.',
};

function own(words: Readonly<Record<string, string>>, key: string | null): string | undefined {
  return key !== null && Object.hasOwn(words, key) ? words[key] : undefined;
}

function why(shown: Shown): Phrase | null {
  const known = own(CAUSES, shown.cause);
  if (known !== undefined) return [known];
  if (shown.kind === 'alert' && shown.severity !== null)
    return say`An alert of severity ${shown.severity} is open.`;
  return shown.cause === null ? null : say`Rule: ${shown.cause}`;
}

/** `€49.00 from Ada (invoice F-1)`; the title of an alert. */
export function teamSummary(shown: Shown): Phrase {
  if (shown.kind === 'alert') {
    const severity = shown.severity === null ? [] : say`${shown.severity}: `;
    return say`${severity}${shown.title ?? shown.subject}`;
  }
  const sum = shown.amount === null ? say`a payment` : say`${shown.amount}`;
  const who = shown.customer === null ? [] : say` from ${shown.customer}`;
  const number = shown.number === null ? [] : say` (invoice ${shown.number})`;
  return say`${sum}${who}${number}`;
}

type Row = readonly [label: string, value: Phrase];

function row(label: string, value: string | null): readonly Row[] {
  return value === null ? [] : [[label, say`${value}`]];
}

function facts(shown: Shown, reasonLabel: string, because: Phrase | null): Block {
  const rows: readonly Row[] = [
    ...row('What', shown.title),
    ...row('Severity', shown.severity),
    ...row('Customer', shown.customer),
    ...row('Amount', shown.amount),
    ...row('Invoice', shown.number),
    ...row('Open since', shown.since),
    ...row('Due', shown.due),
    ...row(shown.kind === 'payment' ? 'Provider says' : 'Detail', shown.reason),
    ...(because === null ? [] : [[reasonLabel, because] as const]),
    ...row('Subject', shown.subject),
  ];
  return { kind: 'facts', rows };
}

/** Acknowledge, our page, the provider's page: whichever exist. */
export function teamLinks(shown: Shown): readonly Block[] {
  const blocks: Block[] = [];
  if (shown.acknowledgeLink !== null) {
    blocks.push({
      kind: 'button',
      label: say`Acknowledge (opens a page; the button there does it)`,
      link: shown.acknowledgeLink,
    });
  }
  if (shown.subjectLink !== null) {
    blocks.push(linkLine('Everything that happened', shown.subjectLink));
  }
  if (shown.page !== null) {
    blocks.push(
      paragraph([
        ...say`At the provider (${shown.page.host}): `,
        { kind: 'link', link: shown.page },
      ]),
    );
  }
  return blocks;
}

function linkLine(label: string, link: { readonly href: string; readonly host: string }): Block {
  return paragraph([`${label}: `, { kind: 'link', link }]);
}

/** Why they get the mail. No way to unsubscribe: the config says who is on the list. */
export function teamFooter(shown: Shown): readonly Block[] {
  return [
    {
      kind: 'small',
      phrase: say`You get this mail because you are on the escalation list of source ${shown.source}.`,
    },
  ];
}

function whatHappensNext({ isLastEscalation }: Shown): Block {
  const next = isLastEscalation
    ? 'this mail is not repeated, and nobody else is asked after this one.'
    : 'if nobody acknowledges, this mail is repeated, to you or to the next people on the list.';
  return paragraph([
    `What happens next: ${next} Acknowledging says that you have taken it over; it does not close it.`,
  ]);
}

function escalation(shown: Shown): Letter {
  const severity = shown.kind === 'alert' ? 'Alert, ' : 'Escalation: ';
  const lead =
    shown.kind === 'alert'
      ? 'An alert is open and needs a person.'
      : 'A payment is open and needs a person.';
  return {
    subject: [severity, ...teamSummary(shown)],
    blocks: [
      paragraph([lead]),
      facts(shown, 'Why you', why(shown)),
      ...teamLinks(shown),
      whatHappensNext(shown),
    ],
  };
}

function reEscalation(shown: Shown): Letter {
  return {
    subject: say`Nobody has acknowledged: ${teamSummary(shown)}`,
    blocks: [
      paragraph([
        'This was escalated before, and nobody has acknowledged it. It is still open and needs a person.',
      ]),
      facts(shown, 'Why you', why(shown)),
      ...teamLinks(shown),
      whatHappensNext(shown),
    ],
  };
}

function resolved(shown: Shown): Letter {
  const ending = own(ENDINGS, shown.cause);
  const because =
    ending !== undefined ? [ending] : shown.cause === null ? null : say`${shown.cause}`;
  return {
    subject: say`Resolved: ${teamSummary(shown)}`,
    blocks: [
      paragraph([
        'This was escalated to you and has come to its end. There is nothing left to do.',
      ]),
      facts(shown, 'How it ended', because),
      ...teamLinks({ ...shown, acknowledgeLink: null }),
    ],
  };
}

/** A reminder of something the team itself has to do: an alert, or a template sent to the team. */
function reminder(shown: Shown): Letter {
  return {
    subject: say`Still open: ${teamSummary(shown)}`,
    blocks: [
      paragraph(['A friendly reminder: this is still open.']),
      facts(shown, 'Why you', why(shown)),
      ...teamLinks(shown),
      paragraph(['What happens next: it is closed by itself once the provider says it is done.']),
    ],
  };
}

/** The letter of a template when the team gets it. */
export function teamLetter(template: TemplateName, shown: Shown): Letter {
  switch (template) {
    case 'escalation':
      return escalation(shown);
    case 're-escalation':
      return reEscalation(shown);
    case 'resolved':
      return resolved(shown);
    default:
      return reminder(shown);
  }
}
