import { join } from 'node:path';
import { type Container, type ErrorCode, errorCodes } from '@boatload/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelOf } from '../../harness/engine.ts';
import { filesBelow } from '../../harness/files-below.ts';
import { type HostileServer, redirectTo, startHostileServer } from '../../harness/hostile-server.ts';
import { expectProblem, expectSentence } from '../../harness/problem.ts';
import type { BadInputParts, Parts } from './bad-input-parts.ts';
import { hostileArchives } from './hostile-archives.ts';

type Submit = (parts: BadInputParts, server: HostileServer) => Promise<Container>;

const metadata = 'http://169.254.169.254/latest/meta-data/';

/** A submission whose data come from a URL, or from a path of the hostile server. */
const dataFrom =
  (url: string): Submit =>
  ({ client }, server) =>
    client.submit({ dataurl: url.startsWith('/') ? server.urlOf(url) : url, container_args: 'true' });

const upload =
  (make: () => Uint8Array<ArrayBuffer>): Submit =>
  ({ client }) =>
    client.submitForm({ container_args: 'true' }, { data: { name: 'data', content: make() } });

const fields =
  (given: Record<string, unknown>): Submit =>
  ({ client }) =>
    client.submit({ container_args: 'true', ...given });

const urls: readonly (readonly [title: string, submit: Submit, code: ErrorCode])[] = [
  ['dataurl where nothing listens', dataFrom('http://127.0.0.1:1/data.zip'), 'fetch_failed'],
  ['scripturl where nothing listens', fields({ scripturl: 'http://127.0.0.1:1/x.sh' }), 'fetch_failed'],
  ['dataurl of a host that does not exist', dataFrom('http://no-such-host.invalid/data'), 'fetch_failed'],
  ['dataurl that is not there', dataFrom('/nothing'), 'fetch_failed'],
  ['dataurl that ends too early', dataFrom('/cut-off'), 'fetch_failed'],
  ['dataurl that redirects for ever', dataFrom('/circle'), 'fetch_failed'],
  ['dataurl of the cloud’s metadata', dataFrom(metadata), 'fetch_refused'],
  ['dataurl of it as a number', dataFrom('http://0xa9fea9fe/'), 'fetch_refused'],
  ['dataurl of it in IPv6', dataFrom('http://[::ffff:169.254.169.254]/'), 'fetch_refused'],
  ['dataurl of this machine in IPv6', dataFrom('http://[::1]/'), 'fetch_refused'],
  ['dataurl of address 0', dataFrom('http://0.0.0.0/'), 'fetch_refused'],
  ['dataurl that redirects to the metadata', dataFrom('/to-metadata'), 'fetch_refused'],
  ['dataurl that redirects to a file', dataFrom('/to-file'), 'fetch_refused'],
  ['dataurl of a file of this machine', dataFrom('file:///etc/passwd'), 'fetch_refused'],
  ['scripturl of a file of this machine', fields({ scripturl: 'file:///etc/passwd' }), 'fetch_refused'],
  ['dataurl of a bucket', dataFrom('s3://bucket/key'), 'fetch_refused'],
  ['scripturl of the metadata', fields({ scripturl: metadata }), 'fetch_refused'],
  [
    'scripturl of 17 MiB',
    ({ client }, server) => client.submit({ scripturl: server.urlOf('/large') }),
    'fetch_too_large',
  ],
];

const images: readonly (readonly [title: string, submit: Submit, code: ErrorCode])[] = [
  ['image that is not on the node', fields({ image_name: 'boatload/no-such-image' }), 'image_not_found'],
  ['tag that is not on the node', fields({ image_tag: 'no-such-tag' }), 'image_not_found'],
  [
    'registry where nothing listens',
    fields({ image_name: '127.0.0.1:1/boatload/sample', pull: 'missing' }),
    'image_pull_failed',
  ],
  ['user that the image does not have', fields({ user: 'nobody-at-all' }), 'user_not_found'],
];

const archives = hostileArchives.map(([title, make, code]) => [title, upload(make), code] as const);

/** What only turns out while a container is brought into place ends it `failed`, and nothing of it stays. */
export function describeFailedStaging(parts: Parts): void {
  const rows = [...urls, ...images, ...archives];
  const submitted = new Map<string, Promise<Container>>();
  let server: HostileServer;

  beforeAll(async () => {
    server = await startHostileServer({
      '/cut-off': (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000 }).write('half');
        response.socket?.end();
      },
      '/circle': redirectTo('/circle'),
      '/to-metadata': redirectTo(metadata),
      '/to-file': redirectTo('file:///etc/passwd'),
      '/large': (_request, response) => void response.end(Buffer.alloc(17 * 1_048_576, 'x')),
    });
    for (const [title, submit] of rows) submitted.set(title, submit(parts(), server));
    await Promise.allSettled(submitted.values());
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(rows)('%s: failed, with a reason to act on, and nothing on the node', async (title, _submit, code) => {
    const { client, engine, service } = parts();
    const { id } = await theOne(submitted, title);
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'failed', reason_code: code, exit_code: null, started_at: null });
    expectSentence(ended.reason);
    expect(ended.attempts).toMatchObject([{ state: 'failed', reason: ended.reason, reason_code: code }]);
    expect(ended.timeline.at(-1)).toMatchObject({ state: 'failed', reason_code: code });
    expect(errorCodes[code].status).not.toBe(500);

    expect(await engine.containersOf(labelOf(id))).toEqual([]);
    expect(await engine.volumesOf(labelOf(id))).toEqual([]);
    const staged = await filesBelow(join(service.dataDir, 'satellite'));
    expect(staged.filter((file) => file.includes(id))).toEqual([]);
  });

  test('what failed can be asked for everything, without an error', async () => {
    const { client } = parts();
    const { id } = await theOne(submitted, 'image that is not on the node');
    await client.ended(id);
    expect(await client.state(id)).toMatchObject({
      state: 'failed',
      docker_state: {},
      fleet_state: { activeState: 'failed' },
    });
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe('');
    expect(await client.json(`/v1/container/${id}/metrics`)).toMatchObject({ running: false });
    expect(await client.json(`/v1/container/${id}/changes`)).toEqual([]);
    expect(await client.json(`/v1/container/${id}/file`)).toEqual([]);
    expect(await client.text(`/v1/container/${id}/archive`)).toBe('\0'.repeat(1024));
    await expectProblem(await client.call(`/v1/container/${id}/file/etc/passwd`), 'file_not_found', null);
  });

  test('once all have failed the node has no staged file, and once they are deleted no upload is kept', async () => {
    const { client, service } = parts();
    const all = await Promise.all([...submitted.values()]);
    await Promise.all(all.map(({ id }) => client.ended(id)));
    expect(await filesBelow(join(service.dataDir, 'satellite'))).toEqual([]);

    await Promise.all(all.map(({ id }) => client.remove(id)));
    for (const { id } of all)
      await expectProblem(await client.call(`/v1/container/${id}`), 'container_not_found', null);
    expect(await client.json('/v1/container/')).toEqual([]);
    expect(await filesBelow(join(service.dataDir, 'blobs'))).toEqual([]);
  });

  test('no fault of the service’s own was logged', () => {
    const lines = parts().service.printed().split('\n');
    const faults = lines.filter((line) => line.includes('"msg":"fault"'));
    expect(faults, faults.join('\n')).toEqual([]);
  });
}

function theOne(submitted: ReadonlyMap<string, Promise<Container>>, title: string): Promise<Container> {
  const found = submitted.get(title);
  if (found === undefined) throw new Error(`«${title}» was not submitted`);
  return found;
}
