import type { AttemptOrder } from '@boatload/contract';
import { describe, expect, it } from 'vitest';
import { checkOrder } from '../../src/lifecycle/check-order.ts';

const source = { kind: 'url', url: 'http://h/' } as const;
const order: AttemptOrder = {
  ref: { container: '0'.repeat(32), attempt: 1 },
  image: 'image',
  pull: 'never',
  args: [],
  env: {},
  labels: {},
  restartAlways: false,
};

describe('an order', () => {
  it.each<Partial<AttemptOrder>>([
    {},
    { script: { name: 'a b.py', source } },
    { datapath: '/data' },
    { datapath: '/boatloads/x//', data: { source } },
  ])('with %j is taken', (changes) => {
    expect(() => checkOrder({ ...order, ...changes })).not.toThrow();
  });

  it.each<Partial<AttemptOrder>>([
    { script: { name: '../x', source } },
    { script: { name: 'a/b', source } },
    { script: { name: '..', source } },
    { script: { name: '', source } },
    { data: { source } },
    { datapath: '/' },
    { datapath: '//' },
    { datapath: 'data' },
    { datapath: '/a/../b' },
    { datapath: '/boatload' },
    { datapath: '//boatload/x' },
    { datapath: '/.' },
    { datapath: '/./boatload' },
  ])('with %j is refused', (changes) => {
    expect(() => checkOrder({ ...order, ...changes })).toThrow(expect.objectContaining({ code: 'invalid_field' }));
  });
});
