/** What `--help` says of the flags and variables that `settings.ts` reads. */
import { PORT_NAMES, PORTS } from './settings.ts';

/**
 * The whole of `--help` for `npm start` and `npm run dev:edge`. `inWorker`: gateway and objects are one
 * Worker with an archive of its own, so what moves the object endpoint or the archive does nothing.
 */
export function settingsHelp(command: string, inWorker: boolean): string {
  const ports = PORT_NAMES.filter((name) => !(inWorker && name === 'endpoint'));
  const rows: [string, string][] = [
    ['--time-scale N', 'HOOKLINE_TIME_SCALE: 86400 lets a day pass in a second'],
    ['--data-dir PATH', 'HOOKLINE_DATA_DIR: where everything is kept (.hookline)'],
    ['--url URL', 'HOOKLINE_URL: public address, used in mails'],
    ...ports.map((name): [string, string] => [
      `--${PORTS[name].flag} N`,
      `${PORTS[name].variable}: ${PORTS[name].listener} (${PORTS[name].port})`,
    ]),
  ];
  const own = (...lines: readonly string[]) => (inWorker ? [] : lines);
  return [
    `Usage: ${command} [-- flags]`,
    '',
    ...rows.map(([flag, text]) => `  ${flag.padEnd(26)} ${text}`),
    '',
    'Environment only:',
    '  STRIPE_WEBHOOK_SECRET, GITHUB_WEBHOOK_SECRET, STANDARD_WEBHOOKS_SECRET, HOOKLINE_TOKEN,',
    '  HOOKLINE_LINK_SECRET: generated into the data directory when they are not set',
    '  RESTATE_INGRESS_URL, RESTATE_ADMIN_URL: use this Restate server, start none',
    ...own('  HOOKLINE_ENDPOINT_URL: where that server reaches the objects'),
    '  RESTATE_IDENTITY_KEY: the public key of that server; RESTATE_AUTH_TOKEN: bearer token for it',
    '  SMTP_URL: send mail here, start no catcher; sources are then in shadow mode unless live',
    '  HOOKLINE_TEAM_EMAIL: who hears first, in place of the config',
    ...own('  DATABASE_URL: file:/path of the SQLite archive'),
    '  HOOKLINE_HOST: address the gateway listens on (127.0.0.1)',
    ...own('  HOOKLINE_ENDPOINT_HOST: address the objects listen on (127.0.0.1)'),
    '  HOOKLINE_METRICS_PUBLIC=yes: /metrics without the operator token',
    '',
  ].join('\n');
}
