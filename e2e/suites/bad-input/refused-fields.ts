import type { ErrorCode } from '@boatload/contract';
import { afterEach, describe, expect, test } from 'vitest';
import { expectProblem } from '../../harness/problem.ts';
import { expectNothingKept, type Parts, removeAll, submitJson } from './bad-input-parts.ts';

type Row = readonly [title: string, fields: Record<string, unknown>, field: string, code?: ErrorCode];

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`NAME_${index}`, 'x']));

const image: readonly Row[] = [
  ['no image_name', { image_name: undefined }, 'image_name'],
  ['null as image_name', { image_name: null }, 'image_name'],
  ['empty image_name', { image_name: '' }, 'image_name'],
  ['number as image_name', { image_name: 42 }, 'image_name'],
  ['image_name with a second command', { image_name: 'boatload/sample; rm -rf /' }, 'image_name'],
  ['image_name with an option', { image_name: 'boatload/sample --privileged' }, 'image_name'],
  ['image_name that begins as an option', { image_name: '--privileged' }, 'image_name'],
  ['image_name with a line end', { image_name: 'boatload/sample\nUSER root' }, 'image_name'],
  ['image_name with ../', { image_name: '../../containers/create' }, 'image_name'],
  ['image_name with a query', { image_name: 'sample?fromSrc=http://x' }, 'image_name'],
  ['image_name in capitals', { image_name: 'Sample' }, 'image_name'],
  ['image_name with its tag', { image_name: 'sample:1' }, 'image_name'],
  ['endless image_name', { image_name: 'a'.repeat(300) }, 'image_name'],
  ['image_tag with a space', { image_tag: 'a b' }, 'image_tag'],
  ['image_tag with ../', { image_tag: '../x' }, 'image_tag'],
  ['image_tag that is half a digest', { image_tag: 'sha256:12' }, 'image_tag'],
  ['unknown word for pull', { pull: 'sometimes' }, 'pull'],
  ['text as registry_auth', { registry_auth: 'user:password' }, 'registry_auth'],
  ['registry_auth without a password', { registry_auth: { username: 'u' } }, 'registry_auth'],
  ['registry_auth with more', { registry_auth: { username: 'u', password: 'p', x: 1 } }, 'registry_auth'],
];

const scriptAndData: readonly Row[] = [
  ['script that is not base64', { script: 'echo hello!' }, 'script'],
  ['number as script', { script: 42 }, 'script'],
  ['list as script', { script: ['echo'] }, 'script'],
  ['megabytes of spaces as script', { script: `${' '.repeat(4_000_000)}!` }, 'script'],
  ['script and scripturl', { script: base64('x'), scripturl: 'http://x/y' }, 'script', 'conflicting_fields'],
  ['ftp: as scripturl', { scripturl: 'ftp://host/x' }, 'scripturl'],
  ['path as scripturl', { scripturl: '/etc/shadow' }, 'scripturl'],
  ['number as scripturl', { scripturl: 1 }, 'scripturl'],
  ['scripturl that is no URL', { scripturl: 'http://[::1' }, 'scripturl'],
  ['gopher: as dataurl', { dataurl: 'gopher://host/x' }, 'dataurl'],
  ['file: without slashes as dataurl', { dataurl: 'file:/etc/shadow' }, 'dataurl'],
  ['data: as dataurl', { dataurl: 'data:text/plain,x' }, 'dataurl'],
  ['half a data_sha256', { dataurl: 'http://host/x', data_sha256: 'ab12' }, 'data_sha256'],
  ['data_sha256 that is none', { dataurl: 'http://host/x', data_sha256: 'g'.repeat(64) }, 'data_sha256'],
  ['number as data_sha256', { dataurl: 'http://host/x', data_sha256: 1 }, 'data_sha256'],
  ['data_sha256 without data', { data_sha256: '0'.repeat(64) }, 'data_sha256'],
  ['half a script_sha256', { script: base64('x'), script_sha256: 'ab12' }, 'script_sha256'],
  ['another script_sha256', { script: base64('x'), script_sha256: '0'.repeat(64) }, 'script_sha256'],
  ['script_sha256 without a script', { script_sha256: '0'.repeat(64) }, 'script_sha256'],
  ['text as unpack', { dataurl: 'http://host/x', unpack: 'false' }, 'unpack'],
  ['number as unpack', { dataurl: 'http://host/x', unpack: 0 }, 'unpack'],
  ['unpack without data', { unpack: false }, 'unpack'],
  ['unknown word for fetch', { dataurl: 'http://host/x', fetch: 'elsewhere' }, 'fetch'],
  ['true as fetch', { dataurl: 'http://host/x', fetch: true }, 'fetch'],
  ['fetch by the API without a URL', { fetch: 'api' }, 'fetch'],
  ['URL as data_proxy', { data_proxy: 'http://host:3128' }, 'data_proxy'],
  ['data_proxy where there is none', { data_proxy: true }, 'data_proxy', 'unsupported_by_backend'],
  ['dataurl with a space', { dataurl: 'http://host/a b' }, 'dataurl'],
  ['dataurl that is no URL', { dataurl: 'http://host:99999/' }, 'dataurl'],
  ['text as data', { data: 'hello' }, 'data'],
  ['../ in scriptname', { scriptname: '../../etc/cron.d/x' }, 'scriptname'],
  ['.. as scriptname', { scriptname: '..' }, 'scriptname'],
  ['. as scriptname', { scriptname: '.' }, 'scriptname'],
  ['folder in scriptname', { scriptname: 'a/b' }, 'scriptname'],
  ['NUL in scriptname', { scriptname: 'a\0b' }, 'scriptname'],
  ['line end in scriptname', { scriptname: 'a\nb' }, 'scriptname'],
  ['endless scriptname', { scriptname: 'a'.repeat(201) }, 'scriptname'],
  ['scriptname too long for a file, in bytes', { scriptname: 'ü'.repeat(200) }, 'scriptname'],
  ['relative datapath', { datapath: 'data' }, 'datapath'],
  ['/ as datapath', { datapath: '/' }, 'datapath'],
  ['// as datapath', { datapath: '//' }, 'datapath'],
  ['the script folder as datapath', { datapath: '/boatload' }, 'datapath'],
  ['datapath in the script folder', { datapath: '/boatload/data' }, 'datapath'],
  ['the script folder in other letters', { datapath: '//boatload' }, 'datapath'],
  ['datapath in /proc', { datapath: '/proc/data' }, 'datapath'],
  ['datapath over /sys', { datapath: '//sys/' }, 'datapath'],
  ['.. in datapath', { datapath: '/data/../etc' }, 'datapath'],
  ['datapath that begins with ..', { datapath: '/../etc' }, 'datapath'],
  ['.. behind a line end in datapath', { datapath: '/a\nb/../../etc' }, 'datapath'],
  ['. in datapath', { datapath: '/./' }, 'datapath'],
  ['NUL in datapath', { datapath: '/da\0ta' }, 'datapath'],
];

