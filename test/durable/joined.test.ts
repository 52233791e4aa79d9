/** Two ids of one payment, joined on Restate while a follow-up is under way. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { payment } from '../support/follow-up.ts';
import { source, spread } from './sources.ts';
import { days, eventually, failOn, inBothModes, type Stage, startStage } from './stage.ts';

inBothModes('ids joined on Restate', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
    stage.sources.set('patient', source('patient', { ladders: spread() }));
  });
  afterAll(() => stage?.close());

  const link = (invoice: string, intent: string) => {
    const over = { ref: invoice, aliases: [intent] };
    return stage.fact(`patient/${invoice}`, payment('payment.linked', stage.now(), over));
  };
  const mailsTo = (address: string, ...subjects: readonly string[]) =>
    subjects
      .flatMap((subject) => stage.mailsAbout(subject))
      .filter(({ envelope }) => envelope.to.includes(address));

  it.concurrent('goes on where the other id was, without a reminder twice', async () => {
    await failOn(stage, 'patient/pi_told');
    await eventually(() => expect(mailsTo('ada@example.com', 'patient/pi_told')).toHaveLength(1));
    await link('in_told', 'pi_told');
    await eventually(() => expect(mailsTo('team@example.com', 'patient/in_told')).toHaveLength(1));
    const reminders = mailsTo('ada@example.com', 'patient/pi_told', 'patient/in_told');
    expect(reminders).toHaveLength(2);
    const view = await stage.view('patient/in_told');
    expect(view.notices.map(({ step }) => step).slice(0, 3)).toEqual([
      'reminder-1',
      'reminder-final',
      'escalation',
    ]);
    expect((await stage.view('patient/pi_told')).status).toBe('joined');
  });

  it.concurrent('keeps a hold across the link', async () => {
    await failOn(stage, 'stripe/pi_held');
    const hold = { kind: 'hold', until: null, reason: 'legal', actor: 'ada' } as const;
    expect((await stage.operate('stripe/pi_held', hold)).accepted).toBe(true);
    const linked = payment('payment.linked', stage.now(), { ref: 'in_held', aliases: ['pi_held'] });
    await stage.fact('stripe/in_held', linked);
    await eventually(async () =>
      expect(await stage.view('stripe/in_held')).toMatchObject({
        hold: { reason: 'legal' },
        followUp: { status: 'held' },
      }),
    );
    await days(5);
    expect(mailsTo('ada@example.com', 'stripe/pi_held', 'stripe/in_held')).toEqual([]);
  });

  it.concurrent('sends a mail that waited for its server while the link came, once', async () => {
    stage.answerRcpt('eve@example.com', { code: 451, times: 1 });
    const { customer } = payment('payment.failed', 0);
    await failOn(stage, 'patient/pi_wait', { customer: { ...customer, email: 'eve@example.com' } });
    await eventually(async () => {
      const { notices } = await stage.view('patient/pi_wait');
      expect(notices[0]?.outcome?.kind).toBe('retrying');
    });
    await link('in_wait', 'pi_wait');
    await eventually(async () => {
      const { notices } = await stage.view('patient/in_wait');
      expect(notices[0]).toMatchObject({ step: 'reminder-1', outcome: { kind: 'sent' } });
    });
    expect(mailsTo('eve@example.com', 'patient/pi_wait')).toHaveLength(1);
    const reminders = (await stage.view('patient/in_wait')).notices.filter(
      ({ step }) => step === 'reminder-1',
    );
    expect(reminders).toHaveLength(1);
  });
});
