/** `npm run demo`: the whole story in about a minute. DEMO_SCALE: seconds of follow-up in a second. */
import { demoOf } from './demo/story.ts';
import { runAsCommand } from './support/example.ts';

const DAY_IN_TWO_SECONDS = 43_200;

await runAsCommand(demoOf(Number(process.env['DEMO_SCALE']) || DAY_IN_TWO_SECONDS));
