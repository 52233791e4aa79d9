import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.ts';
import { keepClock, nextLine } from '../../src/launch/clock-file.ts';
import { readSettings } from '../../src/launch/settings.ts';
import { clockOf } from '../../src/launch/time-scale.ts';
import { dir, freshDir } from '../support/data-dir.ts';

freshDir();

describe('the clock of a data directory', () => {
  const T0 = 1_700_000_000_000;
  const DAY = 86_400_000;

  it('is real time until a scale is asked for, and stays on its line over restarts', () => {
    expect(keepClock(dir, null, T0, false)).toMatchObject({
      value: { line: { scale: 1 }, remark: null },
    });
    const scaled = keepClock(dir, 86_400, T0 + 1000, false);
    if (!scaled.ok) throw new Error(scaled.failure);
    expect(scaled.value.clock.fromWall(T0 + 2000)).toBe(T0 + 1000 + DAY);
    const again = keepClock(dir, null, T0 + 60_000, false);
    if (!again.ok) throw new Error(again.failure);
    expect(again.value.line).toEqual(scaled.value.line);
    expect(again.value.remark).toContain('86400 times');
  });

  it('is real time where mail reaches customers, and a file of another is left as it is', () => {
    expect(keepClock(dir, null, T0, true)).toMatchObject({ value: { line: { scale: 1 } } });
    const asked = keepClock(dir, 86_400, T0, true);
    expect(asked).toMatchObject({ ok: false, failure: expect.stringContaining('SMTP_URL') });
    // Refused before it was kept: the next start is not fast either.
    expect(keepClock(dir, null, T0, true)).toMatchObject({ value: { line: { scale: 1 } } });
    expect(keepClock(dir, 2, T0, false)).toMatchObject({ value: { line: { scale: 2 } } });
    const kept = keepClock(dir, null, T0 + 1000, true);
    expect(kept).toMatchObject({ ok: false, failure: expect.stringContaining('live: false') });
  });

  it('never moves back when the scale changes', () => {
    const fast = { scale: 86_400, baseMs: T0 };
    const now = T0 + 10_000;
    const slower = nextLine(fast, 3600, now);
    if (slower === null) throw new Error('refused');
    const ahead = T0 + 10_000 * 86_400;
    const { baseMs, scale } = slower;
    const at = (wall: number) => baseMs + (wall - baseMs) * scale;
    expect(Math.abs(at(now) - ahead)).toBeLessThanOrEqual(scale);
    expect(at(now + 1000) - at(now)).toBe(3_600_000);
  });

  it.each([
    ['', 'no JSON object'],
    ['[]', 'no JSON object'],
    ['{"scale":86400', 'no JSON object'],
    ['{}', 'its scale is missing'],
    ['{"scale":"2","baseMs":0}', 'its scale is "2"'],
    ['{"scale":0,"baseMs":0}', 'its scale is 0'],
    ['{"scale":0.999,"baseMs":0}', 'its scale is 0.999'],
    ['{"scale":-5,"baseMs":0}', 'its scale is -5'],
    ['{"scale":10000001,"baseMs":0}', 'its scale is 10000001'],
    ['{"scale":1e300,"baseMs":0}', 'its scale is 1e+300'],
    ['{"scale":null,"baseMs":0}', 'its scale is null'],
    ['{"scale":NaN,"baseMs":0}', 'no JSON object'],
    ['{"scale":2}', 'its baseMs is missing'],
    ['{"scale":2,"baseMs":1.5}', 'its baseMs is 1.5'],
    ['{"scale":1,"baseMs":-1e300}', 'its baseMs is -1e+300'],
    [`{"scale":2,"baseMs":${T0 + DAY + 1}}`, 'in the future'],
    ['{"scale":86400,"baseMs":-1}', 'beyond every date'],
  ])('is refused, and left as it is, when its file holds %s', (text, problem) => {
    const path = join(dir, 'clock.json');
    writeFileSync(path, text);
    const refused = keepClock(dir, null, T0, false);
    if (refused.ok) throw new Error('believed');
    expect(refused.failure).toContain(`${path} is damaged: `);
    expect(refused.failure).toContain(problem);
    expect(refused.failure).toContain('HOOKLINE_DATA_DIR');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it.each([
    { scale: 1, baseMs: 0 },
    { scale: 10_000_000, baseMs: T0 },
    // A machine whose clock was set back a little.
    { scale: 2, baseMs: T0 + DAY },
    // After hours at high speed a slower line begins long ago.
    { scale: 2, baseMs: -T0 },
  ])('is believed when its file holds %o', (line) => {
    writeFileSync(join(dir, 'clock.json'), JSON.stringify(line));
    expect(keepClock(dir, null, T0, false)).toMatchObject({ ok: true, value: { line } });
  });

  it('takes for a kept scale what a flag may say, and nothing else', () => {
    for (const scale of [1, 1.5, 10_000_000, 0, 0.99, 10_000_001, Number.NaN]) {
      writeFileSync(join(dir, 'clock.json'), `{"scale":${scale},"baseMs":0}`);
      const asked = readSettings(['--time-scale', String(scale)], {}, '/');
      expect([scale, keepClock(dir, null, 1, false).ok]).toEqual([scale, asked.ok]);
    }
  });

  it('is not bent so hard that its line could not be read again', () => {
    keepClock(dir, 10_000_000, T0, false);
    expect(keepClock(dir, 1.000_000_1, T0 + DAY, false).ok).toBe(false);
    expect(keepClock(dir, null, T0 + DAY, false).ok).toBe(true);
  });

  it('refuses to go back to real time once it is ahead', () => {
    keepClock(dir, 10, T0, false);
    const refused = keepClock(dir, 1, T0 + 1000, false);
    expect(refused.ok).toBe(false);
    expect(refused).toMatchObject({ failure: expect.stringContaining('HOOKLINE_DATA_DIR') });
  });
});

describe('the clock of a Worker', () => {
  it('is what its two variables say, and real time without them', () => {
    expect(clockOf(null, null)).toBe(wallClock);
    expect(clockOf('1', null)).toBe(wallClock);
    expect(clockOf('86400', '1000')?.fromWall(1001)).toBe(87_400);
    expect(clockOf('2', '-5')?.fromWall(0)).toBe(5);
  });

  it.each([
    ['1e300', '0'],
    ['0.5', '0'],
    ['-2', '0'],
    ['fast', '0'],
    ['2', 'then'],
    ['2', '1.5'],
    ['2', null],
  ])('is none when they say %s and %s', (scale, baseMs) => {
    expect(clockOf(scale, baseMs)).toBeNull();
  });
});
