import { performance } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import type { ContainerPage } from '../../src/store/records.ts';
import { newContainer, newId, openTestStore, plainSubmission } from './sample-container.ts';

const digest = (digit: string) => digit.repeat(64);
const blob = (digit: string) => ({ kind: 'blob', digest: digest(digit), size: 1 }) as const;

describe('a submission', () => {
  test('is found as it was kept, with its first attempt and its timeline', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const submission = { ...plainSubmission, script: blob('a'), scriptname: 'run.sh', labels: { 'a/b': 'ü "c"' } };
    const added = newContainer({ submission, warnings: [{ code: 'unknown_field', field: 'x', detail: 'y' }] });
    const { outcome, container } = await containers.submit(added);
    expect(outcome).toBe('created');
    expect(await containers.find(added.id)).toEqual(container);
    expect(container).toMatchObject({
      state: 'submitted',
      attempt: 1,
      desired: 'run',
      createdAt: added.at,
      submission,
      warnings: added.warnings,
    });
    expect(container.attempts).toMatchObject([{ attempt: 1, launch: 1, state: 'submitted', dockerState: {} }]);
    expect(container.timeline).toMatchObject([{ at: added.at, state: 'submitted', attempt: 1 }]);
  });

  test('is not found by another id', async () => {
    await using kept = await openTestStore();
    expect(await kept.store.containers.find(newId())).toBeUndefined();
  });

  test('with a key that was used for the same request gives the container made then', async () => {
    await using kept = await openTestStore();
    const idempotency = { key: 'k', fingerprint: 'f' };
    const first = newContainer({ idempotency });
    await kept.store.containers.submit(first);
    const second = newContainer({ idempotency });
    const { outcome, container } = await kept.store.containers.submit(second);
    expect(outcome).toBe('replayed');
    expect(container.id).toBe(first.id);
    expect(await kept.store.containers.find(second.id)).toBeUndefined();
  });

  test('with a key that was used for another request is refused, and nothing of it is kept', async () => {
    await using kept = await openTestStore();
    await kept.store.containers.submit(newContainer({ idempotency: { key: 'k', fingerprint: 'f' } }));
    const other = newContainer({ idempotency: { key: 'k', fingerprint: 'g' } });
    await expect(kept.store.containers.submit(other)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(await kept.store.containers.find(other.id)).toBeUndefined();
  });

  test("does not see another owner's keys, nor those of erased containers", async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const idempotency = { key: 'k', fingerprint: 'f' };
    const first = newContainer({ idempotency });
    await containers.submit(first);
    expect((await containers.submit(newContainer({ owner: 'bob', idempotency }))).outcome).toBe('created');
    await containers.erase(first.id);
    expect((await containers.submit(newContainer({ idempotency }))).outcome).toBe('created');
  });

  test('sent fifty times at once with one key makes one container', async () => {
    await using kept = await openTestStore();
    const idempotency = { key: 'k', fingerprint: 'f' };
    const submits = Array.from({ length: 50 }, () => kept.store.containers.submit(newContainer({ idempotency })));
    const results = await Promise.all(submits);
    expect(new Set(results.map(({ container }) => container.id)).size).toBe(1);
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect((await kept.store.containers.list({ limit: 10 })).total).toBe(1);
  });

  test('survives with five hundred others at once', async () => {
    await using kept = await openTestStore();
    const added = Array.from({ length: 500 }, () => newContainer());
    const began = performance.now();
    await Promise.all(added.map((container) => kept.store.containers.submit(container)));
    const seconds = (performance.now() - began) / 1_000;
    console.log(`store: ${Math.round(added.length / seconds)} durable submits per second`);
    expect((await kept.store.containers.list({ limit: 1 })).total).toBe(500);
  });
});

