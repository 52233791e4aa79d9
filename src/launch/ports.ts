/** Looks at every port before anything starts, so that a taken one is one sentence and no debris. */
import { createServer } from 'node:net';
import { PORTS, type PortName } from './settings.ts';

/** Why a port cannot be listened on, as the system's code (`EADDRINUSE`); null when it can. */
export function portFault(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => {
      resolve('code' in error && typeof error.code === 'string' ? error.code : error.message);
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}

/** One sentence per port that cannot be had; empty when all are free. */
export async function takenPorts(
  wanted: readonly PortName[],
  ports: Readonly<Record<PortName, number>>,
  hostOf: (name: PortName) => string,
): Promise<readonly string[]> {
  const sentences: string[] = [];
  for (const name of wanted) {
    const fault = await portFault(ports[name], hostOf(name));
    if (fault !== null) sentences.push(takenSentence(name, ports[name], fault));
  }
  return sentences;
}

/** Names the port, who needs it and the variable that moves it. */
export function takenSentence(name: PortName, port: number, fault: string): string {
  const { listener, variable, flag } = PORTS[name];
  const what =
    fault === 'EADDRINUSE'
      ? `Port ${port} is already in use`
      : `Port ${port} cannot be used (${fault})`;
  return `${what}, and ${listener} needs it. Stop what uses it, or move ours with ${variable}=${port + 1} (or --${flag} ${port + 1}).`;
}
