import { BoatLoadError, type ErrorCode } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import { presentFields, splitUnknown, typeFormFields } from '../../src/services/submit/fields.ts';
import { normaliseSpec } from '../../src/services/submit/normalise.ts';
import { refuseConflicts, refusePointless } from '../../src/services/submit/origins.ts';
import { validateSpec } from '../../src/services/submit/validate.ts';
import type { Submission } from '../../src/store/records.ts';

const hex = 'a1'.repeat(32);
const dataurl = 'https://example.org/a.zip';
const ofUrl = { dataurl, scripturl: 'https://example.org/run.sh' };

function normalise(fields: Record<string, unknown>): Submission {
  refuseConflicts({ fields, textual: false, files: {} });
  const spec = validateSpec({ image_name: 'alpine', ...fields });
  refusePointless(spec, {});
  return normaliseSpec(spec, {});
}

function fault(act: () => unknown): { code: ErrorCode; field: string | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof BoatLoadError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error('was accepted');
}

describe('what is kept of a submission', () => {
  test('defaults are filled in', () => {
    expect(normalise({})).toEqual({
      image: { name: 'alpine', tag: 'latest' },
      pull: 'missing',
      args: [],
      env: {},
      labels: {},
      restart: { policy: 'no' },
      retries: 0,
    });
  });

  const rows: readonly (readonly [string, Record<string, unknown>, Partial<Submission>])[] = [
    [
      'arguments as text are split as a shell splits',
      { container_args: `a 'b c' "d e" f\\ g` },
      { args: ['a', 'b c', 'd e', 'f g'] },
    ],
    ['no shell sees them', { container_args: '$HOME *.txt | x; y' }, { args: ['$HOME', '*.txt', '|', 'x;', 'y'] }],
    ['arguments as a list stay as they are', { container_args: ['a b', ''] }, { args: ['a b', ''] }],
    ["memory in Docker's units", { memory: '512m' }, { memory: 536_870_912 }],
    ['memory in bytes', { memory: 6_291_456 }, { memory: 6_291_456 }],
    ['a restart policy', { restart: 'on-failure:3' }, { restart: { policy: 'on-failure', max: 3 } }],
    ['a restart policy without a limit', { restart: 'on-failure' }, { restart: { policy: 'on-failure' } }],
    ['the data path without its last slash', { datapath: '/work//in/' }, { datapath: '/work/in' }],
    ['a data path where there are data', { dataurl: 'https://example.org/a.zip' }, { datapath: '/data' }],
    [
      'a script name where there is a script',
      { scripturl: 'https://example.org/a/job.py?x=1' },
      { scriptname: 'script', scriptFile: 'job.py', datapath: '/data' },
    ],
    [
      'what URLs must deliver, in lower case',
      { ...ofUrl, data_sha256: hex.toUpperCase(), script_sha256: hex },
      { data: { kind: 'url', url: dataurl, sha256: hex }, script: { kind: 'url', url: ofUrl.scripturl, sha256: hex } },
    ],
    [
      'that data stay packed, and who fetches them',
      { ...ofUrl, unpack: false, fetch: 'api' },
      { unpack: false, fetch: 'api' },
    ],
    [
      'files and buckets as URLs',
      { dataurl: 's3://bucket/a b'.replace(' ', '%20'), scripturl: 'file:///a/x.py' },
      { scriptFile: 'x.py' },
    ],
    ['whether it is told of the data proxy', { data_proxy: false }, { dataProxy: false }],
    ['an interpreter with arguments', { interpreter: 'python3 -u' }, { interpreter: ['python3', '-u'] }],
    [
      'a digest as tag',
      { image_tag: `sha256:${'0'.repeat(64)}` },
      { image: { name: 'alpine', tag: `sha256:${'0'.repeat(64)}` } },
    ],
    [
      'an image of a registry with a port',
      { image_name: 'localhost:5000/a/b' },
      { image: { name: 'localhost:5000/a/b', tag: 'latest' } },
    ],
  ];
  test.each(rows)('%s', (_what, fields, expected) => {
    expect(normalise(fields)).toMatchObject(expected);
  });
});

