/** Asks the API and prints what it says: in lines for people, as it is for programs. */
import { type ApiFailure, type ApiRequest, askApi } from './api.ts';
import type { ExitCode, World } from './command.ts';

export const JSON_FLAG = { kind: 'flag', about: 'the same for programs' } as const;

/** The sentence, and for programs the answer as well, where there is one that is JSON. */
export function printFailure(world: World, failure: ApiFailure, asJson: boolean): ExitCode {
  const { answer, sentence } = failure;
  if (asJson && typeof answer === 'object' && answer !== null) world.print.json(answer);
  world.print.remark(sentence);
  return 1;
}

/** Exit 1 with the sentence of the refusal when the gateway does not answer or refuses. */
export async function printAnswer(
  world: World,
  request: ApiRequest,
  asJson: boolean,
  lines: (answer: unknown) => readonly string[],
): Promise<ExitCode> {
  const answer = await askApi(world, request);
  if (!answer.ok) return printFailure(world, answer.failure, asJson);
  if (asJson) world.print.json(answer.value);
  else for (const line of lines(answer.value)) world.print.line(line);
  return 0;
}