describe('a page of the list', () => {
  test('is newest first and leads to the next until all were shown', async () => {
    await using kept = await openTestStore();
    const ids = await submitAt(kept.store, ['01', '02', '03', '03', '03', '04', '05']);
    const pages = await readPages(kept.store, { limit: 2 });
    const shown = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(new Set(shown)).toEqual(new Set(ids));
    expect(shown).toHaveLength(7);
    expect(shown.at(0)).toBe(ids.at(-1));
    expect(shown.at(-1)).toBe(ids.at(0));
    expect(pages.map(({ total }) => total)).toEqual([7, 7, 7, 7]);
    expect(pages.at(-1)?.next).toBeUndefined();
  });

  test('does not shift when containers are added or erased in between', async () => {
    await using kept = await openTestStore();
    const ids = await submitAt(kept.store, ['01', '02', '03', '04', '05', '06']);
    const first = await kept.store.containers.list({ limit: 3 });
    await submitAt(kept.store, ['07', '08']);
    for (const { id } of first.items) await kept.store.containers.erase(id);
    const second = await kept.store.containers.list({ limit: 3, after: first.next ?? '' });
    expect(second.items.map(({ id }) => id)).toEqual(ids.slice(0, 3).reverse());
    expect(second.next).toBeUndefined();
  });

  test.each(['', 'x', '!!!', Buffer.from('2024-01-01T00:00:00.000Z x').toString('base64url')])(
    'is refused where `after` is %j',
    async (after) => {
      await using kept = await openTestStore();
      await expect(kept.store.containers.list({ limit: 1, after })).rejects.toMatchObject({
        code: 'invalid_query',
        field: 'after',
      });
    },
  );

  test.each([
    [{ owner: 'ada' }, ['a', 'b']],
    [{ owner: 'eve' }, []],
    [{ state: 'running' as const }, ['b']],
    [{ name: 'one' }, ['a']],
    [{ image: 'debian' }, ['b', 'c']],
    [{ image: 'debian:12' }, ['b']],
    [{ image: 'host:5000/debian' }, []],
    [{ labels: [['k', 'v']] as const }, ['a', 'b']],
    [
      {
        labels: [
          ['k', 'v'],
          ['l', 'w'],
        ] as const,
      },
      ['b'],
    ],
    [{ labels: [['k', 'w']] as const }, []],
    [{ owner: 'ada', image: 'debian', labels: [['k', 'v']] as const }, ['b']],
  ])('shows what matches %j', async (query, expected) => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const image = (name: string, tag: string) => ({ name, tag });
    const id = (letter: string) => letter.repeat(32);
    const submission = plainSubmission;
    await containers.submit(
      newContainer({ id: id('a'), submission: { ...submission, name: 'one', labels: { k: 'v' } } }),
    );
    const labels = { k: 'v', l: 'w' };
    await containers.submit(
      newContainer({ id: id('b'), submission: { ...submission, labels, image: image('debian', '12') } }),
    );
    await containers.submit(
      newContainer({ id: id('c'), owner: 'bob', submission: { ...submission, image: image('debian', '11') } }),
    );
    await containers.record(id('b'), { at: newContainer().at, state: 'running' });
    const page = await containers.list({ limit: 10, ...query });
    expect(page.items.map((item) => item.id.slice(0, 1)).sort()).toEqual(expected);
    expect(page.total).toBe(expected.length);
  });

  test('of a thousand containers is complete with attempts and timelines', async () => {
    await using kept = await openTestStore();
    await Promise.all(Array.from({ length: 1_000 }, () => kept.store.containers.submit(newContainer())));
    const began = performance.now();
    const { items } = await kept.store.containers.list({ limit: 1_000 });
    console.log(`store: a page of 1,000 containers in ${Math.round(performance.now() - began)} ms`);
    expect(items).toHaveLength(1_000);
    expect(items.every(({ attempts, timeline }) => attempts.length === 1 && timeline.length === 1)).toBe(true);
  });
});

describe('facts', () => {
  test('are kept, and add nothing when they are told again', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    const at = '2024-05-06T07:08:10.000Z';
    const attempt = { attempt: 1, state: 'running', node: 'n', started_at: at, dockerState: { Pid: 3 } } as const;
    const change = { at, state: 'running', attempts: [attempt] } as const;
    const once = await containers.record(id, change);
    expect(once).toMatchObject({ state: 'running', attempts: [attempt] });
    expect(once?.timeline).toHaveLength(2);
    expect(await containers.record(id, { ...change, at: '2025-01-01T00:00:00.000Z' })).toEqual(once);
    expect(await containers.find(id)).toEqual(once);
  });

  test('of several changes are kept together, in their order', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    const at = newContainer().at;
    await containers.record(id, [
      { at, state: 'exited', attempts: [{ attempt: 1, state: 'exited', exit_code: 2, oom_killed: true }] },
      { at, state: 'submitted', attempt: 2, reason: 'again', reasonCode: 'lost', attempts: [{ attempt: 2 }] },
    ]);
    const found = await containers.find(id);
    expect(found).toMatchObject({ state: 'submitted', attempt: 2, reason: 'again', reasonCode: 'lost' });
    expect(found?.attempts).toMatchObject([
      { attempt: 1, exit_code: 2, oom_killed: true },
      { attempt: 2, launch: 2, state: 'submitted' },
    ]);
    expect(found?.timeline.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual([
      'submitted 1',
      'exited 1',
      'submitted 2',
    ]);
  });

  test('of a container that does not exist are nobody’s', async () => {
    await using kept = await openTestStore();
    expect(await kept.store.containers.record(newId(), { at: '', state: 'lost' })).toBeUndefined();
  });
});

