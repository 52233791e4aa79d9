/** What a customer reads. Kind, short, and never more certain than we are. */
import type { TemplateName } from '../core/notice.ts';
import { type Block, type Letter, type Phrase, paragraph, say } from './letter.ts';
import type { Shown } from './shown.ts';

type CustomerTemplate = Extract<
  TemplateName,
  'reminder-1' | 'reminder-2' | 'reminder-final' | 'invoice-upcoming' | 'action-required'
>;

const NOTHING: Phrase = [];

function bracketedNumber(shown: Shown): Phrase {
  return shown.number === null ? NOTHING : say` (invoice ${shown.number})`;
}

/** `€49.00 to Acme`, or `a payment to Acme` when no amount is known. */
function sumToBusiness(shown: Shown): Phrase {
  return shown.amount === null
    ? say`a payment to ${shown.business}`
    : say`${shown.amount} to ${shown.business}`;
}

/** `invoice F-1 for €49.00`, with whatever of it is known. */
function theInvoice(shown: Shown, article: string): Phrase {
  const number = shown.number === null ? NOTHING : say` ${shown.number}`;
  const amount = shown.amount === null ? NOTHING : say` for ${shown.amount}`;
  return [shown.number === null ? `${article} invoice` : 'invoice', ...number, ...amount];
}

function capitalInvoice(shown: Shown): Phrase {
  const [first, ...rest] = theInvoice(shown, 'your');
  return typeof first === 'string'
    ? [first.charAt(0).toUpperCase() + first.slice(1), ...rest]
    : [...rest];
}

function payment(shown: Shown): Phrase {
  const amount = shown.amount === null ? NOTHING : say` of ${shown.amount}`;
  const invoice = shown.number === null ? NOTHING : say` for invoice ${shown.number}`;
  return say`payment${amount} to ${shown.business}${invoice}`;
}

/** Says what is open and since when, from what happened: a failure or a due date. */
function whatIsOpen(shown: Shown): Phrase {
  if (shown.isDueAnchored && shown.due !== null) {
    const verb = shown.isOverdue ? 'was' : 'is';
    return [
      ...capitalInvoice(shown),
      ` from `,
      ...say`${shown.business}`,
      ` ${verb} due on `,
      ...say`${shown.due}`,
    ];
  }
  const on = shown.since === null ? NOTHING : say` on ${shown.since}`;
  return say`Your ${payment(shown)} did not go through${on}`;
}

function salutation(shown: Shown): Block {
  return paragraph(shown.greeted === null ? say`Hello,` : say`Hello ${shown.greeted},`);
}

function payButton(shown: Shown, verb: string): Block {
  if (shown.payLink === null) {
    return paragraph([
      `To ${verb.toLowerCase()}, just reply to this mail and we will send you what you need.`,
    ]);
  }
  const amount = shown.amount === null ? NOTHING : say` ${shown.amount}`;
  const label: Phrase = [verb, ...amount, ...say` (opens ${shown.payLink.host})`];
  return { kind: 'button', label, link: shown.payLink };
}

function closing(shown: Shown): readonly Block[] {
  return [
    paragraph(
      say`Is something not right, or do you need more time? Just reply to this mail; a person at ${shown.business} reads it.`,
    ),
    paragraph(say`Kind regards\n${shown.business}`),
  ];
}

/** Why this mail came, and how to end the reminders. Also below a text that the config replaced. */
export function customerFooter(shown: Shown): readonly Block[] {
  const about = shown.number === null ? say`a payment` : say`invoice ${shown.number}`;
  const why: Block = {
    kind: 'small',
    phrase: say`${shown.business} sent this mail automatically because of ${about}.`,
  };
  if (shown.unsubscribeLink === null) return [why];
  const stop: Phrase = [
    'No more reminders by mail (what is owed stays owed): ',
    { kind: 'link', link: shown.unsubscribeLink },
  ];
  return [why, { kind: 'small', phrase: stop }];
}

const PAID_ALREADY =
  'If you have paid in the meantime: thank you, and please ignore this mail; the reminders stop by themselves.';

