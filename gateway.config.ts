/** Your gateway: who may send, whom it writes to, and when. Every problem in here is named at start. */
import { defineGateway } from './src/config.ts';

export default defineGateway({
  // The name is part of the URL: POST /webhooks/stripe. `secrets` are names of environment
  // variables; the secrets themselves stay out of this file. Remove what you do not receive.
  sources: {
    stripe: {
      provider: 'stripe',
      secrets: ['STRIPE_WEBHOOK_SECRET'],
      // Until this is true, mail to customers goes to your team instead (not with the mail catcher).
      // live: true,
    },
    github: { provider: 'github', secrets: ['GITHUB_WEBHOOK_SECRET'] },
    standard: { provider: 'standard-webhooks', secrets: ['STANDARD_WEBHOOKS_SECRET'] },
  },

  mail: {
    from: 'Hookline <hookline@example.com>',
    businessName: 'Example Company',
    // The first list hears first, the second when nobody has acknowledged. HOOKLINE_TEAM_EMAIL
    // (addresses with commas between) takes the place of the first.
    team: [['team@example.com'], ['lead@example.com', 'team@example.com']],
  },

  // Reminders: 08:00 to 20:00 in the customer's own zone, Monday to Friday. `zone` is for customers
  // whose zone nobody knows, and UTC until you set it.
  // calendar: { customer: { zone: 'Europe/Berlin', holidays: ['2026-12-25', '2026-12-26'] } },

  // Ladders: define one here, then name it in a source: ladders: { failed: 'patient' }.
  // ladders: {
  //   patient: {
  //     id: 'patient',
  //     version: 1,
  //     anchor: 'failure',
  //     steps: [
  //       { id: 'first', after: '5d', action: 'remind', template: 'reminder-1' },
  //       { id: 'team', after: '20d', action: 'escalate', template: 'escalation', tier: 1 },
  //       { id: 'close', after: '60d', action: 'close' },
  //     ],
  //   },
  // },

  // From 5,000.00 USD, EUR or GBP on the team hears at once; other currencies have no limit. Minor
  // units. Your table takes the place of that one: a currency that is not in it has none.
  // limits: { remindersPerRecipientPerDay: 3, highAmountMinor: { EUR: 500_000, CHF: 500_000 } },
});
