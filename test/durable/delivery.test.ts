import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipientKeyOf } from '../../src/durable/recipient-key.ts';
import { alert, DAY, payment } from '../support/follow-up.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';
import { oneReminder, source } from './sources.ts';
import { eventually, granted, inBothModes, type Stage, startStage } from './stage.ts';

const customer = (email: string) => ({
  customer: { email, name: null, locale: null, zone: null, country: null },
});

inBothModes('delivery on Restate', (alwaysReplay) => {
  let stage: Stage;
  let back: SmtpSink | null = null;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay, remindersPerDay: 1 });
    stage.sources.set('capped', source('capped', { ladders: oneReminder() }));
  });
  afterAll(async () => {
    await back?.close();
    await stage?.close();
  });

  const fail = (ref: string, email: string, source = 'stripe') =>
    stage.fact(
      `${source}/${ref}`,
      payment('payment.failed', stage.now(), { ref, ...customer(email) }),
    );
  const noticeOf = async (subject: string, step: string) =>
    (await stage.view(subject)).notices.find((notice) => notice.step === step);
  const rulesOf = async (subject: string) =>
    (await stage.view(subject)).timeline.map(({ rule }) => rule);

  it.concurrent('tries again after a 4xx and sends once, with the first failure on the timeline', async () => {
    stage.answerRcpt('grey@example.com', { code: 451, times: 2 });
    await fail('in_grey', 'grey@example.com');
    await eventually(async () => {
      const notice = await noticeOf('stripe/in_grey', 'reminder-1');
      expect(notice?.outcome?.kind).toBe('sent');
    });
    const { timeline } = await stage.view('stripe/in_grey');
    const told = timeline.filter(({ detail }) => detail === 'reminder-1');
    expect(told.filter(({ rule }) => rule === 'retrying')).toHaveLength(1);
    const sent = stage.mailsAbout('stripe/in_grey');
    expect(sent.filter(({ subject }) => subject === sent[0]?.subject)).toHaveLength(1);
  });

  it.concurrent('gives a 5xx up at once and goes on with the next step', async () => {
    stage.answerRcpt('nobody@example.com', { code: 550 });
    await fail('in_550', 'nobody@example.com');
    await eventually(async () => {
      expect(await noticeOf('stripe/in_550', 'reminder-final')).toMatchObject({
        outcome: { kind: 'failed' },
      });
    });
    const attempts = stage.sink.steps().filter(({ address }) => address === 'nobody@example.com');
    expect(attempts.filter(({ at }) => at === 'rcpt')).toHaveLength(2);
    expect(await noticeOf('stripe/in_550', 'reminder-1')).toMatchObject({
      outcome: { kind: 'failed', error: expect.stringContaining('550') },
    });
    await eventually(async () => {
      expect((await noticeOf('stripe/in_550', 'escalation'))?.outcome?.kind).toBe('sent');
    });
  });

  it.concurrent('does not send a reminder that was waiting for the mail server when the money came', async () => {
    stage.answerRcpt('patient@example.com', { code: 451 });
    await fail('in_waits', 'patient@example.com');
    await eventually(async () => {
      const notice = await noticeOf('stripe/in_waits', 'reminder-1');
      expect(notice?.outcome?.kind).toBe('retrying');
    });
    const paid = payment('payment.paid', stage.now(), { ref: 'in_waits' });
    await stage.fact('stripe/in_waits', paid);
    // Refused until then: an attempt that had asked just before the payment may still go out.
    await eventually(async () => {
      expect(await noticeOf('stripe/in_waits', 'reminder-1')).toMatchObject({
        outcome: { kind: 'skipped', rule: 'settled' },
      });
    });
    expect(stage.mailsAbout('stripe/in_waits')).toHaveLength(0);
  });

  it.concurrent('sends what is for a customer to the team while the source is not live', async () => {
    await fail('in_shadow', 'shy@example.com', 'shadow');
    const [mail] = await eventually(() => {
      const mails = stage.mailsAbout('shadow/in_shadow');
      expect(mails.length).toBeGreaterThan(0);
      return mails;
    });
    expect(mail?.envelope.to).toEqual(['team@example.com']);
    expect(mail?.subject).toContain('shy@example.com');
    const everyone = stage.sink.messages().flatMap(({ envelope }) => envelope.to);
    expect(everyone).not.toContain('shy@example.com');
  });

  it.concurrent('escalates to several people and joins what became of each', async () => {
    stage.answerRcpt('lead@example.com', { code: 550 });
    const subject = 'github/repo/alert/7';
    const opened = alert('alert.opened', stage.now(), { ref: 'repo/alert/7', severity: 'high' });
    await stage.fact(subject, opened, { kind: 'alert' });
    await eventually(async () => {
      const view = await stage.view(subject, 'alert');
      const joined = view.timeline.find(({ rule }) => rule === 'joined_outcomes');
      expect(joined?.decision).toBe('re-escalation-1 reached 1 of 2');
    });
    const { notices } = await stage.view(subject, 'alert');
    const told = notices.filter(({ step }) => step === 're-escalation-1');
    expect(told.map(({ to, outcome }) => [to, outcome?.kind])).toEqual([
      ['lead@example.com', 'failed'],
      ['team@example.com', 'sent'],
    ]);
    await stage.operate(subject, { kind: 'resolve', reason: null, actor: 'ada' }, 'alert');
  });

  it.concurrent('sends no reminder to who unsubscribed, and escalates all the same', async () => {
    const key = recipientKeyOf('Gone@example.com');
    const wish = { v: 1, at: stage.now(), reason: 'unsubscribed', by: 'link' } as const;
    expect(granted(await stage.ingress.suppress(key, wish))).toEqual({ suppressed: true });
    await fail('in_unsub', 'gone@example.com');
    await eventually(async () => {
      expect((await noticeOf('stripe/in_unsub', 'escalation'))?.outcome?.kind).toBe('sent');
    });
    expect(await noticeOf('stripe/in_unsub', 'reminder-1')).toMatchObject({
      outcome: { kind: 'skipped', rule: 'unsubscribed' },
    });
    const everyone = stage.sink.messages().flatMap(({ envelope }) => envelope.to);
    expect(everyone).not.toContain('gone@example.com');
    expect(granted(await stage.ingress.recipient(key)).suppressed).toMatchObject({ by: 'link' });
  });

  it.concurrent('postpones what is over the daily cap and sends it the next day', async () => {
    const subjects = ['capped/in_a', 'capped/in_b'];
    await Promise.all([
      fail('in_a', 'cap@example.com', 'capped'),
      fail('in_b', 'cap@example.com', 'capped'),
    ]);
    await eventually(async () => {
      const rules = (await Promise.all(subjects.map(rulesOf))).flat();
      expect(rules).toContain('daily_cap');
    });
    await eventually(async () => {
      for (const subject of subjects) {
        const { notices } = await stage.view(subject);
        expect(notices.filter(({ outcome }) => outcome?.kind === 'sent')).toHaveLength(1);
      }
    });
    const at = stage.sink
      .messages()
      .filter(({ envelope }) => envelope.to.includes('cap@example.com'))
      .map(({ receivedAt }) => stage.deps.clock.fromWall(receivedAt));
    // The cap is kept at the moment of booking, a hair before the sink stamps the mail.
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(DAY * 0.7);
  });

  // Not concurrent: it takes the mail server of all of them away.
  it('sends every mail once after the mail server was away for the whole burst', async () => {
    const { port } = stage.sink;
    await stage.sink.close();
    const refs = Array.from({ length: 10 }, (_, i) => `in_burst_${i}`);
    await Promise.all(refs.map((ref, i) => fail(ref, `burst${i}@example.com`)));
    await eventually(async () => {
      for (const ref of refs) {
        const notice = await noticeOf(`stripe/${ref}`, 'reminder-1');
        expect(notice?.outcome?.kind).toBe('retrying');
      }
    });
    const sink = await startSmtpSink({ port });
    back = sink;
    await eventually(async () => {
      for (const ref of refs) {
        const notice = await noticeOf(`stripe/${ref}`, 'reminder-1');
        expect(notice?.outcome?.kind).toBe('sent');
      }
    });
    const ids = sink.messages().map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const ref of refs) {
      await stage.operate(`stripe/${ref}`, { kind: 'resolve', reason: null, actor: 'ada' });
    }
  });
});

