/** Looks at ports before something starts there, so that a taken one is one sentence and no debris. */
import { createServer } from 'node:net';
import { PORTS, type PortName } from './settings.ts';

export interface Listener {
  readonly name: PortName;
  readonly port: number;
  readonly host: string;
}

export interface TakenPort extends Listener {
  /** The system's code: `EADDRINUSE`. */
  readonly fault: string;
}

/** The listeners of a child that binds loopback only. */
export function onLoopback(
  ports: Readonly<Record<PortName, number>>,
  names: readonly PortName[],
): readonly Listener[] {
  return names.map((name) => ({ name, port: ports[name], host: '127.0.0.1' }));
}

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

/** The ports that cannot be had; empty when all are free. */
export async function takenPorts(listeners: readonly Listener[]): Promise<readonly TakenPort[]> {
  const taken: TakenPort[] = [];
  for (const listener of listeners) {
    const fault = await portFault(listener.port, listener.host);
    if (fault !== null) taken.push({ ...listener, fault });
  }
  return taken;
}

/** At the start: names the port, who needs it and the variable that moves it. */
export function takenSentence({ name, port, host, fault }: TakenPort): string {
  const { listener, variable, flag } = PORTS[name];
  // A neighbour of a port with special rights needs them too.
  const near = port < 65_535 ? port + 1 : port - 1;
  const other = port < 1024 ? PORTS[name].port : near;
  const move = `ours with ${variable}=${other} (or --${flag} ${other})`;
  if (fault === 'EADDRINUSE') {
    return `Port ${port} is already in use, and ${listener} needs it. Stop what uses it, or move ${move}.`;
  }
  if (fault === 'EACCES') {
    return `Port ${port} needs rights that this user does not have (EACCES). Move ${move}.`;
  }
  const address = name === 'endpoint' ? 'HOOKLINE_ENDPOINT_HOST' : 'HOOKLINE_HOST';
  return (
    `${host}:${port} cannot be listened on (${fault}), and ${listener} needs it. Set ${address} to ` +
    'an address of this machine.'
  );
}

/** In the middle of a run: names the ports, and says that nothing but their release is needed. */
export function blockedSentence(taken: readonly TakenPort[]): string {
  const what = taken.map(({ name, port }) => `port ${port} (${PORTS[name].listener})`).join(', ');
  return (
    `It cannot start again while another program uses ${what}. Stop that program; this goes on ` +
    'trying.'
  );
}
