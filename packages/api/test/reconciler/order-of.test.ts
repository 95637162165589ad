import { expect, test } from 'vitest';
import { orderOf } from '../../src/reconciler/order-of.ts';
import type { Submission } from '../../src/store/records.ts';
import { plainSubmission } from '../store/sample-container.ts';

const ref = { container: 'c'.repeat(32), attempt: 2 };
const blob = { kind: 'blob', digest: 'd'.repeat(64), size: 3 } as const;
const fetchedData = { digest: 'f'.repeat(64), size: 2 };
const kept = (submission: Submission) => ({ submission, fetched: {} });
const url = { kind: 'url', url: 'https://example.org/x.zip' } as const;

test('an order says no more than what was asked for', () => {
  expect(orderOf(kept(plainSubmission), ref)).toEqual({
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
    unpack: false,
    fetch: 'node',
    dataProxy: true,
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
  expect(orderOf(kept(submission), ref)).toEqual({
    ref,
    image: 'host:5000/a/b:v1',
    pull: 'always',
    registryAuth: { username: 'u', password: 'p' },
    script: { name: 'run', source: blob, fileName: 'analyse.py', interpreter: ['python3', '-u'] },
    data: { source: url, fileName: 'x.zip', unpack: false },
    dataProxy: true,
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

test('what the API has fetched comes from there, under the name that its server gave it', () => {
  const submission: Submission = { ...plainSubmission, script: url, scriptname: 'run', data: url, fetch: 'api' };
  const fetched = { script: { digest: 'a'.repeat(64), size: 1 }, data: { ...fetchedData, fileName: 'x.csv' } };
  const { script, data } = orderOf({ submission, fetched }, ref);
  expect(script).toEqual({ name: 'run', source: { kind: 'blob', digest: 'a'.repeat(64), size: 1 } });
  expect(data).toEqual({ source: { kind: 'blob', ...fetchedData }, fileName: 'x.csv' });
  expect(orderOf({ submission, fetched: {} }, ref).data).toEqual({ source: url });
});

test('the SHA-256 that a URL must have goes with it', () => {
  const data = { ...url, sha256: 'e'.repeat(64) };
  expect(orderOf(kept({ ...plainSubmission, data }), ref).data).toEqual({ source: data });
});

test.each([
  ['12', 'debian:12'],
  [`sha256:${'0'.repeat(64)}`, `debian@sha256:${'0'.repeat(64)}`],
])('the tag %s makes the reference %s', (tag, image) => {
  expect(orderOf(kept({ ...plainSubmission, image: { name: 'debian', tag } }), ref).image).toBe(image);
});

test.each([
  [{ policy: 'no' }, false],
  [{ policy: 'on-failure' }, false],
  [{ policy: 'always' }, true],
] as const)('with %j the Engine restarts by itself: %s', (restart, restartAlways) => {
  expect(orderOf(kept({ ...plainSubmission, restart }), ref).restartAlways).toBe(restartAlways);
});
