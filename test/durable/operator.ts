/** An operator in front of a stage: the API and the command line, over its real Restate and archive. */
import { cli } from '../support/cli-world.ts';
import { edgeUnderTest } from '../support/edge-app.ts';
import type { Stage } from './stage.ts';

export function operatorOf({ deps, ingress }: Stage) {
  const { gateway, archive, clock } = deps;
  const { app } = edgeUnderTest({ gateway, archive, ingress, clock });
  const env = { HOOKLINE_URL: 'http://gateway.test', HOOKLINE_TOKEN: gateway.token };
  return {
    api: async (path: string) => {
      const headers = { authorization: `Bearer ${gateway.token}` };
      return (await app.request(path, { headers })).json();
    },
    hookline: (...argv: readonly string[]) =>
      cli(argv, { env, fetch: async (input, init) => app.request(input, init) }),
    /** The gateway itself, for deliveries and links. */
    app,
  };
}
