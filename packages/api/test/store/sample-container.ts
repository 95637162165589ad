import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type StoreOptions } from '../../src/store/open-store.ts';
import type { NewContainer, Submission } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';

export const plainSubmission: Submission = {
  image: { name: 'boatload/sample', tag: 'latest' },
  pull: 'never',
  args: [],
  env: {},
  labels: {},
  restart: { policy: 'no' },
  retries: 0,
};

export function newContainer(changes: Partial<NewContainer> = {}): NewContainer {
  return {
    id: newId(),
    owner: 'ada',
    backend: 'docker',
    submission: plainSubmission,
    warnings: [],
    at: '2024-05-06T07:08:09.010Z',
    ...changes,
  };
}

export function newId(): string {
  return randomUUID().replaceAll('-', '');
}

export interface TestStore extends AsyncDisposable {
  readonly dir: string;
  readonly file: string;
  readonly store: Store;
}

/** A fresh store in a folder of its own, both gone with the test. */
export async function openTestStore(options: Omit<StoreOptions, 'file'> = {}): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'boatload-store-'));
  const file = join(dir, 'boatload.db');
  const store = await openStore({ file, ...options });
  return {
    dir,
    file,
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
