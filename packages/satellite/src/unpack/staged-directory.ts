import type { StagedEntry } from './staged-entry.ts';

/** A directory that was not named but is needed. */
export function stagedDirectory(path: Uint8Array, mtime: Date): StagedEntry {
  return { path, type: 'directory', mode: 0o755, size: 0, mtime, body: emptyBody() };
}

export async function* emptyBody(): AsyncGenerator<Uint8Array, void, undefined> {
  // Nothing: only files have content.
}
