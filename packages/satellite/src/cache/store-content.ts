import { detectArchive } from '../unpack/archive-kind.ts';
import type { CacheParts } from './contents.ts';
import type { EntryUse } from './entry.ts';

const blockBytes = 4_096;

export interface NewContent {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly origin: string | null;
  readonly transient: boolean;
  /** What was set aside for it in the cache. */
  readonly room: Disposable;
}

/** Makes an entry of content that lies complete in its workplace. */
export async function storeContent(parts: CacheParts, workplace: string, content: NewContent): Promise<EntryUse> {
  const { files, entries, durability, boot } = parts;
  const { sha256, size, origin, transient, room } = content;
  const facts = {
    sha256,
    contentBytes: size,
    // The facts take a block, too.
    bytes: (Math.ceil(size / blockBytes) + 1) * blockBytes,
    archive: (await detectArchive(files.contentIn(workplace))) ?? null,
    origin,
    transient,
    tree: null,
    boot,
  };
  const use = await entries.add(workplace, facts, room);
  durability.add(use.entry);
  return use;
}
