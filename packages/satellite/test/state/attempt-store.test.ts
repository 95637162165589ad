import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AttemptStore, attemptKey } from '../../src/state/attempt-store.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

const ref = { container: 'a'.repeat(32), attempt: 1 };

describe("a satellite's store", () => {
  it('gives a permit once, and knows the last', async () => {
    await using dir = await makeTemporaryDirectory();
    const store = await AttemptStore.open(dir.path);
    await mkdir(join(dir.path, 'attempts', attemptKey(ref)));
    expect(await store.lastPermit(ref)).toBeUndefined();
    await store.usePermit(ref, 1);
    await expect(store.usePermit(ref, 1)).rejects.toMatchObject({ code: 'already_started' });
    expect(await store.lastPermit(ref)).toMatchObject({ generation: 1 });
  });

  it('does not take a permit that cannot be looked for as unused', async () => {
    await using dir = await makeTemporaryDirectory();
    const store = await AttemptStore.open(dir.path);
    expect(await store.lastPermit(ref)).toBeUndefined();
    await writeFile(join(dir.path, 'attempts', attemptKey(ref)), 'no directory');
    await expect(store.lastPermit(ref)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('takes a record that was lost with the power as none, unless a start was asked for', async () => {
    await using dir = await makeTemporaryDirectory();
    const store = await AttemptStore.open(dir.path);
    await mkdir(join(dir.path, 'attempts', attemptKey(ref)));
    await writeFile(join(dir.path, 'attempts', attemptKey(ref), 'record.json'), '');
    expect(await store.read(ref)).toBeUndefined();
    await store.usePermit(ref, 1);
    await expect(store.read(ref)).rejects.toMatchObject({ code: 'internal' });
  });

  it('empties what is temporary when it opens', async () => {
    await using dir = await makeTemporaryDirectory();
    const { temporary } = await AttemptStore.open(dir.path);
    await writeFile(join(temporary, 'left'), '');
    await AttemptStore.open(dir.path);
    expect(await readdir(temporary)).toEqual([]);
  });
});
