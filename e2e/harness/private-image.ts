import { randomBytes } from 'node:crypto';
import {
  decodeTar,
  type Engine,
  encodeTarHeader,
  readJsonLines,
  type TarHeader,
  tarEnd,
  tarPadding,
} from '@boatload/engine';
import type { Registry } from './registry.ts';

const largest = 8 * 1_048_576;

/** An image that only the registry has. */
export interface PrivateImage {
  readonly name: string;
  readonly tag: string;
  /** As the registry knows it: `sha256:…`. */
  readonly digest: string;
}

/**
 * Pushes an image that shares no layer with any other and removes it from the Engine, so that a pull has to
 * fetch all of it. It is the sample image without its largest files, and prints `mark` as /mark.
 */
export async function pushPrivateImage(engine: Engine, registry: Registry, mark: string): Promise<PrivateImage> {
  const name = `${registry.host}/boatload/private`;
  await importImage(engine, { name, tag: mark }, mark);
  const pushed = await engine.request({
    method: 'POST',
    path: `/images/${name}/push`,
    query: { tag: mark },
    headers: { 'X-Registry-Auth': encodeLogin(registry) },
  });
  let digest = '';
  for await (const line of readJsonLines(pushed)) {
    const { error, aux } = line as { readonly error?: string; readonly aux?: { readonly Digest?: string } };
    if (error !== undefined) throw new Error(`the image could not be pushed: ${error}`);
    digest = aux?.Digest ?? digest;
  }
  await removeImages(engine, registry);
  return { name, tag: mark, digest };
}

/** base64url with its padding, without which the Engine ignores it. */
function encodeLogin({ login }: Registry): string {
  return Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Removes every image of the registry from the Engine. */
export async function removeImages(engine: Engine, { host }: Registry): Promise<void> {
  const all = (await engine.json({ method: 'GET', path: '/images/json' })) as readonly {
    readonly Id: string;
    readonly RepoTags: readonly string[] | null;
    readonly RepoDigests: readonly string[] | null;
  }[];
  for (const { Id, RepoTags, RepoDigests } of all) {
    const ours = [...(RepoTags ?? []), ...(RepoDigests ?? [])].some((name) => name.startsWith(`${host}/`));
    if (ours) await engine.request({ method: 'DELETE', path: `/images/${Id}`, query: { force: true } });
  }
}

async function importImage(engine: Engine, image: { name: string; tag: string }, mark: string): Promise<void> {
  const json = { Image: 'boatload/sample:latest', Cmd: ['true'] };
  const { Id } = (await engine.json({ method: 'POST', path: '/containers/create', json })) as { readonly Id: string };
  try {
    const files = await engine.request({ method: 'GET', path: `/containers/${Id}/export` });
    const query = { fromSrc: '-', repo: image.name, tag: image.tag };
    const made = await engine.request({ method: 'POST', path: '/images/create', query, body: packLess(files, mark) });
    await made.text();
  } finally {
    await engine.request({ method: 'DELETE', path: `/containers/${Id}`, query: { force: true } });
  }
}

async function* packLess(files: AsyncIterable<Uint8Array>, mark: string): AsyncGenerator<Uint8Array> {
  for await (const { body, ...header } of decodeTar(files)) {
    if (header.size > largest) continue;
    yield encodeTarHeader(header);
    yield* body;
    yield tarPadding(header.size);
  }
  yield* packFile('mark', Buffer.from(mark));
  // Does not compress, so that its download can be held up in the middle.
  yield* packFile('noise', randomBytes(4 * 1_048_576));
  yield tarEnd;
}

function* packFile(path: string, content: Buffer): Generator<Uint8Array> {
  const common = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) } as const;
  const header: TarHeader = { ...common, path: Buffer.from(path), size: content.length };
  yield encodeTarHeader(header);
  yield content;
  yield tarPadding(content.length);
}
