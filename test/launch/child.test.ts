import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChildSpec, createChild, type SupervisedChild } from '../../src/launch/child.ts';
import { portFault, takenSentence } from '../../src/launch/ports.ts';
import { commandOf } from '../../src/launch/processes.ts';
import { createShutdown } from '../../src/launch/shutdown.ts';
import { freePorts } from '../support/restate.ts';

let dir = '';
let child: SupervisedChild | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hookline-child-'));
});
afterEach(async () => {
  await child?.stop();
  child = null;
  rmSync(dir, { recursive: true, force: true });
});

/** A real process running `code`. */
function specOf(code: string, changes: Partial<ChildSpec> = {}): ChildSpec {
  const script = join(dir, 'child.mjs');
  writeFileSync(script, code);
  return {
    name: 'The child',
    command: process.execPath,
    args: [script],
    env: process.env,
    cwd: dir,
    logPath: join(dir, 'child.log'),
    pidPath: join(dir, 'child.pid'),
    mark: script,
    isReady: async () => true,
    readyWithinMs: 5000,
    stopGraceMs: 500,
    dataDir: dir,
    listeners: [],
    whileDown: 'Others wait.',
    ...changes,
  };
}

/** As in a run, but fast. */
const POLICY = { crashesMax: 3, healthyMs: 60_000, pauseMs: 10, pauseMsMax: 40 };
const silent = { say: () => {}, giveUp: () => {} };
const FOREVER = 'setInterval(() => {}, 1000);';

function pidOnFile(): number {
  return Number(readFileSync(join(dir, 'child.pid'), 'utf8'));
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 400) throw new Error('did not happen within 10 s');
    await sleep(25);
  }
}

describe('a supervised child', () => {
  it('that dies is started again, and the sentence holds its last words', async () => {
    const said: string[] = [];
    child = createChild(specOf(`console.log('last words'); ${FOREVER}`), {
      ...silent,
      say: (sentence) => said.push(sentence),
    });
    await child.start();
    const first = pidOnFile();
    await until(() => readFileSync(join(dir, 'child.log'), 'utf8').includes('last words'));
    process.kill(first, 'SIGKILL');
    await until(() => said.some((sentence) => sentence.includes('is back')));
    expect(said[0]).toContain('The child stopped (SIGKILL)');
    expect(said[0]).toContain('last words');
    expect(pidOnFile()).not.toBe(first);
  });

  it('that quotes a customer in its last words is repeated without the address', async () => {
    const words = 'no mailbox ada.lovelace+1@customer.example for <bob@b.example>';
    const said: string[] = [];
    child = createChild(specOf(`console.log('${words}'); setTimeout(() => process.exit(3), 50);`), {
      ...silent,
      say: (sentence) => said.push(sentence),
    });
    await child.start();
    await until(() => said.length > 0);
    expect(said[0]).toContain('no mailbox a***@customer.example for <b***@b.example>');
    expect(said[0]).not.toMatch(/lovelace|bob@/);
  });

  it('that dies again and again is given up, and the sentence says how often', async () => {
    let gaveUp = '';
    const said: string[] = [];
    const supervisor = {
      say: (sentence: string) => said.push(sentence),
      giveUp: (sentence: string) => {
        gaveUp = sentence;
      },
    };
    child = createChild(specOf('setTimeout(() => process.exit(3), 20);'), supervisor, POLICY);
    await child.start();
    await until(() => gaveUp !== '');
    expect(gaveUp).toContain('stopped (exit code 3), 4 times in a row');
    expect(said.filter((sentence) => sentence.includes('of 3)'))).toHaveLength(3);
  });

  it('that finds its port taken in the middle of a run is not given up, and that is said once', async () => {
    const [port = 0] = await freePorts(1);
    const listener = { name: 'restateIngress', port, host: '127.0.0.1' } as const;
    const said: string[] = [];
    const supervisor = {
      say: (sentence: string) => said.push(sentence),
      giveUp: (sentence: string) => said.push(`gave up: ${sentence}`),
    };
    child = createChild(specOf(FOREVER, { listeners: [listener] }), supervisor, POLICY);
    await child.start();
    const holder = createServer().listen(port, '127.0.0.1');
    process.kill(pidOnFile(), 'SIGKILL');
    await until(() => said.length > 0);
    // Many more tries than there may be crashes.
    await sleep(POLICY.pauseMsMax * POLICY.crashesMax * 4);
    expect(said).toEqual([
      expect.stringMatching(
        `^The child stopped \\(SIGKILL\\)\\. .*port ${port} \\(Restate's ingress\\).*goes on trying\\. Others wait\\.$`,
      ),
    ]);
    await new Promise((resolve) => holder.close(resolve));
    await until(() => said.length > 1);
    expect(said.slice(1)).toEqual(['The child is back.']);
    expect(commandOf(pidOnFile())).not.toBeNull();
  });

  it('stops at once while it waits for its port', async () => {
    const [port = 0] = await freePorts(1);
    const listener = { name: 'mail', port, host: '127.0.0.1' } as const;
    const slow = { ...POLICY, pauseMs: 60_000, pauseMsMax: 60_000 };
    const said: string[] = [];
    const supervisor = { ...silent, say: (sentence: string) => said.push(sentence) };
    child = createChild(specOf(FOREVER, { listeners: [listener] }), supervisor, slow);
    await child.start();
    const holder = createServer().listen(port, '127.0.0.1');
    process.kill(pidOnFile(), 'SIGKILL');
    await until(() => said.length > 0);
    await child.stop();
    await new Promise((resolve) => holder.close(resolve));
    expect(existsSync(join(dir, 'child.pid'))).toBe(false);
  });

  it('that dies of a full disk in the middle of a run is tried until there is room', async () => {
    const room = join(dir, 'room');
    writeFileSync(room, '');
    const code = `import { existsSync } from 'node:fs';
      if (!existsSync(${JSON.stringify(room)})) {
        console.error('IO error: No space left on device');
        process.exit(1);
      }
      ${FOREVER}`;
    const said: string[] = [];
    const supervisor = {
      say: (sentence: string) => said.push(sentence),
      giveUp: (sentence: string) => said.push(`gave up: ${sentence}`),
    };
    let ready = true;
    child = createChild(specOf(code, { isReady: async () => ready }), supervisor, POLICY);
    await child.start();
    ready = false;
    rmSync(room);
    process.kill(pidOnFile(), 'SIGKILL');
    await until(() => said.some((sentence) => sentence.includes('is full')));
    await sleep(1000);
    writeFileSync(room, '');
    ready = true;
    await until(() => said.some((sentence) => sentence.includes('is back')));
    expect(said).toEqual([
      expect.stringContaining('Starting it again (1 of 3)'),
      expect.stringMatching(/is full\. .*by itself/),
      'The child is back.',
    ]);
  });

  it('whose id cannot be put on file does not run on unknown to anybody', async () => {
    mkdirSync(join(dir, 'child.pid'));
    const alive = join(dir, 'alive');
    const code = `import { writeFileSync } from 'node:fs';
      setTimeout(() => writeFileSync(${JSON.stringify(alive)}, ''), 1000);`;
    child = createChild(specOf(code), silent);
    await expect(child.start()).rejects.toThrow(/EISDIR.*child\.pid/);
    await sleep(1500);
    expect(existsSync(alive)).toBe(false);
  });

  it('that never becomes ready refuses to start with the end of its log', async () => {
    const spec = specOf(`console.error('no such port'); process.exit(1);`, {
      isReady: async () => false,
    });
    child = createChild(spec, silent);
    await expect(child.start()).rejects.toThrow(/did not start \(exit code 1\)[\s\S]*no such port/);
  });

  it('that a killed parent left behind is ended before a new one starts', async () => {
    const orphan = createChild(specOf(FOREVER), silent);
    await orphan.start();
    const left = pidOnFile();
    child = createChild(specOf(FOREVER), silent);
    await child.start();
    expect(commandOf(left)).toBeNull();
    expect(pidOnFile()).not.toBe(left);
    await orphan.stop();
  });

  it('is left alone when the recorded id belongs to another program', async () => {
    writeFileSync(join(dir, 'child.pid'), `${process.pid}\n`);
    child = createChild(specOf(FOREVER), silent);
    await child.start();
    expect(commandOf(process.pid)).not.toBeNull();
  });

  it('that ignores SIGTERM is killed after its grace', async () => {
    const code = `process.on('SIGTERM', () => {}); console.log('armed'); ${FOREVER}`;
    child = createChild(specOf(code), silent);
    await child.start();
    const pid = pidOnFile();
    await until(() => readFileSync(join(dir, 'child.log'), 'utf8').includes('armed'));
    await child.stop();
    expect(commandOf(pid)).toBeNull();
  });
});

