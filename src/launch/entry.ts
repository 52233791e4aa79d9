/** What every entry point does: read the config, then launch with this process's own environment. */
import type { GatewayConfig } from '../config.ts';
import { loadConfig } from './load-config.ts';
import type { ReadyFacts } from './ready-text.ts';
import { type Ground, type Launch, launch } from './start.ts';

export interface Entry extends Pick<Launch, 'command' | 'argv'> {
  /** Imports the config; kept literal at the caller so that bundlers and readers see the file. */
  readonly load: () => Promise<{ readonly default?: GatewayConfig }>;
  /** The file `load` imports, where it is not the project's own. */
  readonly configPath?: string;
  readonly startRuntime: (ground: Ground, config: GatewayConfig) => Promise<ReadyFacts>;
  readonly moreChildren?: NonNullable<Launch['moreChildren']>;
  readonly endpointInGateway?: boolean;
}

/** Runs until something ends the process; a config that cannot be read is one sentence and exit 1. */
export async function enter({ load, configPath, startRuntime, ...rest }: Entry): Promise<void> {
  // Whoever read our output may be gone (`| head`), or the disk it goes to full: no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const err = (text: string) => process.stderr.write(`${text}\n`);
  const config = await loadConfig(load, configPath);
  if (!config.ok) {
    err(config.failure);
    process.exitCode = 1;
    return;
  }
  await launch({
    ...rest,
    env: process.env,
    cwd: process.cwd(),
    config: config.value,
    startRuntime: (ground) => startRuntime(ground, config.value),
    out: (text) => process.stdout.write(`${text}\n`),
    err,
  });
}
