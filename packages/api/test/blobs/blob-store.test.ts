import { createHash, randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BlobStore } from '../../src/blobs/blob-store.ts';
import { newContainer, openTestStore, plainSubmission, type TestStore } from '../store/sample-container.ts';

test('what is written is read back by its digest, byte for byte', async () => {
  await using kept = await openTestStore();
  const { blobs } = await openBlobs(kept);
  const content = randomBytes(3_000_001);
  const lease = await blobs.write(inPieces(content, 65_521));
  expect(lease).toMatchObject({ digest: digestOf(content), size: content.length });
  expect(digestOf(await readAll(blobs, lease.digest))).toBe(lease.digest);
});

test('an empty upload is a blob too', async () => {
  await using kept = await openTestStore();
  const { blobs } = await openBlobs(kept);
  const lease = await blobs.write(inPieces(Buffer.alloc(0), 1));
  expect(lease.size).toBe(0);
  expect(await readAll(blobs, lease.digest)).toEqual(Buffer.alloc(0));
});

test('more than the limit is refused, and nothing of it stays', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  const within = await blobs.write(inPieces(Buffer.alloc(1_000), 100), { limitBytes: 1_000 });
  await within.release();
  const tooMuch = blobs.write(inPieces(Buffer.alloc(1_001), 100), { limitBytes: 1_000 });
  await expect(tooMuch).rejects.toMatchObject({ code: 'body_too_large' });
  expect(await files()).toEqual([]);
});

test('an upload that breaks off or is given up leaves nothing', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  await expect(blobs.write(brokenAfter(10_000))).rejects.toThrow('the client went away');
  const abort = new AbortController();
  const aborted = blobs.write(abortingAfter(10_000, abort), { signal: abort.signal });
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  expect(await files()).toEqual([]);
});

test('a blob goes when its lease is released and no container was made of it', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  const content = randomBytes(1_000);
  const first = await blobs.write(inPieces(content, 100));
  const second = await blobs.write(inPieces(content, 100));
  await first.release();
  await first.release();
  expect(await files()).toEqual([second.digest]);
  await second.release();
  expect(await files()).toEqual([]);
  await expect(readAll(blobs, first.digest)).rejects.toMatchObject({ code: 'file_not_found' });
});

test('a blob that a container refers to stays until that is erased', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  const lease = await blobs.write(inPieces(randomBytes(1_000), 100));
  const { container } = await submitWith(kept, lease);
  await lease.release();
  await blobs.discard([lease.digest]);
  expect(await files()).toEqual([lease.digest]);
  await blobs.discard(await kept.store.containers.erase(container.id));
  expect(await files()).toEqual([]);
});

test('a leased blob is not discarded, even if the last container with it is erased', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  const content = randomBytes(1_000);
  const first = await blobs.write(inPieces(content, 100));
  const { container } = await submitWith(kept, first);
  await first.release();
  const second = await blobs.write(inPieces(content, 100));
  await blobs.discard(await kept.store.containers.erase(container.id));
  expect(await files()).toEqual([second.digest]);
});

test('uploads and removals of the same content at once never lose a blob that is referred to', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  const content = randomBytes(1_000);
  const rounds = Array.from({ length: 40 }, async (_, round) => {
    const lease = await blobs.write(inPieces(content, 100));
    const { container } = await submitWith(kept, lease);
    await lease.release();
    expect(await readAll(blobs, lease.digest)).toEqual(content);
    if (round > 0) await blobs.discard(await kept.store.containers.erase(container.id));
  });
  await Promise.all(rounds);
  expect(await files()).toEqual([digestOf(content)]);
});

test('opening removes unfinished uploads and blobs that nothing refers to', async () => {
  await using kept = await openTestStore();
  const { blobs, files } = await openBlobs(kept);
  const used = await blobs.write(inPieces(randomBytes(1_000), 100));
  await blobs.write(inPieces(randomBytes(1_000), 100));
  await submitWith(kept, used);
  await writeFile(join(kept.dir, 'blobs', 'tmp', 'unfinished'), 'x');
  await openBlobs(kept);
  expect(await files()).toEqual([used.digest]);
});

test('nobody but its owner can read a blob', async () => {
  await using kept = await openTestStore();
  const { blobs } = await openBlobs(kept);
  const { digest } = await blobs.write(inPieces(randomBytes(10), 10));
  const { mode } = await stat(join(kept.dir, 'blobs', 'sha256', digest.slice(0, 2), digest));
  expect(mode & 0o777).toBe(0o600);
});

test.each(['', '..', '../../etc/passwd', 'a'.repeat(63), 'A'.repeat(64)])('%j is no digest', async (digest) => {
  await using kept = await openTestStore();
  const { blobs } = await openBlobs(kept);
  await expect(readAll(blobs, digest)).rejects.toMatchObject({ code: 'file_not_found' });
});

async function openBlobs({ dir, store }: TestStore) {
  const folder = join(dir, 'blobs');
  const blobs = await BlobStore.open({ dir: folder, references: store.blobs });
  const files = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  return { blobs, files };
}

function submitWith({ store }: TestStore, { digest, size }: { readonly digest: string; readonly size: number }) {
  const submission = { ...plainSubmission, scriptname: 'script', script: { kind: 'blob', digest, size } as const };
  return store.containers.submit(newContainer({ submission }));
}

async function readAll(blobs: BlobStore, digest: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of blobs.open(digest)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(content: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function* brokenAfter(size: number): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(size);
  throw new Error('the client went away');
}

async function* abortingAfter(size: number, abort: AbortController): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(size);
  abort.abort();
  yield Buffer.alloc(size);
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