const command: readonly Row[] = [
  ['number as container_args', { container_args: 42 }, 'container_args'],
  ['numbers in container_args', { container_args: ['a', 1] }, 'container_args'],
  ['object as container_args', { container_args: { a: 1 } }, 'container_args'],
  ['open quote in container_args', { container_args: "say 'hello" }, 'container_args'],
  ['NUL in container_args', { container_args: ['a\0b'] }, 'container_args'],
  ['too many container_args', { container_args: Array.from({ length: 1_001 }, () => 'x') }, 'container_args'],
  ['number as entrypoint', { entrypoint: 42 }, 'entrypoint'],
  ['open quote in entrypoint', { entrypoint: '"sh' }, 'entrypoint'],
  ['NUL in entrypoint', { entrypoint: ['sh\0'] }, 'entrypoint'],
  ['NUL in interpreter', { interpreter: 'sh\0' }, 'interpreter'],
  ['number as interpreter', { interpreter: 42 }, 'interpreter'],
  ['text as env', { env: 'A=1' }, 'env'],
  ['list as env', { env: ['A=1'] }, 'env'],
  ['number in env', { env: { A: 1 } }, 'env'],
  ['object in env', { env: { A: {} } }, 'env'],
  ['= in a name of env', { env: { 'A=B': '1' } }, 'env'],
  ['empty name in env', { env: { '': '1' } }, 'env'],
  ['NUL in env', { env: { A: 'x\0y' } }, 'env'],
  ['10,000 env entries', { env: many(10_000) }, 'env'],
  ['relative workdir', { workdir: 'work' }, 'workdir'],
  ['NUL in workdir', { workdir: '/a\0b' }, 'workdir'],
  ['user with a space', { user: 'root root' }, 'user'],
  ['number as user', { user: 0 }, 'user'],
  ['text as labels', { labels: 'a=b' }, 'labels'],
  ['number in labels', { labels: { a: 1 } }, 'labels'],
  ['101 labels', { labels: many(101) }, 'labels'],
  ['name with a slash', { name: 'a/b' }, 'name'],
  ['name that begins with a dot', { name: '.a' }, 'name'],
];

