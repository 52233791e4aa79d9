/**
 * How long "still wanted" is relied on. The mailboxes are served by an endpoint of their own here,
 * so that it can crash while the payments live on.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedEndpoint, serveEndpoint } from '../../src/durable/endpoint-node.ts';
import { recipientObject } from '../../src/durable/recipient-object.ts';
import { reliableUntil } from '../../src/durable/recipient-send.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import { payment } from '../support/follow-up.ts';
import { freePorts } from '../support/restate.ts';
import { oneReminder, source } from './sources.ts';
import { days, eventually, granted, inBothModes, type Stage, startStage } from './stage.ts';

describe('an answer', () => {
  const askedAt = Date.UTC(2026, 2, 2, 12);

  it('is relied on for ten seconds by the run that asked', () => {
    for (const beganAt of [askedAt, askedAt - 1, askedAt - 60_000]) {
      expect(reliableUntil({ askedAt, beganAt, isAgain: false })).toBe(askedAt + 10_000);
    }
  });

  it('is relied on for a second out of the journal, and for ten when it was asked for again', () => {
    const beganAt = askedAt + 1;
    expect(reliableUntil({ askedAt, beganAt, isAgain: false })).toBe(askedAt + 1_000);
    expect(reliableUntil({ askedAt, beganAt, isAgain: true })).toBe(askedAt + 10_000);
  });
});

inBothModes('an answer that grew old', (alwaysReplay) => {
  let stage: Stage;
  let mailboxes: ServedEndpoint | null = null;
  let port = 0;
  /** How far the clock is ahead when a mail is handed over. */
  let lagMs = 0;

  const startMailboxes = async (): Promise<void> => {
    const deps = { ...stage.deps, wallNow: () => Date.now() + lagMs };
    const services = [recipientObject(deps)];
    mailboxes = await serveEndpoint({ services, host: '127.0.0.1', port, logger: () => undefined });
  };
  const crashMailboxes = async (): Promise<void> => {
    await mailboxes?.close();
    mailboxes = null;
  };

  beforeAll(async () => {
    stage = await startStage({ alwaysReplay, smtpTimeoutMs: 3_000 });
    stage.sources.set('once', source('once', { ladders: oneReminder() }));
    [port = 0] = await freePorts(1);
    await startMailboxes();
    const uri = `http://127.0.0.1:${port}`;
    const { adminUrl } = stage.restate;
    const common = { force: true, useHttp11: false, fetch, deadlineMs: 20_000 };
    granted(await registerDeployment({ adminUrl, uri, ...common }));
  });
  afterAll(async () => {
    await stage?.close();
    await crashMailboxes();
  });

  const fail = (ref: string) =>
    stage.fact(`once/${ref}`, payment('payment.failed', stage.now(), { ref }));
  const outcomeOf = async (ref: string) =>
    (await stage.view(`once/${ref}`)).notices[0]?.outcome ?? null;
  const rulesOf = async (ref: string) =>
    (await stage.view(`once/${ref}`)).timeline.map(({ rule }) => rule);

  /** The mail server stops answering the first mail, in the middle of which the process dies. */
  async function crashInTheMiddleOf(ref: string): Promise<void> {
    let hangs = 1;
    stage.sink.setScript(({ at }) => (at === 'rcpt' && hangs-- > 0 ? 'hang' : null));
    await fail(ref);
    await eventually(() => expect(hangs).toBe(0));
    await crashMailboxes();
  }
  const aMomentLater = () => new Promise((resolve) => setTimeout(resolve, 1_200));

  it('does not remind a customer who paid while the process was down', async () => {
    await crashInTheMiddleOf('in_paid');
    await stage.fact('once/in_paid', payment('payment.paid', stage.now(), { ref: 'in_paid' }));
    await aMomentLater();
    await startMailboxes();
    await eventually(async () => {
      expect(await outcomeOf('in_paid')).toMatchObject({
        kind: 'skipped',
        rule: 'settled',
        detail: expect.stringContaining('may have arrived'),
      });
    });
    expect(stage.mailsAbout('once/in_paid')).toEqual([]);
  });

  it('is asked for again at once when nobody paid, and the reminder goes out', async () => {
    await crashInTheMiddleOf('in_open');
    await aMomentLater();
    await startMailboxes();
    await eventually(async () => expect((await outcomeOf('in_open'))?.kind).toBe('sent'));
    expect(stage.mailsAbout('once/in_open')).toHaveLength(1);
    expect(await rulesOf('in_open')).not.toContain('retrying');
  });

  it('is asked for twice on a machine that is slow, and then relied on', async () => {
    stage.sink.setScript(null);
    lagMs = 9_000;
    await fail('in_slow');
    await eventually(async () => expect((await outcomeOf('in_slow'))?.kind).toBe('sent'));
    expect(await rulesOf('in_slow')).not.toContain('retrying');
    expect(stage.mailsAbout('once/in_slow')).toHaveLength(1);
  });

  it('is never relied on after ten seconds: the mail waits for its next attempt', async () => {
    lagMs = 10_001;
    await fail('in_stuck');
    await eventually(async () => {
      expect(await outcomeOf('in_stuck')).toMatchObject({
        kind: 'retrying',
        error: 'interrupted before it was handed over',
      });
    });
    await days(1);
    expect(stage.mailsAbout('once/in_stuck')).toEqual([]);
    lagMs = 0;
    await eventually(async () => expect((await outcomeOf('in_stuck'))?.kind).toBe('sent'));
    expect(stage.mailsAbout('once/in_stuck')).toHaveLength(1);
  });
});