function firstReminder(shown: Shown): Letter {
  const subject = shown.isDueAnchored
    ? [...whatIsOpen(shown)]
    : say`Your ${payment(shown)} did not go through`;
  const lead = shown.isDueAnchored
    ? say`${whatIsOpen(shown)}, and we have not seen a payment yet. It may just have slipped through.`
    : say`${whatIsOpen(shown)}. This happens: a card expires, a bank asks a question. It is usually quick to put right.`;
  return {
    subject,
    blocks: [
      salutation(shown),
      paragraph(lead),
      ...answerOfBank(shown),
      payButton(shown, 'Pay'),
      paragraph(
        say`What happens next: once the payment arrives, nothing. If it stays open we will write again in a few days. ${[PAID_ALREADY]}`,
      ),
      ...closing(shown),
    ],
  };
}

function answerOfBank(shown: Shown): readonly Block[] {
  return shown.reason === null ? [] : [paragraph(say`The answer we got was: “${shown.reason}”`)];
}

function secondReminder(shown: Shown): Letter {
  return {
    subject: say`Reminder: ${sumToBusiness(shown)} is still open${bracketedNumber(shown)}`,
    blocks: [
      salutation(shown),
      paragraph(say`We wrote to you some days ago. ${whatIsOpen(shown)}, and it is still open.`),
      ...answerOfBank(shown),
      payButton(shown, 'Pay'),
      paragraph(
        say`What happens next: if it stays open you will hear from us again, and after the last reminder a person from our team will get in touch. ${[PAID_ALREADY]}`,
      ),
      ...closing(shown),
    ],
  };
}

function lastReminder(shown: Shown): Letter {
  return {
    subject: say`Last reminder: ${sumToBusiness(shown)} is still open${bracketedNumber(shown)}`,
    blocks: [
      salutation(shown),
      paragraph(
        say`This is our last automatic reminder. ${whatIsOpen(shown)}, and it is still open.`,
      ),
      ...answerOfBank(shown),
      payButton(shown, 'Pay'),
      paragraph(
        say`What happens next: if nothing arrives, a person from our team will look into it and get in touch with you. If you need more time, a short reply now is enough. ${[PAID_ALREADY]}`,
      ),
      ...closing(shown),
    ],
  };
}

function upcoming(shown: Shown): Letter {
  const due = shown.due === null ? say` will soon be due` : say` is due on ${shown.due}`;
  return {
    subject: [...capitalInvoice(shown), ...due],
    blocks: [
      salutation(shown),
      paragraph([
        ...capitalInvoice(shown),
        ...say` from ${shown.business}`,
        ...due,
        '. This is only a note ahead of time; nothing is wrong.',
      ]),
      payButton(shown, 'Pay'),
      paragraph(
        say`What happens next: if you have arranged the payment already, there is nothing to do. We will write again only if it is still open after the due date.`,
      ),
      ...closing(shown),
    ],
  };
}

function actionRequired(shown: Shown): Letter {
  return {
    subject: say`Please confirm your payment: ${sumToBusiness(shown)}${bracketedNumber(shown)}`,
    blocks: [
      salutation(shown),
      paragraph(
        say`Your bank wants you to confirm your ${payment(shown)} yourself, often in its app or with a code. Until you do, it cannot go through.`,
      ),
      payButton(shown, 'Confirm'),
      paragraph(
        say`What happens next: the payment goes through as soon as you have confirmed it. If it stays unconfirmed we will remind you in a few days.`,
      ),
      ...closing(shown),
    ],
  };
}

/** The letter of a template that customers get. */
export function customerLetter(template: CustomerTemplate, shown: Shown): Letter {
  switch (template) {
    case 'reminder-1':
      return firstReminder(shown);
    case 'reminder-2':
      return secondReminder(shown);
    case 'reminder-final':
      return lastReminder(shown);
    case 'invoice-upcoming':
      return upcoming(shown);
    case 'action-required':
      return actionRequired(shown);
  }
}
