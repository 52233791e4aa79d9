/** A mail server that takes mails and does not say so: one copy too many, never four. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { messageIdOf } from '../../src/mail/message-id.ts';
import { alert, payment } from '../support/follow-up.ts';
import type { SinkReply } from '../support/smtp-sink.ts';
import { oneReminder, source } from './sources.ts';
import { days, eventually, inBothModes, type Stage, startStage } from './stage.ts';

inBothModes('a mail the server takes without an answer', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
    stage.sources.set('once', source('once', { ladders: oneReminder() }));
  });
  afterAll(() => stage?.close());

  const noticeOf = async (ref: string) => (await stage.view(`once/${ref}`)).notices[0];
  /** The next messages are answered so, in order; all after them are taken. */
  const answerData = (...replies: readonly SinkReply[]) => {
    const left = [...replies];
    stage.sink.setScript(({ at }) => (at === 'data' ? (left.shift() ?? null) : null));
  };
  const fail = (ref: string) =>
    stage.fact(`once/${ref}`, payment('payment.failed', stage.now(), { ref }));
  const idsOf = (ref: string) => stage.mailsAbout(`once/${ref}`).map((mail) => mail.messageId);
  const later = { code: 451, text: 'later' };

  it('is given to it twice under one Message-ID, then shown as failed', async () => {
    answerData('drop', 'drop');
    await fail('in_never');
    const notice = await eventually(async () => {
      const found = await noticeOf('in_never');
      expect(found?.outcome?.kind).toBe('failed');
      return found;
    });
    const messageId = messageIdOf(notice?.id ?? '', '127.0.0.1');
    expect(notice?.outcome).toMatchObject({ error: expect.stringContaining(messageId) });
    await days(2);
    expect(idsOf('in_never')).toEqual([messageId, messageId]);
    const { timeline } = await stage.view('once/in_never');
    const told = timeline.map(({ decision }) => decision).join('\n');
    expect(told).toMatch(/attempt 1: the server took the mail without confirming it/);
    expect(told).toContain(`so it has probably arrived; look in its log for ${messageId}`);
  });

  it('is sent when the second time is confirmed', async () => {
    answerData('drop');
    await fail('in_second');
    await eventually(async () => {
      expect((await noticeOf('in_second'))?.outcome?.kind).toBe('sent');
    });
    const ids = idsOf('in_second');
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('is one copy too many among any number of plain failures', async () => {
    answerData(later, 'drop', later, later, 'drop');
    await fail('in_mixed');
    await eventually(async () => {
      expect((await noticeOf('in_mixed'))?.outcome?.kind).toBe('failed');
    });
    await days(2);
    expect(idsOf('in_mixed')).toHaveLength(2);
    expect(new Set(idsOf('in_mixed')).size).toBe(1);
  });

  it('is no copy too many when it was refused for now, however often', async () => {
    answerData(later, later, later, later);
    await fail('in_later');
    await eventually(async () => {
      expect((await noticeOf('in_later'))?.outcome?.kind).toBe('sent');
    });
    expect(idsOf('in_later')).toHaveLength(1);
  });
});

inBothModes('a digest the server takes without an answer', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    // Ten minutes of follow-up in six seconds.
    stage = await startStage({ alwaysReplay, scale: 100 });
  });
  afterAll(() => stage?.close());

  it('is given to it twice, whole, then every notice of it is shown as failed', async () => {
    const refs = Array.from({ length: 8 }, (_, i) => `repo/alert/${i}`);
    const occurredAt = stage.now();
    await Promise.all(
      refs.map((ref) => {
        const opened = alert('alert.opened', occurredAt, { ref, severity: 'critical' });
        return stage.fact(`github/${ref}`, opened, { kind: 'alert' });
      }),
    );
    const outcomes = () =>
      Promise.all(
        refs.map(async (ref) => (await stage.view(`github/${ref}`, 'alert')).notices[0]?.outcome),
      );
    await eventually(async () => {
      const kinds = (await outcomes()).map((outcome) => outcome?.kind).sort();
      expect(kinds).toEqual([...Array(3).fill('digested'), ...Array(5).fill('sent')]);
    });
    stage.sink.setScript(({ at }) => (at === 'data' ? 'drop' : null));
    const failed = await eventually(async () => {
      const found = (await outcomes()).filter((outcome) => outcome?.kind === 'failed');
      expect(found).toHaveLength(3);
      return found;
    });
    const [first, second, ...more] = stage.sink.messages().slice(5);
    expect(more).toEqual([]);
    expect(second?.messageId).toBe(first?.messageId);
    expect(second?.text).toBe(first?.text);
    for (const outcome of failed) {
      expect(outcome).toMatchObject({ error: expect.stringContaining(first?.messageId ?? '-') });
    }
  });
});
