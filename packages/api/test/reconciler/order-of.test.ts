import { expect, test } from 'vitest';
import { orderOf } from '../../src/reconciler/order-of.ts';
import type { Submission } from '../../src/store/records.ts';
import { plainSubmission } from '../store/sample-container.ts';

const ref = { container: 'c'.repeat(32), attempt: 2 };
const blob = { kind: 'blob', digest: 'd'.repeat(64), size: 3 } as const;
const url = { kind: 'url', url: 'https://example.org/x.zip' } as const;

test('an order says no more than what was asked for', () => {
  expect(orderOf(plainSubmission, ref)).toEqual({
    ref,
    image: 'boatload/sample:latest',
    pull: 'never',
    args: [],
    env: {},
    labels: {},
    restartAlways: false,
  });
});

test('an order says all that was asked for, and nothing that is decided above the node', () => {
  const submission: Submission = {
    image: { name: 'host:5000/a/b', tag: 'v1' },
    pull: 'always',
    registryAuth: { username: 'u', password: 'p' },
    script: blob,
    scriptname: 'run',
    scriptFile: 'analyse.py',
    interpreter: ['python3', '-u'],
    data: url,
    dataName: 'x.zip',
    datapath: '/data',
    args: ['a'],
    entrypoint: ['env'],
    env: { K: 'v' },
    labels: { l: 'm' },
    restart: { policy: 'on-failure', max: 3 },
    retries: 4,
    timeout: 5,
    cpus: 0.5,
    memory: 6,
    name: 'n',
    workdir: '/w',
    user: 'boat',
  };
  expect(orderOf(submission, ref)).toEqual({
    ref,
    image: 'host:5000/a/b:v1',
    pull: 'always',
    registryAuth: { username: 'u', password: 'p' },
    script: { name: 'run', source: blob, fileName: 'analyse.py', interpreter: ['python3', '-u'] },
    data: { source: url, fileName: 'x.zip' },
    datapath: '/data',
    args: ['a'],
    entrypoint: ['env'],
    env: { K: 'v' },
    labels: { l: 'm' },
    cpus: 0.5,
    memory: 6,
    workdir: '/w',
    user: 'boat',
    restartAlways: false,
  });
});

test.each([
  ['12', 'debian:12'],
  [`sha256:${'0'.repeat(64)}`, `debian@sha256:${'0'.repeat(64)}`],
])('the tag %s makes the reference %s', (tag, image) => {
  expect(orderOf({ ...plainSubmission, image: { name: 'debian', tag } }, ref).image).toBe(image);
});

test.each([
  [{ policy: 'no' }, false],
  [{ policy: 'on-failure' }, false],
  [{ policy: 'always' }, true],
] as const)('with %j the Engine restarts by itself: %s', (restart, restartAlways) => {
  expect(orderOf({ ...plainSubmission, restart }, ref).restartAlways).toBe(restartAlways);
});
