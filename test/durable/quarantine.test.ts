import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALWAYS, DAY, payment } from '../support/follow-up.ts';
import { operatorOf } from './operator.ts';
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

/** A zone that does not exist makes the calendar throw: a bug of ours, as far as an event can tell. */
const BROKEN = { ...ALWAYS, zone: 'Mars/Olympus' };
const NO_ADDRESS = { email: null, name: null, locale: null, zone: null, country: null };
const isOf = (id: string) => (issue: { readonly source: string }) => issue.source === id;

inBothModes('what the objects refuse or set aside', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
    stage.sources.set(
      'broken',
      source('broken', { customerCalendar: BROKEN, teamCalendar: BROKEN }),
    );
  });
  afterAll(() => stage?.close());

  it('sets aside a fact whose handling throws, and handles the next one of the key', async () => {
    const subject = 'broken/in_1';
    const failed = await failOn(stage, subject, { customer: NO_ADDRESS });
    expect(failed).toMatchObject({ rule: 'quarantined', quarantined: true });
    expect(await statesOf(stage, subject)).toHaveLength(0);
    const paid = payment('payment.paid', stage.now(), { ref: 'in_1' });
    expect(await stage.fact(subject, paid)).toMatchObject({ quarantined: false });
    expect((await stage.view(subject)).status).toBe('paid');
    const groups = await eventually(async () => {
      const list = granted(await stage.ingress.quarantined('broken'));
      expect(list).toHaveLength(1);
      return list;
    });
    expect(groups[0]).toMatchObject({ route: 'onFact', count: 1 });
    expect(groups[0]?.reason).toMatch(/time zone.*mars/i);
    expect(groups[0]?.samples[0]).toContain(subject);
  });

  it('shows an operator what was set aside and why, until they resolve it', async () => {
    stage.sources.set('odd', source('odd', { customerCalendar: BROKEN, teamCalendar: BROKEN }));
    const { api, hookline } = operatorOf(stage);
    const ofOdd = async () => (await api('/api/issues')).facts.filter(isOf('odd'));
    const setAside = (count: number) =>
      eventually(async () => {
        const [issue, ...more] = await ofOdd();
        expect(more).toEqual([]);
        expect(issue?.count).toBe(count);
        return issue;
      });
    const setOneAside = (ref: string) =>
      failOn(stage, `odd/${ref}`, { customer: NO_ADDRESS }, { eventKey: `evt_${ref}` });
    for (const ref of ['in_1', 'in_2'])
      expect(await setOneAside(ref)).toMatchObject({ quarantined: true });
    const seen = await setAside(2);
    expect(seen).toMatchObject({
      route: 'onFact',
      reason: expect.stringMatching(/time zone.*mars/i),
      samples: ['odd/in_1 evt_in_1', 'odd/in_2 evt_in_2'],
    });
    const id = seen?.id ?? '';
    const shown = await hookline('issues');
    expect(shown.code).toBe(0);
    const line = shown.out.split('\n').find((text) => text.includes(id)) ?? '';
    expect(line).toMatch(
      / odd +onFact +2x .*time zone.*mars.* odd\/in_1 evt_in_1 odd\/in_2 evt_in_2$/i,
    );
    const asJson = JSON.parse((await hookline('issues', '--json')).out);
    expect(asJson.facts.filter(isOf('odd'))).toEqual([seen]);

    await setOneAside('in_3');
    await setAside(3);
    expect(await hookline('issues', 'resolve', id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('failed again since'),
    });
    const now = (await setAside(3))?.id ?? '';
    expect(await hookline('issues', 'resolve', now)).toMatchObject({ code: 0, err: '' });
    expect(await ofOdd()).toEqual([]);
    expect((await hookline('issues')).out).not.toContain('odd/in_');
    expect(granted(await stage.ingress.quarantined('odd'))).toEqual([]);
  });

  it('does not clear a group that grew at the very moment, nor one next to it', async () => {
    stage.sources.set('late', source('late', { customerCalendar: BROKEN, teamCalendar: BROKEN }));
    for (const ref of ['in_1', 'in_2'])
      await failOn(stage, `late/${ref}`, { customer: NO_ADDRESS });
    const group = await eventually(async () => {
      const [only] = granted(await stage.ingress.quarantined('late'));
      expect(only?.count).toBe(2);
      return { route: only?.route ?? '', reason: only?.reason ?? '', count: 2 };
    });
    const resolve = async (over: Partial<typeof group>) =>
      granted(await stage.ingress.resolveQuarantined('late', { ...group, ...over })).resolved;
    expect(await resolve({ count: 1 })).toBe(false);
    expect(await resolve({ route: 'onTimer' })).toBe(false);
    expect(await resolve({ reason: 'another' })).toBe(false);
    expect(granted(await stage.ingress.quarantined('late'))).toMatchObject([group]);
    expect(await resolve({})).toBe(true);
    expect(await resolve({})).toBe(false);
  });

  it('keeps the state of a source that left the config, and goes on when it is back', async () => {
    stage.sources.set('leaving', source('leaving', {}));
    await failOn(stage, 'leaving/in_1');
    stage.sources.delete('leaving');
    const paid = payment('payment.paid', stage.now(), { ref: 'in_1' });
    expect(await stage.fact('leaving/in_1', paid)).toMatchObject({
      rule: 'unknown_source',
      quarantined: true,
    });
    await eventually(async () => {
      const groups = granted(await stage.ingress.quarantined('leaving'));
      expect(groups.map(({ route }) => route).sort()).toEqual(['onFact', 'onTimer']);
    });
    expect((await stage.view('leaving/in_1')).status).toBe('failed');
    stage.sources.set('leaving', source('leaving', {}));
    await eventually(() => expect(stage.mailsAbout('leaving/in_1').length).toBeGreaterThan(0));
  });

  it.each([
    { what: 'another version', message: { v: 2 } },
    { what: 'no event key', message: { v: 1, eventKey: '', receivedAt: 1, fact: {} } },
    { what: 'no time', message: { v: 1, eventKey: 'evt', fact: {} } },
    { what: 'nothing', message: null },
  ])('refuses a fact with $what at once instead of trying it for ever', async ({ message }) => {
    const response = await stage.post('/restate/call/Payment/stripe%2Fin_bad/onFact', message);
    expect(response.status).toBe(400);
    expect(await statesOf(stage, 'stripe/in_bad')).toHaveLength(0);
  });

  it('previews what a fact would do without doing it', async () => {
    const subject = 'stripe/in_preview';
    const fact = payment('payment.failed', stage.now(), { ref: 'in_preview' });
    const message = {
      v: 1,
      source: 'stripe',
      eventKey: 'evt_preview',
      fact,
      receivedAt: stage.now(),
      via: 'replay',
    };
    const path = '/restate/call/Payment/stripe%2Fin_preview/preview';
    const answer = await (await stage.post(path, message)).json();
    expect(answer).toMatchObject({ subject, rule: 'opened' });
    expect(answer.changes).toContain('status unknown → failed');
    expect(await statesOf(stage, subject)).toHaveLength(0);
  });

  it('simulates the whole ladder, and says which ladder nobody knows', async () => {
    await failOn(stage, 'stripe/in_sim');
    const path = '/restate/call/Payment/stripe%2Fin_sim/simulate';
    const answer = await (await stage.post(path, { at: stage.now(), ladder: null })).json();
    expect(answer).toMatchObject({ subject: 'stripe/in_sim', ladder: 'payment-failed' });
    expect(answer.steps.map(({ step }: { step: string }) => step)).toContain('escalation');
    const unknown = await stage.post(path, { at: stage.now(), ladder: 'no-such' });
    expect([unknown.status, await unknown.text()]).toEqual([
      404,
      expect.stringContaining('no-such'),
    ]);
    await stage.operate('stripe/in_sim', { kind: 'resolve', reason: null, actor: 'ada' });
  });

  // What only one message says comes again where its handling throws: a follow-up must not stop
  // with its timer, nor a hold be lost with the hand-over that told of it.
  const breakSource = (id: string) =>
    stage.sources.set(id, source(id, { customerCalendar: BROKEN, teamCalendar: BROKEN }));
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

  it.concurrent('a message that cannot be handled, if a timer, comes again every day until it can, and the follow-up goes on where it stood', async () => {
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

  it.concurrent('a message that cannot be handled, if a timer, does nothing any more when the payment was settled before it could', async () => {
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

  it.concurrent('a message that cannot be handled, if a hand-over, brings what people did with it when it can', async () => {
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

  it.concurrent('a message that cannot be handled, if a fact that was handed on, is not lost', async () => {
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
