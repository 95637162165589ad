import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { filesBelow } from '../../harness/files-below.ts';
import { expectProblem } from '../../harness/problem.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';
import { makeZip } from '../../harness/zip-file.ts';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const other = '0'.repeat(64);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What is asked of how script and data are fetched. */
export function describeFetching(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: fetching`, () => {
    const parts = useService(start);
    promiseDigests(parts);
    promiseUnpack(parts);
    promiseFetchByApi(parts);
    promiseNothingLeft(parts);
  });
}

function promiseDigests(parts: () => SuiteParts): void {
  const places = ['node', 'api'] as const;

  test.concurrent.for(places)(
    'URLs that deliver what they must are taken: fetched by the %s',
    async (fetch, { expect }) => {
      const { client, web } = parts();
      const [script, data] = [`cat right-${fetch}.txt`, `right by ${fetch}\n`];
      const container = await client.submit({
        scripturl: web.serve(`/right-${fetch}.sh`, script),
        script_sha256: sha256(script).toUpperCase(),
        dataurl: web.serve(`/right-${fetch}.txt`, data),
        data_sha256: sha256(data),
        fetch,
      });
      expect(container).toMatchObject({
        script_sha256: sha256(script),
        data_sha256: sha256(data),
        fetch,
        unpack: true,
      });
      expect(await client.ended(container.id)).toMatchObject({ state: 'exited', exit_code: 0 });
      expect(await client.text(`/v1/container/${container.id}/stdout`)).toBe(data);
    },
  );

  const rows = places.flatMap((fetch) => (['script', 'data'] as const).map((part) => ({ fetch, part })));
  test.concurrent.for(rows)(
    'a $part that is something else fails its container: fetched by the $fetch',
    async ({ part, fetch }, { expect }) => {
      const { client, web } = parts();
      const url = web.serve(`/wrong-${part}-${fetch}`, 'echo wrong');
      const fields = { [`${part}url`]: url, [`${part}_sha256`]: other, container_args: 'true', fetch };
      const { id } = await client.submit(fields);
      const ended = await client.ended(id);
      expect(ended).toMatchObject({ state: 'failed', reason_code: 'digest_mismatch', started_at: null });
      expect(ended.reason).toContain(other);
      expect(ended.reason).toContain(sha256('echo wrong'));
    },
  );

  test.concurrent('an upload that is something else is refused, with both told', async ({ expect }) => {
    const { client } = parts();
    const send = (fields: Record<string, string>): Promise<Response> => {
      const form = new FormData();
      for (const [field, value] of Object.entries({ image_name: 'boatload/sample', ...fields }))
        form.append(field, value);
      form.append('data', new Blob(['content']), 'table.csv');
      return client.call('/v1/container/?dry_run=true', { method: 'POST', body: form });
    };
    const problem = await expectProblem(await send({ data_sha256: other }), 'invalid_field', 'data_sha256');
    expect(problem.detail).toContain(other);
    expect(problem.detail).toContain(sha256('content'));
    const script = { script: base64('echo hello'), script_sha256: other };
    await expectProblem(await send(script), 'invalid_field', 'script_sha256');
    const right = await send({ data_sha256: sha256('content'), script: base64('x'), script_sha256: sha256('x') });
    expect(JSON.parse(await right.text())).toMatchObject({
      data_sha256: sha256('content'),
      script_sha256: sha256('x'),
    });
  });
}

function promiseUnpack(parts: () => SuiteParts): void {
  const archive = makeZip([{ name: 'inner.txt', content: 'inner\n' }]);
  const script = 'ls; sha256sum < files.zip';
  const output = `files.zip\n${sha256(archive)}  -\n`;

  test.concurrent('an upload that is not to be unpacked lies under its own name; forms say it as they do', async ({
    expect,
  }) => {
    const { client } = parts();
    const data = { name: 'files.zip', content: archive };
    const fields = { unpack: 'off', data_proxy: '0', script: base64(script) };
    const { id, unpack, data_proxy } = await client.submitForm(fields, { data });
    expect({ unpack, data_proxy }).toEqual({ unpack: false, data_proxy: false });
    expect(await client.ended(id)).toMatchObject({ exit_code: 0, unpack: false });
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe(output);
  });

  test.concurrent.for(['node', 'api'])('so does what a URL delivers: fetched by the %s', async (fetch, { expect }) => {
    const { client, web } = parts();
    const dataurl = web.serve(`/${fetch}/files.zip`, archive);
    const { id } = await client.submit({ dataurl, unpack: false, fetch, script });
    await client.ended(id);
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe(output);
  });
}

function promiseFetchByApi(parts: () => SuiteParts): void {
  test.concurrent('what the service fetches for its nodes is fetched once, is unpacked, and goes with its containers', async ({
    expect,
  }) => {
    const { client, service, web } = parts();
    const archive = makeZip([{ name: 'inner.txt', content: 'fetched by the service\n' }]);
    const fields = { dataurl: web.urlOf('/by-api'), script: 'cat inner.txt; exit 3', fetch: 'api', retries: 1 };
    const submitted = await Promise.all([client.submit(fields), client.submit(fields)]);
    expect(submitted.map(({ data_sha256 }) => data_sha256)).toEqual([null, null]);
    await Promise.all(submitted.map(({ id }) => client.reached(id, 'staging')));
    web.serve('/by-api', archive);
    for (const { id } of submitted) {
      const ended = await client.ended(id);
      expect(ended).toMatchObject({ exit_code: 3, attempt: 2, data_sha256: sha256(archive), data_size: null });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('fetched by the service\n');
    }
    expect(web.requests('/by-api')).toBe(1);
    const isKept = async (): Promise<boolean> => {
      const files = await filesBelow(join(service.dataDir, 'blobs'));
      return files.some((file) => file.endsWith(sha256(archive)));
    };
    for (const { id } of submitted) {
      expect(await isKept()).toBe(true);
      await client.remove(id);
    }
    expect(await isKept()).toBe(false);
  });

  test.concurrent('what the service may not fetch fails with the same code as at a node', async ({ expect }) => {
    const { client } = parts();
    const urls = ['http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 's3://bucket/key'];
    const rows = urls.flatMap((dataurl) => ['node', 'api'].map((fetch) => ({ dataurl, fetch })));
    const submitted = await Promise.all(rows.map((row) => client.submit({ ...row, container_args: 'true' })));
    for (const { id, dataurl } of submitted) {
      const ended = await client.ended(id);
      expect(ended, dataurl ?? '').toMatchObject({ state: 'failed', reason_code: 'fetch_refused' });
    }
  });
}