inBothModes('a burst of escalations on Restate', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    // Ten minutes of follow-up in six seconds.
    stage = await startStage({ alwaysReplay, scale: 100 });
  });
  afterAll(() => stage?.close());

  it('sends five one by one and the rest as one digest that names them all', async () => {
    const refs = Array.from({ length: 12 }, (_, i) => `repo/alert/${i}`);
    const occurredAt = stage.now();
    await Promise.all(
      refs.map((ref) =>
        stage.fact(
          `github/${ref}`,
          alert('alert.opened', occurredAt, { ref, severity: 'critical' }),
          { kind: 'alert' },
        ),
      ),
    );
    const closed = await stage.fact(
      `github/${refs[11]}`,
      alert('alert.closed', occurredAt + 1, { ref: refs[11] ?? '' }),
      { kind: 'alert' },
    );
    expect(closed.quarantined).toBe(false);
    const outcomes = await eventually(async () => {
      const views = await Promise.all(refs.map((ref) => stage.view(`github/${ref}`, 'alert')));
      const first = views.slice(0, 11).map(({ notices }) => notices[0]?.outcome);
      expect(first.map((outcome) => outcome?.kind)).toEqual(Array(11).fill('sent'));
      return first;
    }, 20_000);
    const ids = outcomes.map((outcome) => (outcome?.kind === 'sent' ? outcome.messageId : ''));
    expect(new Set(ids).size).toBe(6);
    expect(stage.sink.messages()).toHaveLength(6);
    const digest = stage.sink.messages()[5];
    const digested = refs.slice(0, 11).filter((_, i) => ids[i] === digest?.messageId);
    expect(digested).toHaveLength(6);
    for (const ref of digested) expect(digest?.text).toContain(ref);
  });
});
