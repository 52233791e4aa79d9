/** `node examples/payment-tracker/compare.ts`: Hookline beside Restate's five payment trackers. */
import { table } from '../../src/cli/print.ts';
import { type Example, runAsCommand, type Stage } from '../support/example.ts';
import { CLAIMS, tableRows } from './claims.ts';
import { playAll, seenOf } from './play.ts';
import { SYSTEM_NAMES, TIME_SCALE } from './systems.ts';

async function play(stage: Stage): Promise<void> {
  const observations = await playAll(stage);
  stage.say();
  stage.say('Reminders to the customer + escalations to the team:');
  for (const line of table(tableRows(observations))) stage.say(`  ${line}`);
  stage.say();
  for (const { claim, holds, about } of CLAIMS) {
    const seen = SYSTEM_NAMES.map((system) => [system, seenOf(observations, about.id, system)]);
    stage.expect(claim, holds(observations), Object.fromEntries(seen));
  }
}

export const paymentTrackers: Example = {
  title: "Reminders and escalations: Hookline beside Restate's payment tracker in five languages",
  config: 'examples/payment-tracker/gateway.config.ts',
  timeScale: TIME_SCALE,
  play,
};

if (import.meta.main) await runAsCommand(paymentTrackers);
