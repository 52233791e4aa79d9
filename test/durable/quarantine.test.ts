import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALWAYS, payment } from '../support/follow-up.ts';
import { operatorOf } from './operator.ts';
import { source } from './sources.ts';
import {
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
});
