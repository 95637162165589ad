import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { newContainer, openTestStore } from './sample-container.ts';

test('a store that is opened again is brought up to date again, and has what was kept', async () => {
  await using kept = await openTestStore();
  const { id } = (await kept.store.containers.submit(newContainer())).container;
  await kept.store.settings.set('instance', 'one');
  await kept.store.settings.set('instance', 'two');
  await kept.store.close();
  await using again = await openStore({ file: kept.file });
  expect(await again.containers.find(id)).toMatchObject({ id, state: 'submitted' });
  expect(await again.settings.get('instance')).toBe('two');
  expect(await again.settings.get('other')).toBeUndefined();
});

test('nobody but its owner can read it, its journal neither', async () => {
  await using kept = await openTestStore();
  await kept.store.containers.submit(newContainer());
  for (const file of [kept.file, `${kept.file}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a second service on the same data is refused', async () => {
  await using kept = await openTestStore();
  await expect(openStore({ file: kept.file })).rejects.toMatchObject({ code: 'conflict' });
});

test('a file that is no store is refused', async () => {
  await using kept = await openTestStore();
  const file = join(kept.dir, 'other.db');
  await writeFile(file, 'not a database, by no means a database, whoever may say so '.repeat(100));
  await expect(openStore({ file })).rejects.toMatchObject({ code: 'internal' });
});

test('a folder that cannot be made is told', async () => {
  await expect(openStore({ file: '/proc/no/boatload.db' })).rejects.toMatchObject({ code: 'internal' });
});
