/** From an unsubscribe and back: asked of a running Restate, with the command line. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipientKeyOf } from '../../src/durable/recipient-key.ts';
import { operatorOf } from './operator.ts';
import { eventually, failOn, granted, inBothModes, type Stage, startStage } from './stage.ts';

const EMAIL = 'carol@example.com';
const customer = { email: EMAIL, name: null, locale: null, zone: null, country: null };

inBothModes('a suppression', (alwaysReplay) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ alwaysReplay });
  });
  afterAll(() => stage?.close());

  it('stands until the person takes it back, and is then lifted with a record of who did', async () => {
    const { hookline } = operatorOf(stage);
    const show = async () =>
      JSON.parse((await hookline('recipients', 'show', EMAIL, '--json')).out);
    const lift = (...flags: readonly string[]) =>
      hookline('recipients', 'unsuppress', EMAIL, '--by', 'bob', '--reason', 'by phone', ...flags);
    expect(await lift('--consent')).toMatchObject({ code: 1, out: '' });
    const wish = { v: 1, at: stage.now(), reason: 'unsubscribed', by: 'link' } as const;
    granted(await stage.ingress.suppress(recipientKeyOf(EMAIL), wish));

    expect(await lift()).toMatchObject({ code: 1, err: expect.stringContaining('--consent') });
    expect(await show()).toMatchObject({ suppressed: { reason: 'unsubscribed' }, lifted: null });
    await failOn(stage, 'stripe/in_before', { customer });
    await eventually(async () => {
      const [notice] = (await stage.view('stripe/in_before')).notices;
      expect(notice?.outcome).toMatchObject({ kind: 'skipped', rule: 'unsubscribed' });
    });

    expect(await lift('--consent')).toMatchObject({ code: 0, err: '' });
    expect(await show()).toMatchObject({
      suppressed: null,
      lifted: { by: 'bob', reason: 'by phone', was: { reason: 'unsubscribed', by: 'link' } },
    });
    await failOn(stage, 'stripe/in_after', { customer });
    await eventually(async () => {
      const [notice] = (await stage.view('stripe/in_after')).notices;
      expect(notice?.outcome).toMatchObject({ kind: 'sent' });
    });
    const to = stage.mailsAbout('stripe/in_after').flatMap(({ envelope }) => envelope.to);
    expect(to).toContain(EMAIL);
  });
});
