/** Asks the API and prints what it says: in lines for people, as it is for programs. */
import { type ApiRequest, askApi } from './api.ts';
import type { ExitCode, World } from './command.ts';

export const JSON_FLAG = { kind: 'flag', about: 'the same for programs' } as const;

/** Exit 1 with the sentence of the refusal when the gateway does not answer or refuses. */
export async function printAnswer(
  world: World,
  request: ApiRequest,
  asJson: boolean,
  lines: (answer: unknown) => readonly string[],
): Promise<ExitCode> {
  const answer = await askApi(world, request);
  if (!answer.ok) {
    world.print.remark(answer.failure.sentence);
    return 1;
  }
  if (asJson) world.print.json(answer.value);
  else for (const line of lines(answer.value)) world.print.line(line);
  return 0;
}
