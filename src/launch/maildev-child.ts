/** The mail catcher of the embedded default: nothing leaves the machine, everything can be read. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildSpec } from './child.ts';
import { makeDirectory } from './files.ts';
import { onLoopback } from './ports.ts';
import type { Settings } from './settings.ts';

async function pageAnswers(pageUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${pageUrl}/api/healthz`, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Mails are files in `{dataDir}/mail`, so a restart finds them. */
export function maildevChild(
  settings: Pick<Settings, 'dataDir' | 'ports'>,
  env: Readonly<Record<string, string | undefined>>,
): ChildSpec {
  const { dataDir, ports } = settings;
  const mailDir = join(dataDir, 'mail');
  makeDirectory(mailDir);
  const script = join(dirname(fileURLToPath(import.meta.resolve('maildev'))), 'bin', 'maildev.js');
  const args = ['--ip', '127.0.0.1', '--web-ip', '127.0.0.1', '--mail-directory', mailDir];
  return {
    name: 'The mail catcher',
    command: process.execPath,
    args: [script, ...args, '--smtp', String(ports.smtp), '--web', String(ports.mail)],
    env,
    cwd: mailDir,
    logPath: join(dataDir, 'mail.log'),
    pidPath: join(dataDir, 'maildev.pid'),
    mark: mailDir,
    isReady: () => pageAnswers(`http://127.0.0.1:${ports.mail}`),
    readyWithinMs: 30_000,
    stopGraceMs: 5000,
    dataDir,
    listeners: onLoopback(ports, ['smtp', 'mail']),
    whileDown: 'Until then, mails wait.',
  };
}
