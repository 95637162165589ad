import { expect, test } from 'vitest';
import { renderContainer } from '../../src/services/render-container.ts';
import { SubmitService } from '../../src/services/submit/submit.ts';
import type { StoredContainer } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../store/sample-container.ts';

const ada = { id: 1, username: 'ada', admin: false };
const capabilities = { ports: false, links: false, gpus: false, placement: false, keep: false };

async function submit(store: Store, fields: Record<string, unknown>, key?: string) {
  const service = new SubmitService({ store, backend: { name: 'docker', capabilities }, onSubmitted: () => undefined });
  const options = { strict: false, dryRun: false, ...(key === undefined ? {} : { idempotencyKey: key }) };
  const request = { fields: { image_name: 'alpine', ...fields }, textual: false, files: {} };
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
