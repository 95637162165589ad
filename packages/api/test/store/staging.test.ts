import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, Migrator } from 'kysely';
import { describe, expect, test } from 'vitest';
import { containers as firstTables } from '../../src/store/migrations/0001-containers.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { ContainerNews } from '../../src/store/records.ts';
import type { Schema } from '../../src/store/schema.ts';
import { createSqliteDialect } from '../../src/store/sqlite/dialect.ts';
import { newContainer, newId, openTestStore, plainSubmission } from './sample-container.ts';

const at = '2024-05-06T07:08:10.000Z';
const blob = { digest: 'a'.repeat(64), size: 5, fileName: 'x.csv' };
const other = { digest: 'b'.repeat(64), size: 6 };

describe('what the API fetched for a container', () => {
  test('is kept with a reference to its blob, and both go with the container', async () => {
    await using kept = await openTestStore();
    const { containers, blobs } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    await containers.keepFetched(id, 'data', blob);
    const both = await containers.keepFetched(id, 'script', other);
    expect(both?.fetched).toEqual({ data: blob, script: other });
    expect(await containers.find(id)).toEqual(both);
    expect(await blobs.all()).toEqual(new Set([blob.digest, other.digest]));
    expect(new Set(await containers.erase(id))).toEqual(new Set([blob.digest, other.digest]));
    expect(await blobs.all()).toEqual(new Set());
  });

  test('may be what was uploaded, or fetched twice', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const submission = { ...plainSubmission, script: { kind: 'blob', ...blob } as const };
    const { id } = (await containers.submit(newContainer({ submission }))).container;
    await containers.keepFetched(id, 'data', blob);
    await containers.keepFetched(id, 'data', blob);
    expect(await containers.erase(id)).toEqual([blob.digest]);
  });

  test('stays when another container is left that has it', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const [first, second] = [newContainer(), newContainer()];
    for (const added of [first, second]) {
      await containers.submit(added);
      await containers.keepFetched(added.id, 'data', blob);
    }
    expect(await containers.erase(first.id)).toEqual([]);
    expect(await containers.erase(second.id)).toEqual([blob.digest]);
  });

  test('is not kept once the container goes, or is gone', async () => {
    await using kept = await openTestStore();
    const { containers, blobs } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    await containers.markRemoving(id, 0);
    expect(await containers.keepFetched(id, 'data', blob)).toBeUndefined();
    expect(await containers.keepFetched(newId(), 'data', blob)).toBeUndefined();
    expect(await blobs.all()).toEqual(new Set());
  });
});

describe('how far a staging came', () => {
  const staged = [{ step: 'fetching data', done: 3, total: 3 }];

  test('is kept with the entry of the timeline that it belongs to', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    await containers.record(id, { at, state: 'staging' });
    await containers.record(id, { at, state: 'starting', staged });
    const found = await containers.find(id);
    expect(found?.timeline.map(({ state, progress }) => [state, progress])).toEqual([
      ['submitted', null],
      ['staging', staged],
      ['starting', null],
    ]);
  });

  test('adds no entry, is replaced by what is told later, and does not make the same state a new one', async () => {
    await using kept = await openTestStore();
    const { containers } = kept.store;
    const { id } = (await containers.submit(newContainer())).container;
    await containers.record(id, { at, state: 'staging' });
    await containers.record(id, { at, staged: [{ step: 'fetching data', done: 1, total: null }] });
    await containers.record(id, { at, state: 'staging' });
    const last = await containers.record(id, { at, staged });
    expect(last?.timeline).toMatchObject([{ state: 'submitted' }, { state: 'staging', progress: staged }]);
    expect(await containers.find(id)).toEqual(last);
  });
});

test('each commit is told with the entries that it added, numbered as in the timeline', async () => {
  const told: ContainerNews[] = [];
  await using kept = await openTestStore({ onCommit: (news) => void told.push(news) });
  const { containers } = kept.store;
  const { id, owner } = (await containers.submit(newContainer())).container;
  await containers.record(id, [
    { at, state: 'exited' },
    { at, state: 'submitted', attempt: 2 },
  ]);
  await containers.record(id, { at, state: 'submitted', attempt: 2 });
  await containers.markRemoving(id, 0);
  await containers.erase(id);
  await containers.erase(id);
  expect(told.map(({ entries, isErased }) => [entries.map(({ seq, state }) => `${seq} ${state}`), isErased])).toEqual([
    [['1 submitted'], false],
    [['2 exited', '3 submitted'], false],
    [['4 removing'], false],
    [[], true],
  ]);
  expect(new Set(told.map((news) => `${news.id} ${news.owner}`))).toEqual(new Set([`${id} ${owner}`]));
});

test('a store of the version before is read as it is', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'boatload-store-'));
  const file = join(dir, 'boatload.db');
  const id = newId();
  await writeFirstVersion(file, id);
  const store = await openStore({ file });
  expect(await store.containers.find(id)).toMatchObject({
    id,
    fetched: {},
    timeline: [{ state: 'submitted', progress: null }],
  });
  await store.close();
  await rm(dir, { recursive: true });
});

/** A database as the first version made it, with a container. */
async function writeFirstVersion(file: string, id: string): Promise<void> {
  const db = new Kysely<Schema>({ dialect: createSqliteDialect(file) });
  const provider = { getMigrations: () => Promise.resolve({ '0001-containers': firstTables }) };
  await new Migrator({ db, provider }).migrateToLatest();
  const names = { id, owner: 'ada', backend: 'docker', name: null, image_name: 'a', image: 'a:b', created_at: at };
  const texts = { submission: JSON.stringify(plainSubmission), warnings: '[]' };
  const facts = { state: 'submitted', reason: null, reason_code: null, desired: 'run', grace_seconds: 0 };
  await db
    .insertInto('container')
    .values({ ...names, ...texts, ...facts } as never)
    .execute();
  const entry = { container_id: id, seq: 1, at, state: 'submitted', attempt: 1, reason: null, reason_code: null };
  await db
    .insertInto('timeline')
    .values(entry as never)
    .execute();
  await db.destroy();
}