const limits: readonly Row[] = [
  ['negative cpus', { cpus: -1 }, 'cpus'],
  ['zero cpus', { cpus: 0 }, 'cpus'],
  ['text as cpus', { cpus: 'two' }, 'cpus'],
  ['negative memory', { memory: -1 }, 'memory'],
  ['negative memory as text', { memory: '-512m' }, 'memory'],
  ['too little memory', { memory: '1k' }, 'memory'],
  ['memory in an unknown unit', { memory: '1 gigabyte' }, 'memory'],
  ['endless memory', { memory: '99999999999999999999g' }, 'memory'],
  ['memory beyond what a number holds', { memory: 1e30 }, 'memory'],
  ['negative timeout', { timeout: -1 }, 'timeout'],
  ['zero timeout', { timeout: 0 }, 'timeout'],
  ['endless timeout', { timeout: 1e99 }, 'timeout'],
  ['negative retries', { retries: -1 }, 'retries'],
  ['half a retry', { retries: 1.5 }, 'retries'],
  ['too many retries', { retries: 1_001 }, 'retries'],
  ['unknown restart policy', { restart: 'sometimes' }, 'restart'],
  ['negative restart count', { restart: 'on-failure:-1' }, 'restart'],
  ['restart count of something else', { restart: 'always:3' }, 'restart'],
];

const tables = [
  ['image', image],
  ['script and data', scriptAndData],
  ['command', command],
  ['limits', limits],
] as const;

/** Fields that cannot be right are refused at submit, each by name. */
export function describeRefusedFields(parts: Parts): void {
  afterEach(() => removeAll(parts()));

  describe.each(tables)('what is wrong with a field of %s is refused', (_name, rows) => {
    const cases = rows.map(([title, fields, field, code = 'invalid_field']) => ({ title, fields, field, code }));
    test.each(cases)('$title', async ({ fields, field, code }) => {
      const problem = await expectProblem(await submitJson(parts().client, fields), code, field);
      expect(problem.detail).toContain(field);
      await expectNothingKept(parts());
    });
  });

  test('every field at fault is named, not only the first', async () => {
    const answer = await submitJson(parts().client, { cpus: -1, datapath: 'x', env: [] });
    const problem = await expectProblem(answer, 'invalid_field');
    expect(Object.keys(problem)).toEqual(expect.arrayContaining(['cpus', 'datapath', 'env']));
  });

  describe('a field that nobody knows', () => {
    test.each([
      ['imagename', 'image_name'],
      ['image-tag', 'image_tag'],
      ['datapth', 'datapath'],
      ['containerargs', 'container_args'],
      ['Restart', 'restart'],
    ])('%s is a warning that names %s', async (unknown, nearest) => {
      const answer = await submitJson(parts().client, { [unknown]: 'x' }, '?dry_run=true');
      expect(answer.status).toBe(200);
      const { warnings } = JSON.parse(await answer.text());
      expect(warnings).toEqual([
        { code: 'unknown_field', field: unknown, detail: expect.stringContaining(`"${nearest}"`) },
      ]);
    });

    test.each([
      ['imagename', 'image_name'],
      ['container_arg', 'container_args'],
    ])('%s is refused under ?strict=true, with %s named', async (unknown, nearest) => {
      const answer = await submitJson(parts().client, { [unknown]: 'x' }, '?strict=true');
      const problem = await expectProblem(answer, 'unknown_field', unknown);
      expect(problem.detail).toContain(`"${nearest}"`);
      expect(problem.detail).not.toContain('ignored');
      await expectNothingKept(parts());
    });

    test('a hundred thousand of them are refused', async () => {
      const unknown = Array.from({ length: 100_000 }, (_, index) => [`unknown${index}`, 1]);
      await expectProblem(await submitJson(parts().client, Object.fromEntries(unknown)), 'unknown_field', null);
      await expectNothingKept(parts());
    });

    test('every unknown field is named under ?strict=true', async () => {
      const answer = await submitJson(parts().client, { one: 1, two: 2 }, '?strict=true');
      const problem = await expectProblem(answer, 'unknown_field', 'one');
      expect(Object.keys(problem)).toEqual(expect.arrayContaining(['one', 'two']));
    });
  });
}

/** Fields that ask for what a backend cannot do are refused at submit, with field and backend named. */
export function describeUnsupportedFields(parts: Parts, backend: string): void {
  afterEach(() => removeAll(parts()));

  test.each([
    ['ports', ['8080']],
    ['links', ['other']],
    ['gpus', 1],
    ['placement', { node: 'one' }],
    ['keep', true],
  ])('%s is refused by a backend that cannot do it, with its name', async (field, value) => {
    const answer = await submitJson(parts().client, { [field]: value });
    const problem = await expectProblem(answer, 'unsupported_by_backend', field);
    expect(problem.detail).toContain(`"${field}"`);
    expect(problem.detail).toContain(`"${backend}"`);
    await expectNothingKept(parts());
  });
}
