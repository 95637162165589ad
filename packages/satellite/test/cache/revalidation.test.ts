import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { answerWith, openRig, sha256, wish } from './cache-rig.ts';

describe('a URL that was fetched before', () => {
  it('is not fetched while its server says that it is fresh', async () => {
    await using rig = await openRig(answerWith(() => 'content', { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const first = await cache.file(rig.source('/x#part'), wish('one'));
    expect(await cache.file(rig.source('/x'), wish('two'))).toEqual(first);
    expect(rig.requests).toEqual(['/x 200']);
  });

  it('is asked about, and kept if it is unchanged', async () => {
    await using rig = await openRig(answerWith(() => 'content'));
    await using cache = await rig.open();
    const first = await cache.tree(rig.source('/x'), wish('one'));
    const again = await Promise.all([
      cache.tree(rig.source('/x'), wish('two')),
      cache.tree(rig.source('/x'), wish('three')),
    ]);
    expect(again).toEqual([first, first]);
    expect(rig.requests).toEqual(['/x 200', '/x 304']);
  });

  it('is fetched when it has changed, and who has the old content keeps it', async () => {
    let content = 'old';
    await using rig = await openRig(answerWith(() => content));
    await using cache = await rig.open();
    const old = await cache.file(rig.source('/x'), wish('one'));
    content = 'new';
    const fresh = await cache.file(rig.source('/x'), wish('two'));
    expect(await readFile(fresh.file, 'utf8')).toBe('new');
    expect(await readFile(old.file, 'utf8')).toBe('old');
    expect(rig.requests).toEqual(['/x 200', '/x 200']);
    expect(await cache.file(rig.source('/x'), wish('three'))).toEqual(fresh);
  });

  it('is fetched anew each time if its server wants it kept by nobody, and goes with its last holder', async () => {
    await using rig = await openRig(answerWith(() => 'content', { 'cache-control': 'no-store' }));
    await using cache = await rig.open();
    await cache.tree(rig.source('/x'), wish('one'));
    await cache.tree(rig.source('/x'), wish('two'));
    expect(rig.requests).toEqual(['/x 200', '/x 200']);
    await cache.release('one');
    expect(await cache.list()).toMatchObject([{ in_use: 1 }]);
    await cache.release('two');
    expect(await cache.list()).toEqual([]);
    expect(await rig.names('urls')).toEqual([]);
  });

  it('is fetched again when its content was removed', async () => {
    await using rig = await openRig(answerWith(() => 'content', { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const { id } = await cache.file(rig.source('/x'), wish('one'));
    await expect(cache.remove(id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('1 container'),
    });
    await cache.release('one');
    await cache.remove(id);
    await expect(cache.remove(id)).rejects.toMatchObject({ code: 'cache_entry_not_found' });
    await vi.waitFor(async () => expect(await rig.names('urls')).toEqual([]));
    expect(await readFile((await cache.file(rig.source('/x'), wish('two'))).file, 'utf8')).toBe('content');
    expect(rig.requests).toHaveLength(2);
  });
});

describe('the SHA-256 of a URL', () => {
  it('is enforced, and a mismatch leaves nothing', async () => {
    await using rig = await openRig(answerWith(() => 'content'));
    await using cache = await rig.open();
    const wrong = { ...rig.source('/x'), sha256: sha256('other') };
    await expect(cache.tree(wrong, wish('one'))).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(await cache.list()).toEqual([]);
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
    expect(await rig.names('urls')).toEqual([]);
    expect(cache.heldBy('one')).toEqual([]);
  });

  it('spares the question whether what is there is still right', async () => {
    await using rig = await openRig(answerWith(() => 'content'));
    await using cache = await rig.open();
    await cache.file(rig.source('/x'), wish('one'));
    await cache.file({ ...rig.source('/x'), sha256: sha256('content').toUpperCase() }, wish('two'));
    expect(rig.requests).toHaveLength(1);
  });

  it('is held against what was fetched before, too', async () => {
    await using rig = await openRig(answerWith(() => 'content', { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    await cache.file(rig.source('/x'), wish('one'));
    const wrong = { ...rig.source('/x'), sha256: sha256('other') };
    await expect(cache.file(wrong, wish('two'))).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(cache.heldBy('two')).toEqual([]);
  });

  it('gives no access to content that another URL brought', async () => {
    await using rig = await openRig((request, response) => {
      if (request.url === '/open') return answerWith(() => 'secret')(request, response);
      return response.writeHead(403).end();
    });
    await using cache = await rig.open();
    await cache.file(rig.source('/open'), wish('one'));
    const guess = { ...rig.source('/closed'), sha256: sha256('secret') };
    await expect(cache.file(guess, wish('two'))).rejects.toMatchObject({ code: 'fetch_failed' });
  });
});
