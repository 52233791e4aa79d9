import { afterAll, beforeAll, expect, it } from 'vitest';
import { alert, DAY, payment } from '../support/follow-up.ts';
import { source, spread } from './sources.ts';
import { days, eventually, failOn, inBothModes, type Stage, startStage } from './stage.ts';

inBothModes('follow-up on Restate', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
    // Where the order shows, a machine that stands still for a day of theirs must not merge steps.
    stage.sources.set('patient', source('patient', { ladders: spread() }));
  });
  afterAll(() => stage?.close());

  const stepsOf = async (ref: string, id = 'stripe') =>
    (await stage.view(`${id}/${ref}`)).notices
      .filter(({ outcome }) => outcome?.kind === 'sent')
      .map(({ step }) => step);

  it.concurrent('sends reminders and the escalation of a failed payment in order, once each', async () => {
    const fact = payment('payment.failed', stage.now(), { ref: 'in_ladder' });
    const answer = await stage.fact('patient/in_ladder', fact);
    expect(answer).toMatchObject({ rule: 'opened', quarantined: false });
    await eventually(async () =>
      expect(await stepsOf('in_ladder', 'patient')).toContain('escalation'),
    );
    expect((await stepsOf('in_ladder', 'patient')).slice(0, 3)).toEqual([
      'reminder-1',
      'reminder-final',
      'escalation',
    ]);
    const [first, second, third] = stage.mailsAbout('patient/in_ladder');
    expect(first?.envelope.to).toEqual(['ada@example.com']);
    expect(second?.envelope.to).toEqual(['ada@example.com']);
    expect(third?.envelope.to).toEqual(['team@example.com']);
    const ids = stage.mailsAbout('patient/in_ladder').map((mail) => mail.messageId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.concurrent('sends nothing more once the payment is paid between two reminders', async () => {
    const subject = 'patient/in_paid';
    await stage.fact(subject, payment('payment.failed', stage.now(), { ref: 'in_paid' }));
    await eventually(async () =>
      expect(await stepsOf('in_paid', 'patient')).toContain('reminder-1'),
    );
    await stage.fact(subject, payment('payment.paid', stage.now(), { ref: 'in_paid' }));
    const settled = await eventually(async () => {
      const { notices } = await stage.view(subject);
      expect(notices.every(({ outcome }) => outcome !== null)).toBe(true);
      return stage.mailsAbout(subject).length;
    });
    await days(4);
    const view = await stage.view(subject);
    expect(view.status).toBe('paid');
    expect(view.followUp).toMatchObject({ status: 'closed', closedBy: 'paid', next: null });
    expect(stage.mailsAbout(subject)).toHaveLength(settled);
    expect(await stepsOf('in_paid', 'patient')).not.toContain('escalation');
  });

  it.concurrent('decides a repeated event once, whether Restate or the state recognises it', async () => {
    const subject = 'stripe/in_twice';
    const fact = payment('payment.failed', stage.now(), { ref: 'in_twice' });
    const first = await stage.fact(subject, fact, { eventKey: 'evt_twice' });
    const sameKey = await stage.fact(subject, fact, { eventKey: 'evt_twice' });
    const otherKey = await stage.fact(subject, fact, {
      eventKey: 'evt_twice',
      idempotencyKey: 'evt_twice#again',
    });
    expect(first.rule).toBe('opened');
    expect(sameKey).toEqual(first);
    expect(otherKey.rule).toBe('duplicate');
    const events = (await stage.view(subject)).timeline.filter(({ rule }) => rule === 'opened');
    expect(events).toHaveLength(1);
  });

  it.concurrent('lets a failure that arrives after the payment that settled it change nothing', async () => {
    const subject = 'stripe/in_late';
    const failedAt = stage.now() - DAY;
    await stage.fact(subject, payment('payment.paid', stage.now(), { ref: 'in_late' }));
    await stage.fact(subject, payment('payment.failed', failedAt, { ref: 'in_late' }));
    const view = await stage.view(subject);
    expect(view.status).toBe('paid');
    expect(view.followUp).toBeNull();
    await days(2);
    expect(stage.mailsAbout(subject)).toHaveLength(0);
  });

  it.concurrent('holds reminders while on hold and sends them after the release', async () => {
    const subject = 'stripe/in_held';
    const fact = payment('payment.failed', stage.now(), { ref: 'in_held' });
    await stage.fact(subject, fact);
    const held = await stage.operate(subject, {
      kind: 'hold',
      until: null,
      reason: 'talking to them',
      actor: 'ada',
    });
    expect(held.accepted).toBe(true);
    await days(3);
    expect(stage.mailsAbout(subject)).toHaveLength(0);
    expect((await stage.view(subject)).followUp?.status).toBe('held');
    const released = await stage.operate(subject, { kind: 'release', actor: 'ada' });
    expect(released.accepted).toBe(true);
    await eventually(() => expect(stage.mailsAbout(subject).length).toBeGreaterThan(0));
  });

  it.concurrent('stops escalating once somebody acknowledged', async () => {
    const subject = 'github/repo/dependabot/1';
    const opened = alert('alert.opened', stage.now(), {
      ref: 'repo/dependabot/1',
      severity: 'medium',
    });
    await stage.fact(subject, opened, { kind: 'alert' });
    await eventually(async () => {
      const { notices } = await stage.view(subject, 'alert');
      expect(notices[0]?.outcome?.kind).toBe('sent');
    });
    const sent = stage.mailsAbout(subject).length;
    const answer = await stage.operate(subject, { kind: 'acknowledge', actor: 'ada' }, 'alert');
    expect(answer.accepted).toBe(true);
    expect((await stage.view(subject, 'alert')).followUp?.status).toBe('acknowledged');
    await days(5);
    expect(stage.mailsAbout(subject)).toHaveLength(sent);
  });

  it.concurrent('refuses to acknowledge what nobody escalated, and keeps no trace of an unknown subject', async () => {
    const answer = await stage.operate('stripe/in_nobody', { kind: 'acknowledge', actor: 'ada' });
    expect(answer.accepted).toBe(false);
    expect(await stage.view('stripe/in_nobody')).toMatchObject({ known: false, timeline: [] });
  });

  it.concurrent('closes a follow-up that a person resolved', async () => {
    const subject = 'stripe/in_resolved';
    const fact = payment('payment.failed', stage.now(), { ref: 'in_resolved' });
    await stage.fact(subject, fact);
    const input = { kind: 'resolve', reason: 'paid by bank transfer', actor: 'ada' } as const;
    expect((await stage.operate(subject, input)).accepted).toBe(true);
    expect(await stage.view(subject)).toMatchObject({
      status: 'resolved',
      followUp: { status: 'closed' },
    });
    await days(3);
    expect(stage.mailsAbout(subject)).toHaveLength(0);
  });

  it.concurrent.each([
    { order: 'link first', linkFirst: true },
    { order: 'fact first', linkFirst: false },
  ])('joins a payment intent to its invoice, $order', async ({ linkFirst }) => {
    const invoice = `in_join_${linkFirst}`;
    const intent = `pi_join_${linkFirst}`;
    const failedAt = stage.now();
    const link = () =>
      stage.fact(
        `patient/${invoice}`,
        payment('payment.linked', failedAt, { ref: invoice, aliases: [intent] }),
      );
    const failure = () =>
      stage.fact(`patient/${intent}`, payment('payment.failed', failedAt, { ref: intent }));
    if (linkFirst) await link();
    else await failure();
    if (linkFirst) await failure();
    else await link();
    await eventually(async () => {
      expect((await stage.view(`patient/${invoice}`)).status).toBe('failed');
    });
    expect(await stage.view(`patient/${intent}`)).toMatchObject({
      status: 'joined',
      linkedTo: `patient/${invoice}`,
    });
    await eventually(async () => expect(await stepsOf(invoice, 'patient')).toContain('reminder-1'));
    expect(stage.mailsAbout(`patient/${intent}`)).toHaveLength(0);
  });

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
    await failOn(stage, 'stripe/pi_heir');
    const hold = { kind: 'hold', until: null, reason: 'legal', actor: 'ada' } as const;
    expect((await stage.operate('stripe/pi_heir', hold)).accepted).toBe(true);
    const linked = payment('payment.linked', stage.now(), { ref: 'in_heir', aliases: ['pi_heir'] });
    await stage.fact('stripe/in_heir', linked);
    await eventually(async () =>
      expect(await stage.view('stripe/in_heir')).toMatchObject({
        hold: { reason: 'legal' },
        followUp: { status: 'held' },
      }),
    );
    await days(5);
    expect(mailsTo('ada@example.com', 'stripe/pi_heir', 'stripe/in_heir')).toEqual([]);
  });

  it.concurrent('sends a mail that waited for its server while the link came, once', async () => {
    stage.answerRcpt('eve@example.com', { code: 451 });
    const { customer } = payment('payment.failed', 0);
    await failOn(stage, 'patient/pi_wait', { customer: { ...customer, email: 'eve@example.com' } });
    await eventually(async () => {
      const { notices } = await stage.view('patient/pi_wait');
      expect(notices[0]?.outcome?.kind).toBe('retrying');
    });
    await link('in_wait', 'pi_wait');
    stage.answerRcpt('eve@example.com', null);
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
