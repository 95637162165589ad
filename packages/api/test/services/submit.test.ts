import { describe, expect, test } from 'vitest';
import { renderContainer } from '../../src/services/render-container.ts';
import type { SubmitRequest } from '../../src/services/submit/request.ts';
import { SubmitService } from '../../src/services/submit/submit.ts';
import type { StoredContainer } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../store/sample-container.ts';

const ada = { id: 1, username: 'ada', admin: false };
const capabilities = { ports: false, links: false, gpus: false, placement: false, keep: false };

interface Asked {
  readonly key?: string;
  readonly dataProxy?: { readonly default: boolean };
  readonly files?: SubmitRequest['files'];
}

async function submit(store: Store, fields: Record<string, unknown>, asked: string | Asked = {}) {
  const { key, dataProxy, files = {} } = typeof asked === 'string' ? { key: asked } : asked;
  const proxied = dataProxy === undefined ? {} : { dataProxy };
  const backend = { name: 'docker', capabilities };
  const service = new SubmitService({ store, backend, onSubmitted: () => undefined, ...proxied });
  const options = { strict: false, dryRun: false, ...(key === undefined ? {} : { idempotencyKey: key }) };
  const request = { fields: { image_name: 'alpine', ...fields }, textual: false, files };
  return await service.submit(request, ada, options);
}

test('a repeated request is the same whatever the order of its names', async () => {
  await using kept = await openTestStore();
  const first = await submit(kept.store, { env: { A: '1', B: '2' }, labels: { c: '3' } }, 'key');
  const again = await submit(kept.store, { labels: { c: '3' }, env: { B: '2', A: '1' } }, 'key');
  expect([first.outcome, again.outcome]).toEqual(['created', 'replayed']);
  expect(again.container.id).toBe(first.container.id);
});

test('a repeated key with other values is refused', async () => {
  await using kept = await openTestStore();
  await submit(kept.store, { env: { A: '1' } }, 'key');
  await expect(submit(kept.store, { env: { A: '2' } }, 'key')).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  });
});

test('passwords are shown nowhere', async () => {
  await using kept = await openTestStore();
  const secret = 'hunter2';
  const { container }: { container: StoredContainer } = await submit(kept.store, {
    dataurl: `https://ada:${secret}@example.org/a.zip`,
    scripturl: `https://ada:${secret}@example.org/b.sh`,
    registry_auth: { username: 'ada', password: secret },
  });
  const shown = renderContainer(container);
  expect(JSON.stringify(shown)).not.toContain(secret);
  expect(shown.dataurl).toBe('https://ada:***@example.org/a.zip');
});

describe('an upload that must have a SHA-256', () => {
  const digest = 'ab'.repeat(32);
  const release = async (): Promise<void> => undefined;
  const lease = { digest, size: 3, release, [Symbol.asyncDispose]: release };

  test.each(['data', 'script'] as const)('is refused when its %s has another, with both told', async (part) => {
    await using kept = await openTestStore();
    const files = { [part]: { lease, fileName: 'x' } };
    const other = 'cd'.repeat(32);
    const refused = submit(kept.store, { [`${part}_sha256`]: other }, { files });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_field', field: `${part}_sha256` });
    await expect(refused).rejects.toThrow(new RegExp(`${other}.*${digest}`));
  });

  test('is taken when it has it, in letters of any case, and is shown with it', async () => {
    await using kept = await openTestStore();
    const fields = { data_sha256: digest.toUpperCase(), unpack: false };
    const { container } = await submit(kept.store, fields, { files: { data: { lease, fileName: 'x' } } });
    expect(renderContainer(container)).toMatchObject({ data_sha256: digest, unpack: false, script_sha256: null });
  });
});

describe('the data proxy', () => {
  test.each([
    ['is left out where there is none', undefined, undefined, false],
    ['may be refused where there is none', false, undefined, false],
    ['is left out where the operator does not say otherwise', undefined, { default: false }, false],
    ['is told of where the operator says so', undefined, { default: true }, true],
    ['is left out where the user says so', false, { default: true }, false],
    ['is told of where the user says so', true, { default: false }, true],
  ])('%s', async (_what, asked, dataProxy, told) => {
    await using kept = await openTestStore();
    const fields = asked === undefined ? {} : { data_proxy: asked };
    const { container } = await submit(kept.store, fields, dataProxy === undefined ? {} : { dataProxy });
    expect(renderContainer(container).data_proxy).toBe(told);
    expect(container.submission.dataProxy ?? false).toBe(told);
  });

  test('is refused with its field and the flag named where there is none', async () => {
    await using kept = await openTestStore();
    const refused = submit(kept.store, { data_proxy: true });
    await expect(refused).rejects.toMatchObject({ code: 'unsupported_by_backend', field: 'data_proxy' });
    await expect(refused).rejects.toThrow('--data-proxy');
  });

  test('may be configured anew without making a repeated request another one', async () => {
    await using kept = await openTestStore();
    const first = await submit(kept.store, {}, { key: 'k' });
    const again = await submit(kept.store, {}, { key: 'k', dataProxy: { default: true } });
    expect(again).toMatchObject({ outcome: 'replayed', container: { id: first.container.id } });
  });
});
