/** A small payment is the ladder's business; a large one is everybody's, at once. */
import { defineGateway } from '../../src/config.ts';

const anyTime = { zone: 'UTC', quietHours: null, businessDays: [1, 2, 3, 4, 5, 6, 7] };

export default defineGateway({
  sources: {
    stripe: {
      provider: 'stripe',
      secrets: ['STRIPE_WEBHOOK_SECRET'],
      live: true, // The example brings its own mail server: nothing leaves the machine.
    },
  },
  mail: {
    from: 'Hookline <hookline@acme.test>',
    businessName: 'Acme',
    team: [
      ['finance@acme.test', 'sales@acme.test', 'Grace <grace@acme.test>'],
      ['ceo@acme.test', 'finance@acme.test'],
    ],
  },
  calendar: { customer: anyTime, team: anyTime },
  limits: { highAmountMinor: { USD: 1_000_000 } },
});
