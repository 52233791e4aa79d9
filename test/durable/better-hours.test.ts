/** A mail that failed and meets quiet hours at its next attempt waits for better hours as itself. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipientKeyOf } from '../../src/durable/recipient-key.ts';
import { messageIdOf } from '../../src/mail/message-id.ts';
import { ALWAYS, HOUR, payment } from '../support/follow-up.ts';
import { oneReminder, source } from './sources.ts';
import { eventually, granted, inBothModes, type Stage, startStage } from './stage.ts';

inBothModes('a mail that waits for better hours', (alwaysReplay) => {
  let stage: Stage;
  let openHour = 0;
  beforeAll(async () => {
    // An hour of follow-up in half a second.
    stage = await startStage({ alwaysReplay, scale: 7_200 });
    openHour = new Date(stage.now() + HOUR).getUTCHours();
    const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`;
    // Mail is welcome for two hours a day, and the reminder falls into them.
    const quietHours = { from: clock(openHour + 2), to: clock(openHour) };
    const customerCalendar = { ...ALWAYS, quietHours };
    const ladders = oneReminder('1h');
    stage.sources.set('quiet', source('quiet', { ladders, customerCalendar }));
  });
  afterAll(() => stage?.close());

  const emailOf = (ref: string) => `${ref}@example.com`;
  /** The payment fails, and so does its reminder until the quiet hours. */
  async function waiting(ref: string): Promise<void> {
    const customer = { email: emailOf(ref), name: null, locale: null, zone: null, country: null };
    stage.answerRcpt(emailOf(ref), { code: 451 });
    await stage.fact(`quiet/${ref}`, payment('payment.failed', stage.now(), { ref, customer }));
    await eventually(async () => {
      const { notices } = await stage.view(`quiet/${ref}`);
      expect(notices[0]?.outcome).toMatchObject({
        kind: 'retrying',
        error: expect.stringMatching(/^waits until \d{4}-\d\d-\d\dT\d\d:00Z \(quiet_hours\)$/),
      });
    });
    stage.answerRcpt(emailOf(ref), null);
  }

  it.concurrent('goes out at the end of the quiet hours, as the same notice and the same mail', async () => {
    await waiting('in_quiet');
    const { pending } = granted(await stage.ingress.recipient(recipientKeyOf(emailOf('in_quiet'))));
    const noticeId = (await stage.view('quiet/in_quiet')).notices[0]?.id ?? '';
    expect(pending).toEqual([{ noticeId, attempt: expect.any(Number) }]);
    const attempts = stage.sink.steps().length;
    await eventually(async () => {
      const { notices } = await stage.view('quiet/in_quiet');
      expect(notices).toMatchObject([{ id: noticeId, outcome: { kind: 'sent' } }]);
    }, 40_000);
    expect(stage.sink.steps().length).toBeGreaterThan(attempts);
    const [mail, ...more] = stage.mailsAbout('quiet/in_quiet');
    expect(more).toEqual([]);
    expect(mail?.messageId).toBe(messageIdOf(noticeId, '127.0.0.1'));
    const sentAt = stage.deps.clock.fromWall(mail?.receivedAt ?? 0);
    // Asked within the two hours; a slow machine may take a while from there to the mail server.
    expect((new Date(sentAt).getUTCHours() - openHour + 24) % 24).toBeLessThan(4);
  }, 60_000);

  it.concurrent('is not sent when the payment is paid meanwhile', async () => {
    await waiting('in_paid');
    const paid = payment('payment.paid', stage.now(), { ref: 'in_paid' });
    await stage.fact('quiet/in_paid', paid);
    await eventually(async () => {
      const { notices } = await stage.view('quiet/in_paid');
      expect(notices).toMatchObject([{ outcome: { kind: 'skipped', rule: 'settled' } }]);
    }, 40_000);
    expect(stage.mailsAbout('quiet/in_paid')).toEqual([]);
  }, 60_000);

  it.concurrent('is not sent while somebody holds the follow-up', async () => {
    await waiting('in_held');
    const hold = { kind: 'hold', until: null, reason: 'promised', actor: 'ada' } as const;
    await stage.operate('quiet/in_held', hold);
    await eventually(async () => {
      const { notices } = await stage.view('quiet/in_held');
      expect(notices).toMatchObject([{ outcome: { kind: 'skipped', rule: 'held' } }]);
    }, 40_000);
    expect(stage.mailsAbout('quiet/in_held')).toEqual([]);
  }, 60_000);
});
