import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { answerWith, openRig, sha256, tarOf, wish } from './cache-rig.ts';

const archive = tarOf({ 'a.txt': 'uploaded' });

describe('an upload', () => {
  it('comes once, is unpacked once, and goes with the last who uses it', async () => {
    await using rig = await openRig(answerWith(() => ''));
    await using cache = await rig.open();
    const upload = rig.upload(archive);
    const steps: string[] = [];
    const onProgress = (step: string, done: number, total: number | undefined) =>
      steps.push(`${step} ${done}/${total}`);
    const [one, two] = await Promise.all([
      cache.tree(upload, wish('one', { onProgress })),
      cache.tree(upload, wish('two')),
    ]);
    expect(one).toEqual(two);
    expect(rig.opened.count).toBe(1);
    expect(steps).toContain(`fetching ${archive.length}/${archive.length}`);
    expect(await readFile(join(one.directory, 'a.txt'), 'utf8')).toBe('uploaded');
    expect(await cache.list()).toMatchObject([{ origin: null, form: 'tree', in_use: 2 }]);
    await cache.release('one');
    expect(await readdir(one.directory)).toEqual(['a.txt']);
    await cache.release('two');
    expect(await cache.list()).toEqual([]);
    await vi.waitFor(async () => expect([await rig.names('entries'), await rig.names('tmp')]).toEqual([[], []]));
    await cache.release('two');
  });

  it('goes as a file, too, while what URLs brought stays', async () => {
    await using rig = await openRig(answerWith(() => 'from a URL'));
    await using cache = await rig.open();
    await cache.file(rig.upload('uploaded'), wish('one'));
    await cache.file(rig.source('/x'), wish('one'));
    expect(cache.heldBy('one')).toHaveLength(2);
    await cache.release('one');
    expect(cache.heldBy('one')).toEqual([]);
    expect(await cache.list()).toMatchObject([{ origin: rig.source('/x').url, in_use: 0 }]);
  });

  it('stays if a URL has brought the same meanwhile', async () => {
    await using rig = await openRig(answerWith(() => archive));
    await using cache = await rig.open();
    const uploaded = await cache.tree(rig.upload(archive), wish('one'));
    expect(await cache.tree(rig.source('/x'), wish('two'))).toEqual(uploaded);
    await cache.release('one');
    await cache.release('two');
    expect(await cache.list()).toMatchObject([{ id: uploaded.id }]);
  });

  it('is taken a second time if something else came, and not a third time', async () => {
    await using rig = await openRig(answerWith(() => ''));
    await using cache = await rig.open();
    const upload = rig.upload('12345678');
    for (const wrong of ['1234567', '12345679', '123456789']) {
      rig.uploads.set(upload.digest, Buffer.from(wrong));
      await expect(cache.file(upload, wish('one'))).rejects.toMatchObject({ code: 'fetch_failed' });
    }
    expect(rig.opened.count).toBe(6);
    expect([await cache.list(), await rig.names('tmp')]).toEqual([[], []]);
    const blobs = {
      async *open() {
        rig.opened.count += 1;
        yield Buffer.from(rig.opened.count === 7 ? 'garbage!' : '12345678');
      },
    };
    await cache[Symbol.asyncDispose]();
    await using lucky = await rig.open({ blobs });
    expect(await readFile((await lucky.file(upload, wish('two'))).file, 'utf8')).toBe('12345678');
  });

  it('is gone after a restart if nobody uses it any more', async () => {
    await using rig = await openRig(answerWith(() => ''));
    const upload = rig.upload('uploaded');
    {
      await using cache = await rig.open();
      await cache.tree(upload, wish('one'));
    }
    {
      // Its holder's record was there at the first restart, and is not at the second.
      const [id = ''] = await rig.names('entries');
      await using cache = await rig.open({ holders: new Map([['one', [id]]]) });
      expect(await cache.list()).toMatchObject([{ sha256: sha256('uploaded'), in_use: 1 }]);
    }
    await using cache = await rig.open();
    expect(await cache.list()).toEqual([]);
  });
});
