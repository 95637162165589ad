import { describe, expect, it } from 'vitest';
import { LoginLimit, type LoginLimits } from '../../src/auth/login-limit.ts';

function makeLimit(limits: LoginLimits) {
  const clock = { now: 0 };
  const limit = new LoginLimit({ ...limits, now: () => new Date(clock.now) });
  const fail = (username: string, address: string, times: number) => {
    for (let time = 0; time < times; time += 1) limit.begin(username, address);
  };
  const pass = (seconds: number) => {
    clock.now += seconds * 1_000;
  };
  return { limit, fail, pass };
}

describe('the limit of log-in attempts', () => {
  it('lets ten fail, then says how long to wait, and forgets after five minutes', () => {
    const { limit, fail, pass } = makeLimit({});
    fail('ada', '10.0.0.1', 10);
    expect(limit.begin('ada', '10.0.0.1')).toBe(300);
    pass(60);
    expect(limit.begin('ada', '10.0.0.1')).toBe(240);
    pass(240);
    expect(limit.begin('ada', '10.0.0.1')).toBe(0);
  });

  it('does not lock the account for other addresses, nor the address for other accounts', () => {
    const { limit, fail } = makeLimit({});
    fail('ada', '10.0.0.1', 10);
    expect(limit.begin('ada', '10.0.0.2')).toBe(0);
    expect(limit.begin('bob', '10.0.0.1')).toBe(0);
  });

  it('stops an address that tries many accounts', () => {
    const { limit, fail } = makeLimit({ perAddress: 20 });
    for (let user = 0; user < 20; user += 1) fail(`user${user}`, '10.0.0.1', 1);
    expect(limit.begin('another', '10.0.0.1')).toBe(300);
  });

  it('starts anew after a success', () => {
    const { limit, fail } = makeLimit({});
    fail('ada', '10.0.0.1', 9);
    limit.succeed('ada', '10.0.0.1');
    fail('ada', '10.0.0.1', 9);
    expect(limit.begin('ada', '10.0.0.1')).toBe(0);
  });

  it('still counts after it was flooded with addresses and had to forget some', () => {
    const { limit, fail } = makeLimit({});
    for (let address = 0; address < 50_000; address += 1) fail('ada', `address ${address}`, 1);
    fail('ada', '10.0.0.1', 10);
    expect(limit.begin('ada', '10.0.0.1')).toBeGreaterThan(0);
    expect(limit.begin('ada', 'address 0')).toBe(0);
  });
});
