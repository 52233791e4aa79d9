/** A timer whose handling throws is set aside, and its follow-up must not stop with it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALWAYS, payment } from '../support/follow-up.ts';
import { source } from './sources.ts';
import { days, eventually, failOn, granted, inBothModes, type Stage, startStage } from './stage.ts';

inBothModes('a timer that cannot be handled', (alwaysReplay) => {
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

  it.concurrent('comes again every day until it can, and the follow-up goes on where it stood', async () => {
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

  it.concurrent('does nothing any more when the payment was settled before it could', async () => {
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
});
