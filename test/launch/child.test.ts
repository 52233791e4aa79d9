import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChildSpec, createChild, type SupervisedChild } from '../../src/launch/child.ts';
import { portFault, takenSentence } from '../../src/launch/ports.ts';
import { commandOf } from '../../src/launch/processes.ts';
import { createShutdown } from '../../src/launch/shutdown.ts';

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
    ...changes,
  };
}

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

  it('that dies again and again is given up after three restarts', async () => {
    let gaveUp = '';
    child = createChild(specOf('setTimeout(() => process.exit(3), 20);'), {
      ...silent,
      giveUp: (sentence) => {
        gaveUp = sentence;
      },
    });
    await child.start();
    await until(() => gaveUp !== '');
    expect(gaveUp).toContain('stopped again (exit code 3)');
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
    const sentence = takenSentence('gateway', port, 'EADDRINUSE');
    expect(sentence).toContain(`Port ${port} is already in use`);
    expect(sentence).toContain('HOOKLINE_PORT');
    await new Promise((resolve) => holder.close(resolve));
    expect(await portFault(port, '127.0.0.1')).toBeNull();
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
