import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../src/core/shell-word.ts';

describe('a word for the shell', () => {
  it('is left as it is where no shell makes anything of it', () => {
    expect(shellWord('stripe/in_1A2b-c.d:e')).toBe('stripe/in_1A2b-c.d:e');
  });

  it.each([
    'stripe/in_$(touch /tmp/pwned)',
    'stripe/in_`id`',
    "stripe/in_'; id; '",
    'stripe/in_ü💥 é',
    'stripe/in_"$HOME"!*?[a]{b,c}~&|<>\\',
    '',
  ])('%j comes out of a shell as it went in', (text) => {
    const echoed = execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' });
    expect(echoed).toBe(text);
  });
});