describe('a removal', () => {
  test('makes the state `removing`, and no later fact changes that', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    expect(await containers.markRemoving(id, 7, '2024-05-06T08:00:00.000Z')).toBe(true);
    await containers.record(id, {
      at: newContainer().at,
      state: 'exited',
      attempts: [{ attempt: 1, state: 'exited', exit_code: 0 }],
    });
    const found = await containers.find(id);
    expect(found).toMatchObject({ state: 'removing', desired: 'removed', graceSeconds: 7 });
    expect(found?.attempts).toMatchObject([{ state: 'exited' }]);
    expect(found?.timeline.map(({ state }) => state)).toEqual(['submitted', 'removing']);
    await containers.markRemoving(id, 0);
    expect(await containers.find(id)).toMatchObject({ graceSeconds: 0, timeline: found?.timeline });
  });

  test('of what does not exist is told so', async () => {
    await using kept = await openTestStore();
    expect(await kept.store.containers.markRemoving(newId(), 0)).toBe(false);
  });

  test('frees the blobs that no other container refers to', async () => {
    await using kept = await openTestStore();
    const { containers, blobs } = kept.store;
    const both = newContainer({ submission: { ...plainSubmission, script: blob('a'), data: blob('b') } });
    const other = newContainer({ submission: { ...plainSubmission, script: blob('a'), data: blob('a') } });
    await containers.submit(both);
    await containers.submit(other);
    expect(await blobs.all()).toEqual(new Set([digest('a'), digest('b')]));
    expect(await containers.erase(both.id)).toEqual([digest('b')]);
    expect(await blobs.referenced(digest('a'))).toBe(true);
    expect(await blobs.referenced(digest('b'))).toBe(false);
    expect(await containers.erase(other.id)).toEqual([digest('a')]);
    expect(await containers.erase(other.id)).toEqual([]);
    expect(await blobs.all()).toEqual(new Set());
  });
});

test('open containers are those that are not final, and those to be removed', async () => {
  await using kept = await openTestStore();
  const { containers } = kept.store;
  const states = ['submitted', 'staging', 'starting', 'running', 'exited', 'failed', 'lost', 'exited'] as const;
  const ids = await submitAt(
    kept.store,
    states.map((_, index) => `0${index + 1}`),
  );
  for (const [index, state] of states.entries()) await containers.record(ids[index] ?? '', { at: '', state });
  await containers.markRemoving(ids.at(-1) ?? '', 0);
  expect(await containers.open()).toEqual([...ids.slice(0, 4), ids.at(-1)]);
});

test('what is being removed is listed only for who asks for it', async () => {
  await using kept = await openTestStore();
  const { containers } = kept.store;
  const [stays = '', goes = ''] = await submitAt(kept.store, ['01', '02']);
  await containers.markRemoving(goes, 0);
  const all = await containers.list({ limit: 10 });
  expect([all.items.map(({ id }) => id), all.total]).toEqual([[stays], 1]);
  const going = await containers.list({ limit: 10, state: 'removing' });
  expect([going.items.map(({ id }) => id), going.total]).toEqual([[goes], 1]);
});

type TestedStore = Awaited<ReturnType<typeof openTestStore>>['store'];

/** Submits a container per day of a month, one after the other. */
async function submitAt(store: TestedStore, days: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const day of days) {
    const { container } = await store.containers.submit(newContainer({ at: `2024-05-${day}T00:00:00.000Z` }));
    ids.push(container.id);
  }
  return ids;
}

async function readPages(store: TestedStore, { limit }: { limit: number }): Promise<ContainerPage[]> {
  const pages: ContainerPage[] = [];
  let after: string | undefined;
  do {
    const page: ContainerPage = await store.containers.list({ limit, ...(after === undefined ? {} : { after }) });
    pages.push(page);
    after = page.next;
  } while (after !== undefined);
  return pages;
}
