import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipientKeyOf } from '../../src/durable/recipient-key.ts';
import { alert, DAY, payment } from '../support/follow-up.ts';
import { source } from './sources.ts';
import {
  days,
  eventually,
  failOn,
  granted,
  inBothModes,
  type Stage,
  startStage,
  statesOf,
} from './stage.ts';

const timersOf = (stage: Stage, subject: string) =>
  stage.restate.query(
    `SELECT id, scheduled_at, scheduled_start_at FROM sys_invocation_status WHERE target_service_key = '${subject}' AND target_handler_name = 'onTimer' AND status = 'scheduled'`,
  );

inBothModes('what the objects keep', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
    stage.sources.set('brief', source('brief', { tombstoneMs: 1_500 }));
  });
  afterAll(() => stage?.close());

  it('bounds the state of a subject however many facts come', async () => {
    const subject = 'stripe/in_many';
    const long = 'x'.repeat(400);
    for (let round = 0; round < 6; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          stage.fact(
            subject,
            payment(i % 2 === 0 ? 'payment.failed' : 'payment.due', stage.now() + i, {
              ref: 'in_many',
              reason: `${long} ${i}`,
              aliases: i === 0 ? [`ch_${round}`] : [],
            }),
            { eventKey: `evt_many_${round}_${i}` },
          ),
        ),
      );
    }
    const view = await stage.view(subject);
    expect(view.timeline.length).toBeLessThanOrEqual(100);
    expect(view.notices.length).toBeLessThanOrEqual(50);
    const bytes = (await statesOf(stage, subject)).map(
      ({ value_utf8: text }) => String(text).length,
    );
    expect(Math.max(...bytes)).toBeLessThan(64 * 1024);
    await stage.operate(subject, { kind: 'resolve', reason: null, actor: 'ada' });
  }, 90_000);

  it('has one timer per open subject and none for a settled one', async () => {
    const subject = 'stripe/in_timer';
    await failOn(stage, subject, { aliases: [] });
    await stage.operate(subject, {
      kind: 'hold',
      until: stage.now() + 50 * DAY,
      reason: 'wait',
      actor: 'ada',
    });
    await eventually(async () => expect(await timersOf(stage, subject)).toHaveLength(1), 3_000);
    await stage.fact(subject, payment('payment.paid', stage.now(), { ref: 'in_timer' }));
    await eventually(async () => expect(await timersOf(stage, subject)).toHaveLength(0), 3_000);
  });

  it('forgets a settled subject after its time, and not one that was opened again', async () => {
    await stage.fact('brief/in_gone', payment('payment.paid', stage.now(), { ref: 'in_gone' }));
    await stage.fact('brief/in_back', payment('payment.paid', stage.now(), { ref: 'in_back' }));
    await stage.fact(
      'brief/in_back',
      payment('payment.failed', stage.now() + 1000, { ref: 'in_back' }),
    );
    expect(await statesOf(stage, 'brief/in_gone')).not.toHaveLength(0);
    await eventually(
      async () => expect(await statesOf(stage, 'brief/in_gone')).toHaveLength(0),
      5_000,
    );
    await days(1);
    expect(await statesOf(stage, 'brief/in_back')).not.toHaveLength(0);
    expect(await stage.view('brief/in_gone')).toMatchObject({ known: false });
    await stage.operate('brief/in_back', { kind: 'resolve', reason: null, actor: 'ada' });
  });
});

inBothModes('without remembered timers, as on Workers', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay, cancelTimers: false });
  });
  afterAll(() => stage?.close());

  it('lets a timer of an older generation fire and do nothing', async () => {
    const subject = 'stripe/in_stale';
    await stage.fact(subject, payment('payment.failed', stage.now(), { ref: 'in_stale' }));
    await stage.fact(subject, payment('payment.paid', stage.now(), { ref: 'in_stale' }));
    await eventually(async () => {
      const rules = (await stage.view(subject)).timeline.map(({ rule }) => rule);
      expect(rules).toContain('stale_generation');
    });
    expect(stage.mailsAbout(subject)).toHaveLength(0);
  });
});

inBothModes('a mailbox', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    // A day in 100 ms: a mailbox is idle after thirty.
    stage = await startStage({ alwaysReplay, scale: 864_000 });
  });
  afterAll(() => stage?.close());

  it('is forgotten when idle, unless it asked for peace', async () => {
    const mailboxes = () =>
      stage.restate.query(`SELECT service_key FROM state WHERE service_name = 'Recipient'`);
    const opened = alert('alert.opened', stage.now(), { ref: 'x/1', severity: 'critical' });
    await stage.fact('github/x/1', opened, { kind: 'alert' });
    await eventually(() => expect(stage.mailsAbout('github/x/1').length).toBeGreaterThan(0));
    await stage.operate('github/x/1', { kind: 'resolve', reason: null, actor: 'ada' }, 'alert');
    const quiet = recipientKeyOf('quiet@example.com');
    const wish = { v: 1, at: stage.now(), reason: 'unsubscribed', by: 'link' } as const;
    granted(await stage.ingress.suppress(quiet, wish));
    const team = recipientKeyOf('team@example.com');
    const keys = async () => (await mailboxes()).map(({ service_key: key }) => key);
    expect(await keys()).toEqual(expect.arrayContaining([team, quiet]));
    await eventually(async () => expect(await keys()).not.toContain(team), 20_000);
    expect(await keys()).toContain(quiet);
  });
});
