/** The ladder of Restate's payment tracker: a mail at once, two more a day apart, then a person. */
import { defineGateway } from '../../src/config.ts';

const anyTime = { zone: 'UTC', quietHours: null, businessDays: [1, 2, 3, 4, 5, 6, 7] };

export default defineGateway({
  sources: {
    stripe: {
      provider: 'stripe',
      secrets: ['STRIPE_WEBHOOK_SECRET'],
      live: true, // The example brings its own mail server: nothing leaves the machine.
      ladders: { failed: 'payment-tracker' },
    },
  },
  ladders: {
    'payment-tracker': {
      id: 'payment-tracker',
      version: 1,
      anchor: 'failure',
      steps: [
        { id: 'reminder-1', after: '0d', action: 'remind', template: 'reminder-1' },
        { id: 'reminder-2', after: '1d', action: 'remind', template: 'reminder-2' },
        { id: 'reminder-3', after: '2d', action: 'remind', template: 'reminder-final' },
        { id: 'escalation', after: '3d', action: 'escalate', template: 'escalation', tier: 1 },
        { id: 'close', after: '30d', action: 'close' },
      ],
    },
  },
  mail: {
    from: 'Hookline <hookline@acme.test>',
    businessName: 'Acme',
    team: [['team@acme.test'], ['team@acme.test']],
  },
  calendar: { customer: anyTime, team: anyTime },
  // The tracker knows neither a gap between mails nor hard declines; here they must not show.
  limits: { minGapHours: 0, remindersPerRecipientPerDay: 40, escalateHardDeclines: false },
});