describe('a port', () => {
  it('that is taken is named together with the variable that moves it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await portFault(port, '127.0.0.1')).toBe('EADDRINUSE');
    const taken = { name: 'gateway', port, host: '127.0.0.1' } as const;
    const sentence = takenSentence({ ...taken, fault: 'EADDRINUSE' });
    expect(sentence).toContain(`Port ${port} is already in use`);
    expect(sentence).toContain('HOOKLINE_PORT');
    await new Promise((resolve) => holder.close(resolve));
    expect(await portFault(port, '127.0.0.1')).toBeNull();
  });
});

describe('a port that this machine does not have', () => {
  it('is a matter of the address, and the last port has no next one', () => {
    const listener = { name: 'gateway', port: 65_535, host: '10.9.9.9' } as const;
    const sentence = takenSentence({ ...listener, fault: 'EADDRNOTAVAIL' });
    expect(sentence).toContain('10.9.9.9:65535');
    expect(sentence).toContain('Set HOOKLINE_HOST');
    const last = takenSentence({ ...listener, fault: 'EADDRINUSE' });
    expect(last).toContain('HOOKLINE_PORT=65534');
    const low = takenSentence({ ...listener, port: 80, fault: 'EACCES' });
    expect(low).toContain('HOOKLINE_PORT=8787');
  });
});

describe('a shutdown', () => {
  it('stops the last started first, once, and goes on past a part that throws', async () => {
    const order: string[] = [];
    const said: string[] = [];
    const shutdown = createShutdown((sentence) => said.push(sentence));
    const part = (name: string, stop = async () => {}) => ({
      name,
      stop: async () => {
        order.push(name);
        await stop();
      },
    });
    shutdown.add(part('archive'));
    shutdown.add(part('restate', () => Promise.reject(new Error('stuck'))));
    shutdown.add(part('gateway'));
    await Promise.all([shutdown.run(), shutdown.run()]);
    expect(order).toEqual(['gateway', 'restate', 'archive']);
    expect(said).toEqual(['restate did not stop cleanly: stuck']);
  });
});
