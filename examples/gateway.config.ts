/** The config most examples run with: mail at any hour, so that what they show never waits for Monday. */
import { defineGateway } from '../src/config.ts';

const anyTime = { zone: 'UTC', quietHours: null, businessDays: [1, 2, 3, 4, 5, 6, 7] };

export default defineGateway({
  sources: {
    // Live on purpose: the examples bring their own mail server, nothing leaves the machine.
    stripe: { provider: 'stripe', secrets: ['STRIPE_WEBHOOK_SECRET'], live: true },
    github: { provider: 'github', secrets: ['GITHUB_WEBHOOK_SECRET'], live: true },
  },
  mail: {
    from: 'Hookline <hookline@acme.test>',
    businessName: 'Acme',
    team: [['team@acme.test'], ['lead@acme.test', 'team@acme.test']],
  },
  calendar: { customer: anyTime, team: anyTime },
  limits: { minGapHours: 0, remindersPerRecipientPerDay: 40 },
});
