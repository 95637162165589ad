import { describe, expect, it } from 'vitest';
import { formatLine } from '../src/log.ts';

const at = new Date(2026, 0, 31, 9, 5, 7).getTime();

describe('a line of the log on a terminal', () => {
  it('has time, level and message, then the fields', () => {
    const entry = { level: 30, time: at, msg: 'started', container: 'c0ffee', attempt: 2, reason: 'two words' };
    expect(formatLine(JSON.stringify(entry))).toBe(
      '09:05:07 info  started container=c0ffee attempt=2 reason="two words"\n',
    );
  });

  it('is followed by the stack of its error', () => {
    const entry = {
      level: 50,
      time: at,
      msg: 'fault',
      err: { type: 'Error', message: 'x', stack: 'Error: x\n    at y' },
    };
    expect(formatLine(JSON.stringify(entry))).toBe('09:05:07 error fault\n  Error: x\n      at y\n');
  });
});
