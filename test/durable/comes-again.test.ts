/**
 * What only one message says is set aside where its handling throws, and comes again: a follow-up
 * must not stop with its timer, nor a hold be lost with the hand-over that told of it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALWAYS, DAY, payment } from '../support/follow-up.ts';
import { source } from './sources.ts';
import { days, eventually, failOn, granted, inBothModes, type Stage, startStage } from './stage.ts';

inBothModes('a message that cannot be handled', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
  });
  afterAll(() => stage?.close());

  // A zone that does not exist makes the calendar throw: a bug of ours, as far as a timer can tell.
  const broken = { ...ALWAYS, zone: 'Mars/Olympus' };
  const breakSource = (id: string) =>
    stage.sources.set(id, source(id, { customerCalendar: broken, teamCalendar: broken }));
  const repairSource = (id: string) => stage.sources.set(id, source(id, {}));

  /** The follow-up opens, and from then on every timer of its source throws, twice or more. */
  async function setAsideTwice(id: string, ref: string): Promise<void> {
    repairSource(id);
    await failOn(stage, `${id}/${ref}`);
    breakSource(id);
    await eventually(async () => {
      const [group, ...more] = granted(await stage.ingress.quarantined(id));
      expect(more).toEqual([]);
      expect(group).toMatchObject({
        route: 'onTimer',
        reason: expect.stringMatching(/time zone.*mars/i),
        samples: [expect.stringMatching(`^${id}/${ref} timer g`)],
      });
      expect(group?.count).toBeGreaterThanOrEqual(2);
    });
  }

  it.concurrent('if a timer, comes again every day until it can, and the follow-up goes on where it stood', async () => {
    await setAsideTwice('healing', 'in_1');
    const { followUp, notices, timeline } = await stage.view('healing/in_1');
    expect(followUp).toMatchObject({ closedAt: null, steps: [] });
    expect(notices).toEqual([]);
    expect(timeline.map(({ rule }) => rule)).toEqual(['opened']);
    repairSource('healing');
    await eventually(async () => {
      const { notices } = await stage.view('healing/in_1');
      const escalation = notices.find(({ step }) => step === 'escalation');
      expect(escalation?.outcome?.kind).toBe('sent');
    });
    const sent = (await stage.view('healing/in_1')).notices.map(({ step }) => step);
    expect(new Set(sent).size).toBe(sent.length);
  });

  it.concurrent('if a timer, does nothing any more when the payment was settled before it could', async () => {
    await setAsideTwice('settling', 'in_1');
    repairSource('settling');
    const paid = payment('payment.paid', stage.now(), { ref: 'in_1' });
    expect(await stage.fact('settling/in_1', paid)).toMatchObject({ quarantined: false });
    const count = granted(await stage.ingress.quarantined('settling'))[0]?.count;
    await days(3);
    expect(granted(await stage.ingress.quarantined('settling'))[0]?.count).toBe(count);
    const { status, notices } = await stage.view('settling/in_1');
    expect(status).toBe('paid');
    expect(notices).toEqual([]);
    expect(stage.mailsAbout('settling/in_1')).toEqual([]);
  });

  it.concurrent('if a hand-over, brings what people did with it when it can', async () => {
    repairSource('heirs');
    await failOn(stage, 'heirs/pi_1');
    const until = stage.now() + 60 * DAY;
    const hold = { kind: 'hold', until, reason: 'legal', actor: 'ada' } as const;
    expect(await stage.operate('heirs/pi_1', hold)).toMatchObject({ accepted: true });
    breakSource('heirs');
    const over = { ref: 'in_1', aliases: ['pi_1'] };
    await stage.fact('heirs/in_1', payment('payment.linked', stage.now(), over));
    await eventually(async () => {
      const [group, ...more] = granted(await stage.ingress.quarantined('heirs'));
      expect(more).toEqual([]);
      expect(group).toMatchObject({ route: 'onHandOver' });
      expect(group?.count).toBeGreaterThanOrEqual(2);
    });
    expect((await stage.view('heirs/in_1')).status).toBe('unknown');
    repairSource('heirs');
    await eventually(async () => {
      const { status, hold } = await stage.view('heirs/in_1');
      expect([status, hold?.reason]).toEqual(['failed', 'legal']);
    });
    expect(stage.mailsAbout('heirs/in_1')).toEqual([]);
  });

  it.concurrent('if a fact that was handed on, is not lost', async () => {
    repairSource('passing');
    const over = { ref: 'in_1', aliases: ['pi_1'] };
    await stage.fact('passing/in_1', payment('payment.linked', stage.now(), over));
    await eventually(async () =>
      expect((await stage.view('passing/pi_1')).linkedTo).toBe('passing/in_1'),
    );
    breakSource('passing');
    await failOn(stage, 'passing/pi_1');
    await eventually(async () => {
      const [group] = granted(await stage.ingress.quarantined('passing'));
      expect(group).toMatchObject({ route: 'onFact' });
    });
    repairSource('passing');
    await eventually(async () => expect((await stage.view('passing/in_1')).status).toBe('failed'));
  });
});
