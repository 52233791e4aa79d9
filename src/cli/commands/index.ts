/** Every command, in the order the help prints them. */
import type { Command } from '../command.ts';
import { facts } from './facts.ts';
import { issuesResolve } from './issues-resolve.ts';
import { eventsList, issues, rejectionsList, sourcesList } from './lists.ts';
import { providersList, providersShow } from './providers.ts';
import { recipientsShow, recipientsUnsuppress } from './recipients.ts';
import { holdCommand, noteCommand, plainCommand, resolveCommand } from './subject-operate.ts';
import { showCommand } from './subject-show.ts';
import { simulateCommand } from './subject-simulate.ts';
import { trigger } from './trigger.ts';
import { vectors } from './vectors.ts';

const PAYMENT = 'stripe/in_1ABC';
const ALERT = 'github/acme/api/dependabot/7';

export const COMMANDS: readonly Command[] = [
  trigger,
  showCommand('payments', PAYMENT),
  simulateCommand('payments', PAYMENT),
  holdCommand('payments', PAYMENT),
  plainCommand('payments', 'release', 'End a hold; the ladder goes on.', PAYMENT),
  plainCommand('payments', 'acknowledge', 'Say that someone is on it; escalation stops.', PAYMENT),
  resolveCommand('payments', PAYMENT),
  plainCommand('payments', 'reopen', 'Follow up again after it was closed by hand.', PAYMENT),
  noteCommand('payments', PAYMENT),
  showCommand('alerts', ALERT),
  simulateCommand('alerts', ALERT),
  holdCommand('alerts', ALERT),
  plainCommand('alerts', 'release', 'End a hold; the ladder goes on.', ALERT),
  plainCommand('alerts', 'acknowledge', 'Say that someone is on it; escalation stops.', ALERT),
  resolveCommand('alerts', ALERT),
  plainCommand('alerts', 'reopen', 'Follow up again after it was closed by hand.', ALERT),
  noteCommand('alerts', ALERT),
  recipientsShow,
  recipientsUnsuppress,
  issues,
  issuesResolve,
  eventsList,
  rejectionsList,
  sourcesList,
  providersList,
  providersShow,
  vectors,
  facts,
];
