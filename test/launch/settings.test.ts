import { describe, expect, it } from 'vitest';
import { readSettings, usedPorts } from '../../src/launch/settings.ts';
import { settingsHelp } from '../../src/launch/settings-help.ts';

function settingsOf(argv: readonly string[], env: Record<string, string> = {}) {
  const asked = readSettings(argv, env, '/srv/app');
  if (!asked.ok || asked.value.kind !== 'start') throw new Error(JSON.stringify(asked));
  return asked.value.settings;
}

function problemsOf(argv: readonly string[], env: Record<string, string> = {}) {
  const asked = readSettings(argv, env, '/srv/app');
  return asked.ok ? [] : asked.failure;
}

describe('settings', () => {
  it('start everything on the documented ports when nothing is said', () => {
    const settings = settingsOf([]);
    expect(settings.ports).toEqual({
      gateway: 8787,
      restateIngress: 8080,
      restateAdmin: 9070,
      restateNode: 5122,
      endpoint: 9080,
      smtp: 1025,
      mail: 1080,
    });
    expect(settings).toMatchObject({
      dataDir: '/srv/app/.hookline',
      host: '127.0.0.1',
      endpointHost: '127.0.0.1',
      restate: null,
      smtpUrl: null,
      timeScale: null,
    });
  });

  it('let a flag win over its variable, in both spellings', () => {
    const env = { HOOKLINE_PORT: '1111', HOOKLINE_TIME_SCALE: '2' };
    expect(settingsOf(['--port', '2222', '--time-scale=86400'], env)).toMatchObject({
      ports: { gateway: 2222 },
      timeScale: 86_400,
    });
  });

  it('take an empty variable for an absent one', () => {
    expect(settingsOf([], { HOOKLINE_PORT: '', SMTP_URL: '' }).ports.gateway).toBe(8787);
  });

  it('report every problem at once', () => {
    const problems = problemsOf(['--prot', '1'], {
      HOOKLINE_PORT: '65536',
      HOOKLINE_TIME_SCALE: '0.5',
      SMTP_URL: 'localhost:25',
      DATABASE_URL: 'postgres://db/x',
      RESTATE_ADMIN_URL: 'http://r:9070',
    });
    expect(problems.length).toBeGreaterThanOrEqual(6);
    expect(problems.join('\n')).toContain('HOOKLINE_PORT is "65536"');
  });

  it('never repeat a value that may hold a password', () => {
    const problems = problemsOf([], { SMTP_URL: 'ftp://user:hunter2@host' });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('take an address or a name to listen on, and nothing else', () => {
    for (const host of ['0.0.0.0', '::', '::1', 'localhost', 'hooks-1.example.org']) {
      expect(settingsOf([], { HOOKLINE_HOST: host }).host).toBe(host);
    }
    for (const host of ['::zz', '127.0.0.1:8787', 'http://localhost', 'a b', '-', '[::1]']) {
      const [problem] = problemsOf([], { HOOKLINE_ENDPOINT_HOST: host });
      expect(problem).toContain(`HOOKLINE_ENDPOINT_HOST is "${host}"`);
    }
  });

  it('refuse one port for two listeners, and name both variables', () => {
    const [problem] = problemsOf(['--mail-port', '8787']);
    expect(problem).toContain('HOOKLINE_PORT');
    expect(problem).toContain('HOOKLINE_MAIL_PORT');
  });

  it('allow a port that an external server makes free', () => {
    const env = { HOOKLINE_PORT: '8080', RESTATE_INGRESS_URL: 'http://restate:8080' };
    expect(problemsOf([], env)).toEqual([]);
    expect(usedPorts(true, true)).toEqual(['gateway', 'endpoint']);
  });

  it('read the archive path from a file address only', () => {
    expect(settingsOf([], { DATABASE_URL: 'file:///data/a.db' }).archivePath).toBe('/data/a.db');
    expect(settingsOf([], { DATABASE_URL: 'file:a.db' }).archivePath).toBe('/srv/app/a.db');
  });

  it('open /metrics to everybody for the word "yes" only', () => {
    expect(settingsOf([]).metricsPublic).toBe(false);
    expect(settingsOf([], { HOOKLINE_METRICS_PUBLIC: 'no' }).metricsPublic).toBe(false);
    expect(settingsOf([], { HOOKLINE_METRICS_PUBLIC: 'yes' }).metricsPublic).toBe(true);
    const [problem] = problemsOf([], { HOOKLINE_METRICS_PUBLIC: 'true' });
    expect(problem).toContain('HOOKLINE_METRICS_PUBLIC is "true"; it is yes or no');
  });

  it('name every movable port in the help, and what opens /metrics', () => {
    const help = settingsHelp('npm start', false);
    expect(help).toContain('HOOKLINE_METRICS_PUBLIC=yes');
    for (const name of ['HOOKLINE_PORT', 'HOOKLINE_RESTATE_NODE_PORT', 'HOOKLINE_MAIL_PORT']) {
      expect(help).toContain(name);
    }
    expect(readSettings(['--help'], {}, '/')).toEqual({ ok: true, value: { kind: 'help' } });
  });

  it('keep out of the help of dev:edge what moves nothing there', () => {
    const ofNode = settingsHelp('npm start', false);
    const ofWorker = settingsHelp('npm run dev:edge', true);
    for (const name of ['DATABASE_URL', '--endpoint-port', 'ENDPOINT_HOST', 'ENDPOINT_URL']) {
      expect(ofNode).toContain(name);
      expect(ofWorker).not.toContain(name);
    }
    for (const name of ['--port', 'HOOKLINE_HOST', 'RESTATE_IDENTITY_KEY', '--mail-port']) {
      expect(ofWorker).toContain(name);
    }
  });
});