describe('what is refused', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['no image', { image_name: undefined }, 'image_name'],
    ['an image with a tag in its name', { image_name: 'python:3.12' }, 'image_name'],
    ['an option in the place of an image', { image_name: '--privileged' }, 'image_name'],
    ['a shell command in an image name', { image_name: 'a; rm -rf /' }, 'image_name'],
    ['an image name with upper case', { image_name: 'Python' }, 'image_name'],
    ['a tag with a space', { image_tag: 'a b' }, 'image_tag'],
    ['a script name that climbs', { scriptname: '../x' }, 'scriptname'],
    ['a script name that is a folder', { scriptname: '..' }, 'scriptname'],
    ['a script name with a newline', { scriptname: 'a\nb' }, 'scriptname'],
    ['a relative data path', { datapath: 'data' }, 'datapath'],
    ['the root as data path', { datapath: '/' }, 'datapath'],
    ['the root in another spelling', { datapath: '///' }, 'datapath'],
    ['a data path that climbs', { datapath: '/data/../etc' }, 'datapath'],
    ['our own folder as data path', { datapath: '/boatload' }, 'datapath'],
    ['a URL of another scheme', { dataurl: 'ftp://example.org/a' }, 'dataurl'],
    ['a path as a URL', { scripturl: '/etc/passwd' }, 'scripturl'],
    ['negative memory', { memory: -1 }, 'memory'],
    ['too little memory', { memory: '1m' }, 'memory'],
    ['memory in words', { memory: 'much' }, 'memory'],
    ['negative processors', { cpus: -0.5 }, 'cpus'],
    ['a negative timeout', { timeout: -1 }, 'timeout'],
    ['negative retries', { retries: -1 }, 'retries'],
    ['half a retry', { retries: 0.5 }, 'retries'],
    ['an unknown restart policy', { restart: 'sometimes' }, 'restart'],
    ['env as text', { env: 'A=1' }, 'env'],
    ['env with a number', { env: { A: 1 } }, 'env'],
    ['env with "=" in a name', { env: { 'A=B': 'x' } }, 'env'],
    [
      'ten thousand env entries',
      { env: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`V${i}`, ''])) },
      'env',
    ],
    ['labels as a list', { labels: ['a'] }, 'labels'],
    ['arguments as a number', { container_args: 1 }, 'container_args'],
    ['an open quote', { container_args: `echo "a` }, 'container_args'],
    ['a relative working directory', { workdir: 'x' }, 'workdir'],
    ['a user with a space', { user: 'a b' }, 'user'],
    ['a name with a slash', { name: 'a/b' }, 'name'],
    ['data as text', { data: 'abc' }, 'data'],
    ['half a SHA-256', { ...ofUrl, data_sha256: 'ab' }, 'data_sha256'],
    ['a SHA-256 with its name', { ...ofUrl, script_sha256: `sha256:${hex}` }, 'script_sha256'],
    ['the SHA-256 of data that are not there', { data_sha256: hex }, 'data_sha256'],
    ['the SHA-256 of a script that is not there', { data_sha256: hex, dataurl, script_sha256: hex }, 'script_sha256'],
    ['unpack in words', { ...ofUrl, unpack: 'yes' }, 'unpack'],
    ['unpack without data', { unpack: false }, 'unpack'],
    ['fetch by somebody else', { ...ofUrl, fetch: 'me' }, 'fetch'],
    ['fetch of nothing', { fetch: 'api' }, 'fetch'],
    ['data_proxy as a URL', { data_proxy: 'http://proxy:3128' }, 'data_proxy'],
  ];
  test.each(rows)('%s', (_what, fields, field) => {
    expect(fault(() => normalise(fields))).toEqual({ code: 'invalid_field', field });
  });

  test('script and scripturl both', () => {
    expect(fault(() => normalise({ script: 'eA==', scripturl: 'https://example.org/x' }))).toEqual({
      code: 'conflicting_fields',
      field: 'script',
    });
  });

  test('every field at fault is told', () => {
    try {
      normalise({ cpus: -1, name: '/' });
    } catch (error) {
      expect(error).toMatchObject({ fields: { cpus: [expect.any(String)], name: [expect.any(String)] } });
      return;
    }
    expect.unreachable();
  });
});

describe('fields as they come', () => {
  test('null, empty text and the CSRF token of a form are absent', () => {
    expect(presentFields({ image_name: 'a', dataurl: '', env: null, csrfmiddlewaretoken: 'x' })).toEqual({
      image_name: 'a',
    });
  });

  test('an unknown field is a warning with the nearest name', () => {
    const { known, warnings } = splitUnknown({ image_name: 'a', container_arg: 'x' }, false);
    expect(known).toEqual({ image_name: 'a' });
    expect(warnings).toEqual([
      { code: 'unknown_field', field: 'container_arg', detail: expect.stringContaining('"container_args"') },
    ]);
  });

  test('an unknown field is refused where the caller is strict', () => {
    expect(fault(() => splitUnknown({ imagename: 'a' }, true))).toEqual({ code: 'unknown_field', field: 'imagename' });
  });

  test.each([
    ['true', true],
    ['1', true],
    ['on', true],
    ['True', true],
    ['false', false],
    ['0', false],
    ['off', false],
    ['yes', 'yes'],
    ['constructor', 'constructor'],
  ])('%s in a form is %s', (text, value) => {
    expect(typeFormFields({ unpack: text, data_proxy: text })).toEqual({ unpack: value, data_proxy: value });
  });

  test('defaults that are written out ask for no more than none', () => {
    expect(normalise({ dataurl, unpack: true, fetch: 'node' })).toEqual(normalise({ dataurl }));
  });

  test('values of a form get their types', () => {
    expect(
      typeFormFields({ cpus: '0.5', env: '{"A":"1"}', container_args: '["a"]', name: '12', retries: 'x' }),
    ).toEqual({
      cpus: 0.5,
      env: { A: '1' },
      container_args: ['a'],
      name: '12',
      retries: 'x',
    });
  });
});
